//! Records what could not be fetched, parsed or saved.

use entity::failure;
use sea_orm::{ActiveValue::Set, ConnectionTrait};

use super::{Error, Lease, bulk};
use crate::movie::without_nul;

/// Something that failed, to be recorded with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The movie, by the source's id; `None` where the whole page failed or the movie has no usable id.
    pub external_id: Option<i64>,
    /// `list`, `parse`, `details` or `save`.
    pub stage: &'static str,
    /// Why.
    pub reason: String,
    /// The head of the answer that caused it.
    pub body_head: Option<String>,
}

/// Records failures, each of the page under this lease.
pub(super) async fn record(connection: &impl ConnectionTrait, failures: &[(Lease, &Failure)]) -> Result<(), Error> {
    let now = chrono::Utc::now();
    let rows = failures.iter().map(|(lease, failure)| failure::ActiveModel {
        run_id: Set(lease.run_id),
        // Below 0 it is a batch of movies, and no page of a list.
        page: Set((lease.page > 0).then_some(lease.page)),
        external_id: Set(failure.external_id),
        stage: Set(failure.stage.to_owned()),
        reason: Set(without_nul(failure.reason.clone())),
        body_head: Set(failure.body_head.clone().map(without_nul)),
        created_at: Set(now),
        ..Default::default()
    });
    bulk::insert(connection, rows.collect(), None).await.map_err(Error::doing("record failures"))
}
