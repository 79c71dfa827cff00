//! Tells the movies that the database refuses from the others of their page: each is tried alone and taken back, and the
//! page is saved without those that were refused, which are recorded as failed.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend};

use super::save::{Batch, PageResult, save_movies};
use super::{Error, Failure, Scope, Store, Vector};
use crate::movie::Movie;

impl Store {
    /// Tries each movie on its own, taking it back, and returns the page without those that the database refuses.
    pub(super) async fn without_refused(&self, page: &PageResult) -> Result<PageResult, Error> {
        let mut accepted = PageResult { new: Vec::new(), updates: Vec::new(), ..page.clone() };
        for movie in &page.new {
            self.accept_or_record(movie, true, &mut accepted).await?;
        }
        for movie in &page.updates {
            self.accept_or_record(movie, false, &mut accepted).await?;
        }
        Ok(accepted)
    }

    async fn accept_or_record(&self, movie: &Movie, is_new: bool, page: &mut PageResult) -> Result<(), Error> {
        match self.rehearse(movie, is_new, page.scope, page.vectors.get(&movie.external_id)).await {
            Ok(()) if is_new => page.new.push(movie.clone()),
            Ok(()) => page.updates.push(movie.clone()),
            Err(error) if error.is_about_data() => {
                page.failed += 1;
                if let Some(settled) = &mut page.settled {
                    settled.external_ids.retain(|external_id| *external_id != movie.external_id);
                }
                page.failures.push(Failure {
                    external_id: Some(movie.external_id.into()),
                    stage: "save",
                    reason: error.to_string(),
                    body_head: None,
                });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Saves a movie and takes it back.
    async fn rehearse(&self, movie: &Movie, is_new: bool, scope: Scope, vector: Option<&Vector>) -> Result<(), Error> {
        const DOING: &str = "try a movie";
        let writing = self.begin_writing(DOING).await?;
        let one = BTreeMap::from([(movie.external_id, movie)]);
        let vectors = vector.map(|vector| (movie.external_id, vector)).into_iter().collect();
        let batch = match scope {
            _ if is_new => Batch { new: one, vectors, ..Batch::default() },
            Scope::RatingAndTorrents => Batch { to_refresh: one, ..Batch::default() },
            Scope::Everything => Batch { to_replace: one, vectors, ..Batch::default() },
        };
        save_movies(&writing.transaction, &batch).await?;
        if self.backend() == DbBackend::Postgres {
            // Nothing is committed, so what is only looked at then would not be looked at.
            let now = writing.transaction.execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE").await;
            now.map_err(Error::doing(DOING))?;
        }
        writing.transaction.rollback().await.map_err(Error::doing(DOING))
    }
}
