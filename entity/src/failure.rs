//! Failures: what could not be fetched, parsed or saved, and why.

use sea_orm::entity::prelude::*;

/// A failure.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "failures")]
pub struct Model {
    /// Our own id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The run in which it happened.
    pub run_id: i64,
    /// The list page, where it was one.
    pub page: Option<i32>,
    /// The movie, by the source's id, where it had one.
    pub external_id: Option<i64>,
    /// `list`, `parse`, `details` or `save`.
    #[sea_orm(column_type = "Text")]
    pub stage: String,
    /// Why.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// The head of the answer that caused it.
    #[sea_orm(column_type = "Text", nullable)]
    pub body_head: Option<String>,
    /// When (UTC).
    pub created_at: DateTimeUtc,
    /// When what had failed was there after all (UTC).
    pub resolved_at: Option<DateTimeUtc>,
    /// The run.
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub run: BelongsTo<super::run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
