//! Vectors: of the length of their model's, whole and finite. Read in batches, so that memory stays bounded.

use std::collections::HashMap;

use entity::embedding::Embedding;
use entity::movie_embedding;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Finding, rows};
use crate::store::{bulk, dialect};

/// Vectors in one batch: 4 MB of a thousand dimensions.
const BATCH: u64 = 1_000;

/// What was read of all vectors.
#[derive(Debug, Default)]
struct Survey {
    /// Movies by model and length.
    by_length: HashMap<(String, usize), Vec<i64>>,
    /// Movies whose vector holds a number that is none, or a part of one.
    unusable: Vec<i64>,
}

/// Looks at every vector.
pub(super) async fn check(db: &impl ConnectionTrait) -> Result<Vec<Finding>, DbErr> {
    let survey = survey(db).await?;
    let mut findings = Vec::new();
    if !survey.unusable.is_empty() {
        let detail = format!("{} with numbers that are not finite, or cut off", count(&survey.unusable));
        findings.push(Finding::new("vector", "movie_embeddings", detail));
    }
    for (model, length, movies) in survey.of_other_length() {
        let detail = format!("{} of {length} dimensions, unlike the others of its model", count(movies));
        findings.push(Finding::new("vector", format!("movie_embeddings of {model}"), detail));
    }
    Ok(findings)
}

/// Removes the vectors that are of no use; they are made again by what makes vectors.
pub(super) async fn remove_bad(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let survey = survey(db).await?;
    let of_other_length = survey.of_other_length().into_iter().flat_map(|(_, _, movies)| movies);
    let bad: Vec<i64> = survey.unusable.iter().chain(of_other_length).copied().collect();
    let mut removed = 0;
    for keys in bad.chunks(bulk::MAX_KEYS) {
        let condition = dialect::is_any_of(db.get_database_backend(), movie_embedding::Column::MovieId, keys);
        removed += movie_embedding::Entity::delete_many().filter(condition).exec(db).await?.rows_affected;
    }
    Ok(removed)
}

async fn survey(db: &impl ConnectionTrait) -> Result<Survey, DbErr> {
    let mut survey = Survey::default();
    let mut last = i64::MIN;
    loop {
        let batch = movie_embedding::Entity::find()
            .filter(movie_embedding::COLUMN.movie_id.gt(last))
            .order_by_asc(movie_embedding::COLUMN.movie_id)
            .limit(BATCH)
            .all(db)
            .await?;
        let Some(end) = batch.last() else { return Ok(survey) };
        last = end.movie_id;
        for row in batch {
            survey.add(row);
        }
    }
}

impl Survey {
    fn add(&mut self, row: movie_embedding::Model) {
        let is_cut_off = matches!(&row.embedding, Embedding::Blob(bytes) if bytes.len() % size_of::<f32>() != 0);
        let numbers = row.embedding.to_vec();
        if is_cut_off || numbers.is_empty() || numbers.iter().any(|number| !number.is_finite()) {
            self.unusable.push(row.movie_id);
        } else {
            self.by_length.entry((row.model, numbers.len())).or_default().push(row.movie_id);
        }
    }

    /// Returns the vectors whose length is not the one that most of their model have: model, length, movies.
    fn of_other_length(&self) -> Vec<(&str, usize, &Vec<i64>)> {
        let mut usual = HashMap::<&str, (usize, usize)>::new();
        for ((model, length), movies) in &self.by_length {
            let most = usual.entry(model).or_default();
            *most = Ord::max(*most, (movies.len(), *length));
        }
        let others = self.by_length.iter().filter(|((model, length), _)| usual[model.as_str()].1 != *length);
        let mut others: Vec<_> = others.map(|((model, length), movies)| (model.as_str(), *length, movies)).collect();
        others.sort_unstable();
        others
    }
}

fn count(movies: &[i64]) -> String {
    rows(i64::try_from(movies.len()).unwrap_or(i64::MAX))
}
