//! Rows of the embeddings table: saved with their movies, filled in later where they are missing or stale.
//!
//! Searching among them is not here.

use std::collections::HashMap;

use entity::embedding::Embedding;
use entity::{movie, movie_embedding};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
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
    /// The source's id.
    pub external_id: i32,
    /// Title.
    pub title: String,
    /// Full description.
    pub description_full: Option<String>,
    /// Short description.
    pub description_intro: Option<String>,
    /// Genre names, sorted.
    pub genres: Vec<String>,
    /// Model and text hash of its vector.
    pub has: Option<(String, String)>,
}

/// Saves the vectors of movies that were just inserted, whose ids are given by the source's id.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    vectors: &HashMap<i32, &Vector>,
    ids: &HashMap<i32, i64>,
) -> Result<(), Error> {
    // They can have none yet, and making sure of that would cost a good part of the insert.
    write(connection, of_movies(vectors, ids.iter().map(|(external_id, id)| (*external_id, *id))), None).await
}

/// Replaces the vectors of movies that were brought up to date, by the source's ids, as far as there are new ones.
pub(super) async fn replace(
    connection: &impl ConnectionTrait,
    vectors: &HashMap<i32, &Vector>,
    updated: impl Iterator<Item = i32>,
) -> Result<(), Error> {
    let replaced: Vec<i32> = updated.filter(|external_id| vectors.contains_key(external_id)).collect();
    if replaced.is_empty() {
        return Ok(());
    }
    let ids: Vec<(i32, i64)> = movie::Entity::find()
        .select_only()
        .columns([movie::Column::ExternalId, movie::Column::Id])
        .filter(dialect::is_any_of(connection.get_database_backend(), movie::Column::ExternalId, &replaced))
        .into_tuple()
        .all(connection)
        .await
        .map_err(Error::doing(DOING))?;
    upsert(connection, of_movies(vectors, ids)).await
}

/// Returns the vectors by our own ids, of pairs of the source's id and ours.
fn of_movies<'a>(
    vectors: &HashMap<i32, &'a Vector>,
    ids: impl IntoIterator<Item = (i32, i64)>,
) -> Vec<(i64, &'a Vector)> {
    ids.into_iter().filter_map(|(external_id, id)| Some((id, *vectors.get(&external_id)?))).collect()
}

async fn upsert(connection: &impl ConnectionTrait, vectors: Vec<(i64, &Vector)>) -> Result<(), Error> {
    let replace = OnConflict::column(movie_embedding::Column::MovieId)
        .update_columns([
            movie_embedding::Column::Model,
            movie_embedding::Column::TextHash,
            movie_embedding::Column::Embedding,
        ])
        .to_owned();
    write(connection, vectors, Some(&replace)).await
}

async fn write(
    connection: &impl ConnectionTrait,
    mut vectors: Vec<(i64, &Vector)>,
    on_conflict: Option<&OnConflict>,
) -> Result<(), Error> {
    vectors.sort_by_key(|(movie_id, _)| *movie_id);
    let backend = connection.get_database_backend();
    let rows = vectors.into_iter().map(|(movie_id, vector)| movie_embedding::ActiveModel {
        movie_id: Set(movie_id),
        model: Set(vector.model.clone()),
        text_hash: Set(vector.text_hash.clone()),
        embedding: Set(Embedding::new(backend, &vector.numbers)),
    });
    bulk::insert(connection, rows.collect(), on_conflict).await.map_err(Error::doing(DOING))
}

/// A row as it is read.
#[derive(FromQueryResult)]
struct Row {
    id: i64,
    external_id: i32,
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
        self.embeddable_where(movie::COLUMN.id.gt(after).and(movie::COLUMN.id.lte(until))).await
    }

    /// Returns the movies with these ids of the source's, as far as vectors are made from them.
    pub async fn embeddable_of(&self, external_ids: &[i32]) -> Result<Vec<Embeddable>, Error> {
        self.embeddable_where(dialect::is_any_of(self.backend(), movie::Column::ExternalId, external_ids)).await
    }

    /// Returns some vectors of a model, and what their movies' are made from now.
    pub async fn some_vectors_of(&self, model: &str, limit: u64) -> Result<Vec<(Embeddable, Vector)>, Error> {
        let query = movie_embedding::Entity::find().filter(movie_embedding::Column::Model.eq(model)).limit(limit);
        let rows = query.all(&self.db).await.map_err(Error::doing("look for vectors"))?;
        let ids: Vec<i64> = rows.iter().map(|row| row.movie_id).collect();
        let movies = self.embeddable_where(dialect::is_any_of(self.backend(), movie::Column::Id, &ids)).await?;
        let mut vectors: HashMap<i64, Vector> = rows
            .into_iter()
            .map(|row| {
                let numbers = row.embedding.to_vec();
                (row.movie_id, Vector { model: row.model, text_hash: row.text_hash, numbers })
            })
            .collect();
        Ok(movies
            .into_iter()
            .filter_map(|movie| vectors.remove(&movie.movie_id).map(|vector| (movie, vector)))
            .collect())
    }

    async fn embeddable_where(&self, condition: Expr) -> Result<Vec<Embeddable>, Error> {
        const DOING: &str = "read what vectors are made from";
        let rows: Vec<Row> = movie::Entity::find()
            .select_only()
            .columns([
                movie::Column::Id,
                movie::Column::ExternalId,
                movie::Column::Title,
                movie::Column::DescriptionFull,
                movie::Column::DescriptionIntro,
            ])
            .columns([movie_embedding::Column::Model, movie_embedding::Column::TextHash])
            .join(JoinType::LeftJoin, movie::Relation::MovieEmbedding.def())
            .filter(condition)
            .order_by_asc(movie::COLUMN.id)
            .into_model()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut genres = self.genre_names(&ids).await?;
        let embeddable = rows.into_iter().map(|row| Embeddable {
            movie_id: row.id,
            external_id: row.external_id,
            title: row.title,
            description_full: row.description_full,
            description_intro: row.description_intro,
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
        match self.finish_pages(&writing.transaction, &[(lease, saved)], "done").await {
            Err(Error::SavedBefore { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => writing.commit(DOING).await,
        }
    }
}
