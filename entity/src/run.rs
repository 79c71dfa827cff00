//! Runs: one row a crawl of one query, shared by every process that works on it.

use sea_orm::entity::prelude::*;

/// A run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    /// Our own id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What is asked, in one canonical line; at most one unfinished run has it.
    #[sea_orm(column_type = "Text")]
    pub query: String,
    /// What part of which catalogue it is about: the source and the filters, whatever the pages and the order.
    #[sea_orm(column_type = "Text")]
    pub scope: String,
    /// `running`, `complete`, `incomplete`, `interrupted`, `failed` or `abandoned`.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// First list page.
    pub start_page: i32,
    /// How many list pages at most; `None` means all.
    pub max_pages: Option<i32>,
    /// Movies a list page.
    pub page_limit: i32,
    /// How many list pages there are to read, as far as known.
    pub pages_planned: i32,
    /// How many movies the source says it has: once the run is certified, by its last answer; before, by the last that
    /// added pages to the plan.
    pub movie_count: Option<i64>,
    /// How many it said it had by its first answer.
    pub movie_count_at_start: Option<i64>,
    /// How many distinct movies the run saw, once it is certified.
    pub distinct_movies: Option<i64>,
    /// List pages that were read again since the list had shifted.
    pub pages_read_again: i32,
    /// Requests sent, by all processes.
    pub requests_total: i64,
    /// Requests for list pages.
    pub requests_list: i64,
    /// Requests for details.
    pub requests_details: i64,
    /// Requests sent again after a failure.
    pub requests_retried: i64,
    /// Bytes of the answers, decoded.
    pub bytes: i64,
    /// Why it ended as it did, where that needs saying.
    #[sea_orm(column_type = "Text", nullable)]
    pub message: Option<String>,
    /// When it began (UTC).
    pub started_at: DateTimeUtc,
    /// When a process last gave a sign of life (UTC).
    pub heartbeat_at: DateTimeUtc,
    /// When it ended (UTC).
    pub finished_at: Option<DateTimeUtc>,
    /// When it was shown that every movie listed until then was seen (UTC).
    pub certified_at: Option<DateTimeUtc>,
    /// Its pages.
    #[sea_orm(has_many)]
    pub pages: HasMany<super::run_page::Entity>,
    /// What failed in it.
    #[sea_orm(has_many)]
    pub failures: HasMany<super::failure::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
