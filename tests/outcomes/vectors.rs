//! Vectors: saved with their movies, filled in where missing, made again where the text or the model changed.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use yts_ingest::crawl::Existing;
use yts_ingest::embed::{Embedder, HttpModel, HttpOptions, StaticModel};
use yts_ingest::fill;

use crate::support::crawling::{Crawl, demo_server};
use crate::support::database::Database;
use crate::support::source::{Source, movie_json};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

on_both!(
    every_movie_of_a_crawl_has_a_vector,
    a_fill_makes_what_is_missing_or_stale_and_nothing_else,
    a_fill_that_goes_on_goes_over_all_movies_once_more,
    a_refetch_makes_vectors_of_the_texts_that_it_changes,
    another_model_under_the_same_name_is_noticed,
    a_model_that_fails_costs_no_movie,
    a_fill_that_fails_leaves_no_stretch_in_hand,
    a_stretch_that_passed_to_another_ends_no_fill,
);
on_one!(Sqlite: a_fill_ends_where_its_file_is_gone);

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

async fn a_fill_that_goes_on_goes_over_all_movies_once_more(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl { embedder: Some(table()), ..Crawl::of(server.base_url()) }.run(database).await;
    let first = fill_in(database, table()).await.expect("the fill succeeds");
    // As a fill leaves it that was killed at its end.
    let store = database.store().await;
    let unfinished = format!("UPDATE runs SET status = 'running', finished_at = NULL WHERE id = {}", first.run_id);
    let retitle = "UPDATE movies SET title = 'A harbour in winter' WHERE id <= 3";
    for sql in [unfinished.as_str(), retitle] {
        store.db().execute_unprepared(sql).await.expect("a statement by hand");
    }
    let filled = fill_in(database, table()).await.expect("the fill succeeds");
    assert_eq!((filled.movies, filled.made, filled.up_to_date), (60, 3, 57));
    assert_ne!(filled.run_id, first.run_id);
}

async fn a_refetch_makes_vectors_of_the_texts_that_it_changes(database: &Database) {
    let source = Source::start((1..=6).map(movie_json).collect()).await;
    let crawl = Crawl { embedder: Some(table()), ..Crawl::of(source.base_url()) };
    crawl.run(database).await;
    {
        let mut script = source.script();
        script.movies[0]["title"] = json!("A harbour in winter");
        script.movies[1]["genres"] = json!(["Comedy"]);
        script.movies[2]["description_full"] = json!("Two bakers quarrel over an oven.");
        script.movies[3]["rating"] = json!(8.2);
        // What the source does not say stays known, and so does the vector.
        script.movies[4]["description_full"] = json!("");
        script.movies[4]["genres"] = json!([]);
    }
    let summary = Crawl { existing: Existing::Refetch, ..crawl }.run(database).await;
    assert_eq!((summary.status, summary.movies.updated), ("complete", 4));
    let filled = fill_in(database, table()).await.expect("the fill succeeds");
    assert_eq!((filled.made, filled.up_to_date), (0, 6));
}

/// A service of vectors on loopback, which answers by one model or, once told so, by another. It lives as long as the
/// test's runtime.
async fn service(is_other: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
    let url = url_of(&listener);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, is_other.load(Ordering::SeqCst)));
        }
    });
    url
}

fn url_of(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().expect("the port is known"))
}

async fn answer(mut stream: TcpStream, is_other: bool) {
    let mut request = Vec::new();
    let texts = loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.expect("the request can be read");
        request.extend_from_slice(&piece[..length]);
        let body = String::from_utf8_lossy(&request).split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        if let Some(Ok(request)) = body.map(|body| serde_json::from_str::<Value>(&body)) {
            break request["input"].as_array().expect("texts").len();
        }
    };
    let vector = if is_other { [0.0, 1.0] } else { [1.0, 0.1] };
    let data: Vec<Value> = (0..texts).map(|index| json!({ "index": index, "embedding": vector })).collect();
    let body = json!({ "data": data }).to_string();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.expect("the answer can be sent");
}

