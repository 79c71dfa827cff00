//! Movies as search shows them: the texts of candidates, and the whole card of those that are shown.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{cast, genre, movie, movie_cast, movie_genre, torrent};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ColumnTrait, DerivePartialModel, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    prelude::Decimal,
};

use super::DOING;
use crate::store::library::{best_rated, listed, newest_first};
use crate::store::{Error, Store, bulk, dialect};

/// A movie without its relations, and with what it is about.
#[derive(Clone, Debug, PartialEq, DerivePartialModel)]
#[sea_orm(entity = "movie::Entity")]
pub(crate) struct Card {
    /// Our own id.
    pub(crate) id: i64,
    /// The source's id.
    pub(crate) external_id: i32,
    /// IMDb title code.
    pub(crate) imdb_code: Option<String>,
    /// Title.
    pub(crate) title: String,
    /// Title in English.
    pub(crate) title_english: Option<String>,
    /// Year of release.
    pub(crate) year: Option<i32>,
    /// Rating from 0 to 10.
    pub(crate) rating: Option<Decimal>,
    /// Runtime in minutes.
    pub(crate) runtime: Option<i32>,
    /// Language.
    pub(crate) language: Option<String>,
    /// Full description.
    pub(crate) description_full: Option<String>,
    /// Short description.
    pub(crate) description_intro: Option<String>,
    /// When the source listed it (UTC).
    pub(crate) date_uploaded: Option<DateTime<Utc>>,
}

/// A role of a movie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// The person.
    pub(crate) name: String,
    /// The character played.
    pub(crate) character: Option<String>,
}

impl Card {
    /// Returns what the movie is about: the full description, else the short one.
    #[must_use]
    pub(crate) fn description(&self) -> Option<&str> {
        self.description_full.as_deref().or(self.description_intro.as_deref())
    }
}

impl Store {
    /// Returns the movies with these ids of ours that the source lists, in no order.
    pub(crate) async fn cards(&self, ids: &[i64]) -> Result<Vec<Card>, Error> {
        let mut cards = Vec::with_capacity(ids.len());
        for keys in ids.chunks(bulk::MAX_KEYS) {
            let query = listed().filter(dialect::is_any_of(self.backend(), movie::Column::Id, keys));
            cards.extend(query.into_partial_model::<Card>().all(&self.db).await.map_err(Error::doing(DOING))?);
        }
        Ok(cards)
    }

    /// Returns what these movies are about, with our ids, in no order; those that went are left out.
    pub(crate) async fn descriptions(&self, ids: &[i64]) -> Result<Vec<(i64, Option<String>)>, Error> {
        let about: Expr =
            Func::coalesce([Expr::col(movie::Column::DescriptionFull), Expr::col(movie::Column::DescriptionIntro)])
                .into();
        let query = movie::Entity::find().select_only().column(movie::Column::Id).expr(about);
        let listed = query.filter(movie::Column::DeletedAt.is_null());
        let mut descriptions = Vec::with_capacity(ids.len());
        for keys in ids.chunks(bulk::MAX_KEYS) {
            let of_these = listed.clone().filter(dialect::is_any_of(self.backend(), movie::Column::Id, keys));
            descriptions.extend(of_these.into_tuple().all(&self.db).await.map_err(Error::doing(DOING))?);
        }
        Ok(descriptions)
    }

