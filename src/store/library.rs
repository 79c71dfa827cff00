//! The catalogue for programs: get-or-create of single rows, and the queries that everybody needs first.
//!
//! Lists of movies come without their relations; [`Store::movie`] brings one movie with all of them, by the entity
//! loader. For anything else there is [`Store::db`] and the `entity` crate.

use std::collections::BTreeSet;

use entity::{cast, genre, movie, movie_cast, movie_genre, torrent};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select};

use super::casts::{PersonKey, Portrait};
use super::{Error, Store, casts, genres};
use crate::movie::CastMember;

const DOING: &str = "read movies";

impl Store {
    /// Returns the id of a genre, creating it where it is missing.
    pub async fn get_or_create_genre(&self, name: &str) -> Result<i32, Error> {
        const DOING: &str = "get or create a genre";
        let writing = self.begin_writing(DOING).await?;
        let ids = genres::get_or_create(&writing.transaction, &BTreeSet::from([name])).await?;
        writing.commit(DOING).await?;
        ids.get(name).copied().ok_or_else(|| DbErr::RecordNotFound(name.to_owned())).map_err(Error::doing(DOING))
    }

    /// Returns the id of a cast member, creating the person where missing: by IMDb code where there is one, else by name.
    pub async fn get_or_create_cast(&self, member: &CastMember) -> Result<i64, Error> {
        const DOING: &str = "get or create a cast member";
        let writing = self.begin_writing(DOING).await?;
        let ids = casts::get_or_create(&writing.transaction, std::iter::once(member), Portrait::Keep).await?;
        writing.commit(DOING).await?;
        let id = ids.get(&PersonKey::of(member)).copied();
        id.ok_or_else(|| DbErr::RecordNotFound(member.name.clone())).map_err(Error::doing(DOING))
    }

    /// Returns a movie with its genres, torrents and roles, by the source's id; a constant number of statements.
    pub async fn movie(&self, external_id: i32) -> Result<Option<movie::ModelEx>, Error> {
        movie::Entity::load()
            .filter(movie::COLUMN.external_id.eq(external_id))
            .with(genre::Entity)
            .with(torrent::Entity)
            .with((movie_cast::Entity, cast::Entity))
            .one(&self.db)
            .await
            .map_err(Error::doing(DOING))
    }

    /// Returns the movies with an IMDb code; the source may list a title twice.
    pub async fn movies_by_imdb_code(&self, imdb_code: &str) -> Result<Vec<movie::Model>, Error> {
        let query = listed().filter(movie::COLUMN.imdb_code.eq(imdb_code)).order_by_asc(movie::COLUMN.id);
        query.all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the best rated movies, those with equal rating by title.
    pub async fn top_rated(&self, limit: u64) -> Result<Vec<movie::Model>, Error> {
        best_rated().limit(limit).all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns the movies of a genre, newest first.
    pub async fn movies_of_genre(&self, name: &str, limit: u64) -> Result<Vec<movie::Model>, Error> {
        let of_genre = movie_genre::Entity::find()
            .select_only()
            .column(movie_genre::Column::MovieId)
            .join(sea_orm::JoinType::InnerJoin, movie_genre::Relation::Genre.def())
            .filter(genre::COLUMN.name.eq(name));
        let query = listed().filter(movie::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(of_genre)));
        newest_first(query).limit(limit).all(&self.db).await.map_err(Error::doing(DOING))
    }

    /// Returns so many movies that are not marked as deleted, drawn at random, by the source's ids.
    pub async fn random_movies(&self, count: u32) -> Result<Vec<i32>, Error> {
        movie::Entity::find()
            .select_only()
            .column(movie::Column::ExternalId)
            .filter(movie::COLUMN.deleted_at.is_null())
            .order_by(Expr::from(Func::random()), Order::Asc)
            .limit(u64::from(count))
            .into_tuple()
            .all(&self.db)
            .await
            .map_err(Error::doing("draw movies"))
    }

    /// Returns the movies of a year, newest first.
    pub async fn movies_of_year(&self, year: i32, limit: u64) -> Result<Vec<movie::Model>, Error> {
        let query = listed().filter(movie::COLUMN.year.eq(year));
        newest_first(query).limit(limit).all(&self.db).await.map_err(Error::doing(DOING))
    }
}

/// Selects movies that the source lists.
pub(super) fn listed() -> Select<movie::Entity> {
    movie::Entity::find().filter(movie::COLUMN.deleted_at.is_null())
}

/// Selects the movies with a rating, best first, those with equal rating by title.
pub(super) fn best_rated() -> Select<movie::Entity> {
    listed()
        .filter(movie::COLUMN.rating.is_not_null())
        .order_by_desc(movie::COLUMN.rating)
        .order_by_asc(movie::COLUMN.title)
        .order_by_asc(movie::COLUMN.external_id)
}

/// Orders by upload; movies without a date come last on both databases.
pub(super) fn newest_first(query: Select<movie::Entity>) -> Select<movie::Entity> {
    query
        .order_by(movie::Column::DateUploaded.is_null(), Order::Asc)
        .order_by_desc(movie::COLUMN.date_uploaded)
        .order_by_desc(movie::COLUMN.external_id)
}
