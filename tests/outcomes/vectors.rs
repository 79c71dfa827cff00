//! Vectors: saved with their movies, filled in where missing, made again where the text or the model changed.

use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use yts_ingest::embed::{Embedder, HttpModel, HttpOptions, StaticModel};
use yts_ingest::fill;

use crate::support::crawling::{Crawl, demo_server};
use crate::support::database::Database;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

on_both!(
    every_movie_of_a_crawl_has_a_vector,
    a_fill_makes_what_is_missing_or_stale_and_nothing_else,
    a_model_that_fails_costs_no_movie,
);

fn table() -> Embedder {
    Embedder::Static(StaticModel::load().expect("the table is in the program"))
}

async fn vectors(database: &Database) -> u64 {
    entity::movie_embedding::Entity::find().count(database.store().await.db()).await.expect("vectors can be counted")
}

async fn fill_in(database: &Database, embedder: Embedder) -> Result<fill::Summary, fill::Error> {
    let store = database.store().await;
    let presence = store.announce(&database.options(1)).await.expect("nobody else writes");
    fill::run(store, embedder, presence, 2, PATIENCE).await
}

async fn every_movie_of_a_crawl_has_a_vector(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl { embedder: Some(table()), ..Crawl::of(server.base_url()) }.run(database).await;
    assert_eq!(vectors(database).await, 60);
    let filled = fill_in(database, table()).await.expect("the fill succeeds");
    assert_eq!((filled.made, filled.up_to_date), (0, 60), "crawl and fill make vectors of the same text");
}

async fn a_fill_makes_what_is_missing_or_stale_and_nothing_else(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let filled = fill_in(database, table()).await.expect("the fill succeeds");
    assert_eq!((filled.movies, filled.made, filled.up_to_date), (60, 60, 0));

    let store = database.store().await;
    let retitle = entity::movie::Entity::update_many()
        .col_expr(entity::movie::Column::Title, Expr::val("A harbour in winter"))
        .filter(entity::movie::COLUMN.id.lte(3));
    retitle.exec(store.db()).await.expect("titles can be changed");
    let filled = fill_in(database, table()).await.expect("the fill succeeds");
    assert_eq!((filled.made, filled.up_to_date), (3, 57));
}

async fn a_model_that_fails_costs_no_movie(database: &Database) {
    let server = demo_server(60, "").await;
    let mut nowhere = HttpOptions::new("http://127.0.0.1:9", "any");
    nowhere.max_attempts = 1;
    let service = Embedder::Http(HttpModel::new(nowhere).expect("the options are valid"));
    let crawl = Crawl { embedder: Some(service.clone()), ..Crawl::of(server.base_url()) };
    let summary = crawl.run(database).await;
    assert_eq!((summary.status, summary.movies.saved), ("complete", 60));
    assert_eq!(vectors(database).await, 0);

    fill_in(database, service).await.expect_err("the service is not there");
    let filled = fill_in(database, table()).await.expect("the fill succeeds");
    assert_eq!(filled.made, 60);
}