    /// Returns the movies with an IMDb code.
    pub(crate) async fn cards_by_imdb_code(&self, imdb_code: &str) -> Result<Vec<Card>, Error> {
        let query = listed().filter(movie::Column::ImdbCode.eq(imdb_code)).order_by_asc(movie::Column::ExternalId);
        query.into_partial_model().all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the movie with an id of the source's.
    pub(crate) async fn card(&self, external_id: i32) -> Result<Option<Card>, Error> {
        let query = listed().filter(movie::Column::ExternalId.eq(external_id));
        query.into_partial_model().one(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the names of the genres of these movies, sorted.
    pub(crate) async fn genre_names(&self, ids: &[i64]) -> Result<HashMap<i64, Vec<String>>, Error> {
        let mut names = HashMap::new();
        for keys in ids.chunks(bulk::MAX_KEYS) {
            let rows: Vec<(i64, String)> = movie_genre::Entity::find()
                .select_only()
                .column(movie_genre::Column::MovieId)
                .column(genre::Column::Name)
                .join(JoinType::InnerJoin, movie_genre::Relation::Genre.def())
                .filter(dialect::is_any_of(self.backend(), movie_genre::Column::MovieId, keys))
                .order_by_asc(genre::Column::Name)
                .into_tuple()
                .all(&self.db)
                .await
                .map_err(Error::doing("read genres"))?;
            group(&mut names, rows);
        }
        Ok(names)
    }

    /// Returns the roles of these movies in order of billing.
    pub(crate) async fn role_names(&self, ids: &[i64]) -> Result<HashMap<i64, Vec<Role>>, Error> {
        let mut roles = HashMap::new();
        for keys in ids.chunks(bulk::MAX_KEYS) {
            let rows: Vec<(i64, String, Option<String>)> = movie_cast::Entity::find()
                .select_only()
                .column(movie_cast::Column::MovieId)
                .column(cast::Column::Name)
                .column(movie_cast::Column::CharacterName)
                .join(JoinType::InnerJoin, movie_cast::Relation::Cast.def())
                .filter(dialect::is_any_of(self.backend(), movie_cast::Column::MovieId, keys))
                .order_by_asc(movie_cast::Column::Position)
                .into_tuple()
                .all(&self.db)
                .await
                .map_err(Error::doing("read casts"))?;
            group(&mut roles, rows.into_iter().map(|(id, name, character)| (id, Role { name, character })));
        }
        Ok(roles)
    }

    /// Returns every genre with its id, by name.
    pub(crate) async fn genre_list(&self) -> Result<Vec<(i32, String)>, Error> {
        let query = genre::Entity::find().select_only().columns([genre::Column::Id, genre::Column::Name]);
        query.order_by_asc(genre::Column::Name).into_tuple().all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns every genre with the number of movies of it that the source lists, the largest first.
    pub(crate) async fn genre_counts(&self) -> Result<Vec<(String, i64)>, Error> {
        movie_genre::Entity::find()
            .select_only()
            .column(genre::Column::Name)
            .column_as(movie_genre::Column::MovieId.count(), "movie_count")
            .join(JoinType::InnerJoin, movie_genre::Relation::Genre.def())
            .join(JoinType::InnerJoin, movie_genre::Relation::Movie.def())
            .filter(movie::Column::DeletedAt.is_null())
            .group_by(genre::Column::Name)
            .order_by_desc(movie_genre::Column::MovieId.count())
            .order_by_asc(genre::Column::Name)
            .into_tuple()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))
    }

    /// Returns the best rated movies, those with equal rating by title.
    pub(crate) async fn top_cards(&self, limit: u64) -> Result<Vec<Card>, Error> {
        best_rated().limit(limit).into_partial_model().all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the movies that the source listed last, those without a date at the end.
    pub(crate) async fn recent_cards(&self, limit: u64) -> Result<Vec<Card>, Error> {
        newest_first(listed()).limit(limit).into_partial_model().all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the torrents of a movie by our id, the largest last.
    pub(crate) async fn torrents_of(&self, id: i64) -> Result<Vec<TorrentRow>, Error> {
        let query = torrent::Entity::find().filter(torrent::Column::MovieId.eq(id));
        let sorted = query.order_by_asc(torrent::Column::SizeBytes).order_by_asc(torrent::Column::Hash);
        sorted.all(&self.db).await.map_err(Error::doing(DOING))
    }
}

/// A torrent as it is stored.
pub(crate) type TorrentRow = torrent::Model;

fn group<T>(groups: &mut HashMap<i64, Vec<T>>, rows: impl IntoIterator<Item = (i64, T)>) {
    for (id, value) in rows {
        groups.entry(id).or_default().push(value);
    }
}
