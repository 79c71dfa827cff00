//! Creates what a crawl remembers: runs, their pages with the leases on them, and failures.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, integer, integer_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null,
};

/// The step itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_runs(manager).await?;
        create_run_pages(manager).await?;
        create_run_readings(manager).await?;
        create_failures(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["failures", "run_readings", "run_pages", "runs"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

async fn create_runs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let statuses = ["running", "complete", "incomplete", "interrupted", "failed", "abandoned"];
    let mut table = Table::create().table("runs").to_owned();
    table.col(big_pk_auto("id"));
    table.col(text("query")).col(text("scope"));
    table.col(text("status").check(Expr::col("status").is_in(statuses)));
    table.col(integer("start_page")).col(integer_null("max_pages")).col(integer("page_limit"));
    table.col(integer("pages_planned").default(0));
    for name in ["movie_count", "movie_count_at_start", "distinct_movies"] {
        table.col(big_integer_null(name));
    }
    table.col(integer("pages_read_again").default(0));
    for name in ["requests_total", "requests_list", "requests_details", "requests_retried", "bytes"] {
        table.col(big_integer(name).default(0));
    }
    table.col(text_null("message"));
    table.col(timestamp_with_time_zone("started_at"));
    table.col(timestamp_with_time_zone("heartbeat_at"));
    table.col(timestamp_with_time_zone_null("finished_at"));
    table.col(timestamp_with_time_zone_null("certified_at"));
    manager.create_table(table).await?;
    // At most one unfinished run a query: processes that start at once meet in it.
    let one_unfinished_run = "CREATE UNIQUE INDEX uq_runs_unfinished_query ON runs (query) \
                              WHERE status IN ('running', 'interrupted', 'failed')";
    manager.get_connection().execute_unprepared(one_unfinished_run).await?;
    Ok(())
}

async fn create_run_pages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("run_pages").to_owned();
    table.col(big_integer("run_id")).col(integer("page"));
    table.col(text("status").check(Expr::col("status").is_in(["due", "leased", "done", "failed"])).default("due"));
    table.col(integer_null("lease_owner")).col(big_integer("lease_token").default(0));
    table.col(timestamp_with_time_zone_null("lease_expires_at"));
    for name in ["listed", "saved", "updated", "skipped", "failed"] {
        table.col(integer(name).default(0));
    }
    table.col(timestamp_with_time_zone_null("finished_at"));
    table.col(integer("pass").default(1));
    table.primary_key(Index::create().col("run_id").col("page"));
    table.foreign_key(&mut run_key("fk_run_pages_run", "run_pages"));
    manager.create_table(table).await?;
    let by_status = Index::create()
        .name("idx_run_pages_status")
        .table("run_pages")
        .col("run_id")
        .col("status")
        .col("page")
        .to_owned();
    manager.create_index(by_status).await
}

/// What a page held each time it was read: from this it is shown that a shifting list was seen whole.
async fn create_run_readings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("run_readings").to_owned();
    table.col(big_pk_auto("id")).col(big_integer("run_id")).col(integer("page")).col(integer("pass"));
    table.col(big_integer("movie_count")).col(text("external_ids"));
    table.foreign_key(&mut run_key("fk_run_readings_run", "run_readings"));
    manager.create_table(table).await?;
    let by_run = Index::create().name("idx_run_readings_run_id").table("run_readings").col("run_id").to_owned();
    manager.create_index(by_run).await
}

async fn create_failures(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create().table("failures").to_owned();
    table.col(big_pk_auto("id")).col(big_integer("run_id")).col(integer_null("page"));
    table.col(big_integer_null("external_id"));
    table.col(text("stage")).col(text("reason")).col(text_null("body_head"));
    table.col(timestamp_with_time_zone("created_at")).col(timestamp_with_time_zone_null("resolved_at"));
    table.foreign_key(&mut run_key("fk_failures_run", "failures"));
    manager.create_table(table).await?;
    manager
        .create_index(Index::create().name("idx_failures_external_id").table("failures").col("external_id").to_owned())
        .await?;
    manager.create_index(Index::create().name("idx_failures_run_id").table("failures").col("run_id").to_owned()).await
}

fn run_key(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "run_id")
        .to("runs", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
