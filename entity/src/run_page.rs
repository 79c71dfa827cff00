//! The pages of a run: the unit of the claim, of the transaction and of resume.

use sea_orm::entity::prelude::*;

/// A list page within a run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run_pages")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// Number of the list page.
    #[sea_orm(primary_key, auto_increment = false)]
    pub page: i32,
    /// `due`, `leased`, `done` or `failed`.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// The process that has it.
    pub lease_owner: Option<i32>,
    /// Fencing token: grows with every claim, so that a stale holder can't commit.
    pub lease_token: i64,
    /// When the lease ends unless it is renewed (UTC, the database's clock).
    pub lease_expires_at: Option<DateTimeUtc>,
    /// Movies on the page.
    pub listed: i32,
    /// Movies saved new.
    pub saved: i32,
    /// Movies that were there and changed.
    pub updated: i32,
    /// Movies that were there and stayed as they were.
    pub skipped: i32,
    /// Movies that could not be had or saved.
    pub failed: i32,
    /// When it was done, or given up (UTC).
    pub finished_at: Option<DateTimeUtc>,
    /// Which pass over the list it is to be read in, from 1; a list that shifted is read again.
    pub pass: i32,
    /// The run.
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub run: BelongsTo<super::run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