async fn another_model_under_the_same_name_is_noticed(database: &Database) {
    let is_other = Arc::new(AtomicBool::new(false));
    let url = service(Arc::clone(&is_other)).await;
    let model = || Embedder::Http(HttpModel::new(HttpOptions::new(&url, "any")).expect("the options are valid"));
    let server = demo_server(60, "").await;
    let crawl = Crawl { embedder: Some(model()), max_pages: Some(3), ..Crawl::of(server.base_url()) };
    crawl.run(database).await;
    assert_eq!(vectors(database).await, 30);

    let unasked = model();
    fill::pin_dimension(&database.store().await, &unasked).await.expect("the store can be read");
    assert_eq!(unasked.dimension(), Some(2));
    is_other.store(true, Ordering::SeqCst);
    // A movie whose text has changed since tells nothing; another one does.
    let retitle = entity::movie::Entity::update_many()
        .col_expr(entity::movie::Column::Title, Expr::val("A harbour in winter"))
        .filter(entity::movie::COLUMN.id.lte(3));
    retitle.exec(database.store().await.db()).await.expect("titles can be changed");
    let error = fill_in(database, model()).await.expect_err("the vectors are others");
    assert!(matches!(error, fill::Error::OtherModel { .. }), "{error}");
    let summary = Crawl { embedder: Some(model()), max_pages: None, ..crawl }.run(database).await;
    assert_eq!((summary.status, vectors(database).await), ("complete", 30));
    is_other.store(false, Ordering::SeqCst);
    assert_eq!(fill_in(database, model()).await.expect("the fill succeeds").made, 33);
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

/// Makes a model of the service at a listener that is asked once and never again.
fn model_at(listener: &TcpListener) -> Embedder {
    let mut options = HttpOptions::new(&url_of(listener), "any");
    options.max_attempts = 1;
    Embedder::Http(HttpModel::new(options).expect("the options are valid"))
}

async fn a_fill_that_fails_leaves_no_stretch_in_hand(database: &Database) {
    let store = database.store().await;
    let now = "CURRENT_TIMESTAMP";
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)";
    let select = format!("SELECT i, 'A harbour', {now}, {now} FROM n");
    let insert = format!("{numbers} INSERT INTO movies (external_id, title, created_at, updated_at) {select}");
    store.db().execute_unprepared(&insert).await.expect("movies are saved");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
    let model = model_at(&listener);
    let service = tokio::spawn(async move {
        // Both workers have a stretch; one is told nothing, the other waits.
        let (refused, waits) = (listener.accept().await, listener.accept().await);
        drop(refused);
        (listener, waits)
    });
    let error = fill_in(database, model).await.expect_err("the service is gone");
    assert!(matches!(error, fill::Error::Model(_)), "{error}");
    let _open = service.await.expect("the service was asked twice");
    let run = entity::run::Entity::find().one(store.db()).await.expect("runs can be read").expect("the run");
    assert_eq!(run.status, "failed");
    let pages = entity::run_page::Entity::find().all(store.db()).await.expect("stretches can be read");
    assert_eq!(pages.iter().map(|page| page.status.as_str()).collect::<Vec<_>>(), ["due", "due"]);
}

async fn a_stretch_that_passed_to_another_ends_no_fill(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
    let model = model_at(&listener);
    let store = database.store().await;
    tokio::spawn(async move {
        let mut is_first = true;
        while let Ok((stream, _)) = listener.accept().await {
            if std::mem::take(&mut is_first) {
                let pass_on =
                    "UPDATE run_pages SET status = 'due', lease_token = lease_token + 1 WHERE status = 'leased'";
                store.db().execute_unprepared(pass_on).await.expect("a stretch can be passed on");
            }
            tokio::spawn(answer(stream, false));
        }
    });
    let filled = fill_in(database, model).await.expect("the fill succeeds");
    assert_eq!((filled.made, vectors(database).await), (60, 60));
}

async fn a_fill_ends_where_its_file_is_gone(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
    let lost = async {
        let asked = listener.accept().await;
        database.lose().await;
        asked
    };
    let (filled, _open) = tokio::join!(fill_in(database, model_at(&listener)), lost);
    let error = filled.expect_err("the file is gone");
    assert!(matches!(error, fill::Error::Store(yts_ingest::store::Error::Removed { .. })), "{error}");
}
