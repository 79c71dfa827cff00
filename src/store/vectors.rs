//! Rows of the embeddings table: saved with their movies, filled in later where they are missing or stale.
//!
//! Searching among them is not here.

use std::collections::HashMap;

use entity::embedding::Embedding;
use entity::{genre, movie, movie_embedding, movie_genre};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use super::save::Saved;
use super::{Error, Lease, Store, bulk, dialect};

const DOING: &str = "save vectors";

/// A vector with what it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// The model that made it.
    pub model: String,
    /// Hash of the text.
    pub text_hash: String,
    /// The numbers.
    pub numbers: Vec<f32>,
}

/// A movie as far as a vector is made from it, and the vector that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embeddable {
    /// Our own id.
    pub movie_id: i64,
    /// Title.
    pub title: String,
    /// Full description, else the short one.
    pub description: Option<String>,
    /// Genre names, sorted.
    pub genres: Vec<String>,
    /// Model and text hash of its vector.
    pub has: Option<(String, String)>,
}

/// Inserts the vectors of movies that were just inserted, whose ids are given by the source's id.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    vectors: &HashMap<i32, Vector>,
    ids: &HashMap<i32, i64>,
) -> Result<(), Error> {
    let of_movies = ids.iter().filter_map(|(external_id, id)| Some((*id, vectors.get(external_id)?)));
    upsert(connection, of_movies.collect()).await
}

async fn upsert(connection: &impl ConnectionTrait, mut vectors: Vec<(i64, &Vector)>) -> Result<(), Error> {
    vectors.sort_by_key(|(movie_id, _)| *movie_id);
    let backend = connection.get_database_backend();
    let rows = vectors.into_iter().map(|(movie_id, vector)| movie_embedding::ActiveModel {
        movie_id: Set(movie_id),
        model: Set(vector.model.clone()),
        text_hash: Set(vector.text_hash.clone()),
        embedding: Set(Embedding::new(backend, &vector.numbers)),
    });
    let replace = OnConflict::column(movie_embedding::Column::MovieId)
        .update_columns([
            movie_embedding::Column::Model,
            movie_embedding::Column::TextHash,
            movie_embedding::Column::Embedding,
        ])
        .to_owned();
    bulk::insert(connection, rows.collect(), Some(&replace)).await.map_err(Error::doing(DOING))
}

/// A row as it is read.
#[derive(FromQueryResult)]
struct Row {
    id: i64,
    title: String,
    description_full: Option<String>,
    description_intro: Option<String>,
    model: Option<String>,
    text_hash: Option<String>,
}

impl Store {
    /// Returns the highest of our own movie ids; 0 where there is no movie.
    pub async fn highest_movie_id(&self) -> Result<i64, Error> {
        let highest = movie::Entity::find().select_only().column_as(movie::COLUMN.id.max(), "highest");
        let highest: Option<Option<i64>> =
            highest.into_tuple().one(&self.db).await.map_err(Error::doing("look for movies"))?;
        Ok(highest.flatten().unwrap_or_default())
    }

    /// Returns the movies with ids above `after` up to `until`, as far as vectors are made from them.
    pub async fn embeddable(&self, after: i64, until: i64) -> Result<Vec<Embeddable>, Error> {
        const DOING: &str = "read what vectors are made from";
        let in_range = movie::COLUMN.id.gt(after).and(movie::COLUMN.id.lte(until));
        let rows: Vec<Row> = movie::Entity::find()
            .select_only()
            .columns([
                movie::Column::Id,
                movie::Column::Title,
                movie::Column::DescriptionFull,
                movie::Column::DescriptionIntro,
            ])
            .columns([movie_embedding::Column::Model, movie_embedding::Column::TextHash])
            .join(JoinType::LeftJoin, movie::Relation::MovieEmbedding.def())
            .filter(in_range)
            .order_by_asc(movie::COLUMN.id)
            .into_model()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        let names: Vec<(i64, String)> = movie_genre::Entity::find()
            .select_only()
            .column(movie_genre::Column::MovieId)
            .column(genre::Column::Name)
            .join(JoinType::InnerJoin, movie_genre::Relation::Genre.def())
            .filter(Expr::col(movie_genre::Column::MovieId).gt(after))
            .filter(Expr::col(movie_genre::Column::MovieId).lte(until))
            .order_by_asc(genre::COLUMN.name)
            .into_tuple()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        let mut genres = HashMap::<i64, Vec<String>>::new();
        for (movie_id, name) in names {
            genres.entry(movie_id).or_default().push(name);
        }
        let embeddable = rows.into_iter().map(|row| Embeddable {
            movie_id: row.id,
            title: row.title,
            description: row.description_full.or(row.description_intro),
            genres: genres.remove(&row.id).unwrap_or_default(),
            has: row.model.zip(row.text_hash),
        });
        Ok(embeddable.collect())
    }

    /// Saves vectors by our own movie ids, together with the mark that this piece of the work is done.
    pub async fn save_vectors(&self, lease: Lease, saved: Saved, vectors: &[(i64, Vector)]) -> Result<(), Error> {
        let writing = self.begin_writing(DOING).await?;
        // A movie may have been deleted while its vector was made.
        let ids: Vec<i64> = vectors.iter().map(|(movie_id, _)| *movie_id).collect();
        let there: Vec<i64> = movie::Entity::find()
            .select_only()
            .column(movie::Column::Id)
            .filter(dialect::is_any_of(self.backend(), movie::Column::Id, &ids))
            .into_tuple()
            .all(&writing.transaction)
            .await
            .map_err(Error::doing(DOING))?;
        let of_movies = vectors.iter().filter(|(movie_id, _)| there.contains(movie_id));
        upsert(&writing.transaction, of_movies.map(|(movie_id, vector)| (*movie_id, vector)).collect()).await?;
        match self.finish_page(&writing.transaction, lease, "done", saved).await {
            Err(Error::SavedBefore { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => writing.commit(DOING).await,
        }
    }
}
