//! The last certificate of a part of the catalogue against the movies: each one that its run saw is there, none is
//! marked as deleted, and none is listed that a run of the whole catalogue did not see.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::{movie, run};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Finding;
use crate::store::{Error, PageReading, Store};

const DOING: &str = "compare the movies with the certificate";

/// What the last certified run of every page shows.
#[derive(Debug)]
pub(super) struct Certified {
    pub(super) run_id: i64,
    pub(super) movies_seen: usize,
    pub(super) missing: Vec<i32>,
    pub(super) deleted: Vec<i32>,
    pub(super) findings: Vec<Finding>,
}

impl Store {
    /// Compares the movies with what the last certified run saw, if there was one.
    pub(super) async fn check_certificate(&self, scope: &str) -> Result<Option<Certified>, Error> {
        // A run that only looked for what is new rests on an earlier one, and has seen but little itself.
        let newest = run::Entity::find()
            .filter(run::COLUMN.scope.eq(scope))
            .filter(run::COLUMN.certified_at.is_not_null())
            .filter(run::COLUMN.distinct_movies.is_not_null())
            .order_by_desc(run::COLUMN.certified_at)
            .one(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        let Some(run) = newest else { return Ok(None) };
        let readings = self.readings(run.id).await?;
        let of_pages = readings.iter().filter(|reading| reading.page != PageReading::TOP);
        let seen: HashSet<i32> = of_pages.flat_map(|reading| reading.external_ids.iter().copied()).collect();
        let movies: Vec<(i32, DateTime<Utc>, Option<DateTime<Utc>>)> = movie::Entity::find()
            .select_only()
            .columns([movie::Column::ExternalId, movie::Column::CreatedAt, movie::Column::DeletedAt])
            .into_tuple()
            .all(&self.db)
            .await
            .map_err(Error::doing(DOING))?;
        let movies = movies.into_iter().map(|(id, created_at, deleted_at)| (id, (created_at, deleted_at))).collect();
        Ok(Some(compare(&run, &seen, &movies)))
    }
}

/// When a movie was saved, and since when it is marked as deleted, by the source's id.
type Movies = HashMap<i32, (DateTime<Utc>, Option<DateTime<Utc>>)>;

fn compare(run: &run::Model, seen: &HashSet<i32>, movies: &Movies) -> Certified {
    let is_deleted = |id: &i32| movies.get(id).is_some_and(|(_, deleted_at)| deleted_at.is_some());
    let mut missing: Vec<i32> = seen.iter().copied().filter(|id| !movies.contains_key(id)).collect();
    let mut deleted: Vec<i32> = seen.iter().copied().filter(is_deleted).collect();
    missing.sort_unstable();
    deleted.sort_unstable();
    let mut findings = Vec::new();
    let (what, stated) = (format!("run {}", run.id), run.distinct_movies.unwrap_or_default());
    if usize::try_from(stated) != Ok(seen.len()) {
        let detail = format!(
            "its certificate states {stated} distinct movies, its readings hold {}; run again with --fresh",
            seen.len()
        );
        findings.push(Finding::new("certificate", what.clone(), detail));
    }
    // What another process saved since the run began may be newer than what the run saw.
    let unlisted = movies.iter().filter(|(id, (created_at, deleted_at))| {
        deleted_at.is_none() && *created_at < run.started_at && !seen.contains(id)
    });
    let unlisted_count = unlisted.count();
    if unlisted_count > 0 && is_of_whole_catalogue(&run.scope) {
        let detail = format!(
            "{unlisted_count} movies that it did not see are not marked as deleted, beside the {} that it saw; \
             a full run marks them, with --allow-mass-deletion where they are many",
            seen.len()
        );
        findings.push(Finding::new("unlisted_movies", what, detail));
    }
    Certified { run_id: run.id, movies_seen: seen.len(), missing, deleted, findings }
}

/// Says whether a scope has no filter: it names the source, and nothing else.
fn is_of_whole_catalogue(scope: &str) -> bool {
    !scope.contains(' ')
}
