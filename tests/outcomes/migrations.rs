//! Migrations forwards and backwards, on an empty database and on a full one; and the entities, which must say the same
//! as the schema.

use entity::embedding::Embedding;
use entity::{
    cast, failure, genre, movie, movie_cast, movie_change, movie_embedding, movie_genre, run, run_page, run_reading,
    torrent,
};
use migration::{Migrator, MigratorTrait, Step, migrate};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseConnection, EntityTrait, QueryFilter};
use yts_ingest::crawl::Existing;
use yts_ingest::movie::Movie;

use crate::support::crawling::Crawl;
use crate::support::database::{Database, Kind};
use crate::support::records::full_movie;
use crate::support::schema;
use crate::support::source::{Source, movie_json, torrent_json};

on_both!(
    every_step_goes_up_down_and_up_again,
    whatever_the_way_the_schema_at_the_end_is_the_same,
    a_full_database_goes_down_too,
    entities_match_the_schema,
    deleting_a_movie_takes_what_hangs_on_it_along,
);

/// The step that only `PostgreSQL` needs.
const STEP_OF_POSTGRES: u32 = 6;

fn step_count() -> u32 {
    u32::try_from(Migrator::migrations().len()).expect("few")
}

async fn go(db: &DatabaseConnection, step: Step) {
    migrate(db, step).await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
}

async fn applied_count(db: &DatabaseConnection) -> usize {
    Migrator::get_applied_migrations(db).await.expect("the history can be read").len()
}

async fn every_step_goes_up_down_and_up_again(database: &Database) {
    let db = database.plain_connection().await;
    for step in 1..=step_count() {
        let before = schema::read(&db).await;
        go(&db, Step::Up(Some(1))).await;
        let after = schema::read(&db).await;
        let does_something = database.kind == Kind::Postgres || step != STEP_OF_POSTGRES;
        assert_eq!(after != before, does_something, "step {step}");
        go(&db, Step::Down(Some(1))).await;
        assert_eq!(schema::read(&db).await, before, "step {step} takes back what it did");
        go(&db, Step::Up(Some(1))).await;
        assert_eq!(schema::read(&db).await, after, "step {step} does it again");
    }
    assert!(Migrator::get_pending_migrations(&db).await.expect("the history can be read").is_empty());
}

async fn whatever_the_way_the_schema_at_the_end_is_the_same(database: &Database) {
    let db = database.plain_connection().await;
    go(&db, Step::Up(None)).await;
    let full = schema::read(&db).await;
    go(&db, Step::Up(None)).await;
    for step in [Step::Fresh, Step::Refresh] {
        go(&db, step).await;
        assert_eq!(schema::read(&db).await, full, "{step:?}");
        assert_eq!(applied_count(&db).await, Migrator::migrations().len(), "{step:?}");
    }
    for step in [Step::Reset, Step::Down(None)] {
        go(&db, step).await;
        assert_eq!(schema::read(&db).await, [""; 0], "{step:?}");
        go(&db, Step::Up(None)).await;
        assert_eq!(schema::read(&db).await, full, "up after {step:?}");
    }
}

async fn a_full_database_goes_down_too(database: &Database) {
    for step in [Step::Down(None), Step::Refresh, Step::Fresh, Step::Reset] {
        fill(database).await;
        let db = database.plain_connection().await;
        go(&db, step).await;
        go(&db, Step::Up(None)).await;
        assert!(movie::Entity::find().all(&db).await.expect("movies can be read").is_empty(), "{step:?}");
        db.close().await.expect("the connection closes");
    }
}

/// Brings a row into every table.
async fn fill(database: &Database) {
    let source = Source::start((1..=3).map(movie_json).collect()).await;
    source.script().movies[0]["torrents"] =
        serde_json::json!([torrent_json("A1", 1), {"quality": "one without a hash"}]);
    let summary = Crawl::of(source.base_url()).run(database).await;
    assert_eq!((summary.movies.saved, summary.failures.len()), (3, 1));
    source.script().movies[1]["rating"] = serde_json::json!(1.5);
    let summary = Crawl { existing: Existing::Update, ..Crawl::of(source.base_url()) }.run(database).await;
    assert_eq!(summary.movies.updated, 1);
    let store = database.store().await;
    let movie = movie::Entity::find().one(store.db()).await.expect("movies can be read").expect("there is one");
    let row = movie_embedding::ActiveModel {
        movie_id: Set(movie.id),
        model: Set("test".to_owned()),
        text_hash: Set("0".to_owned()),
        embedding: Set(Embedding::new(store.db().get_database_backend(), &[0.5, -1.0, 2.0])),
    };
    row.insert(store.db()).await.expect("a vector is saved");
    store.close().await.expect("the database closes");
}

async fn entities_match_the_schema(database: &Database) {
    fill(database).await;
    let store = database.store().await;
    macro_rules! assert_readable {
        ($($table:ident),+) => { $(
            let rows = $table::Entity::find().all(store.db()).await;
            let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", stringify!($table)));
            assert!(!rows.is_empty(), "{} was to have a row", stringify!($table));
        )+ };
    }
    assert_readable!(cast, failure, genre, movie, movie_cast, movie_change, movie_embedding);
    assert_readable!(movie_genre, run, run_page, run_reading, torrent);
    let vectors = movie_embedding::Entity::find().all(store.db()).await.expect("vectors can be read");
    assert_eq!(vectors[0].embedding.to_vec(), [0.5, -1.0, 2.0]);
}

async fn deleting_a_movie_takes_what_hangs_on_it_along(database: &Database) {
    fill(database).await;
    let store = database.store().await;
    store.save_movie(&Movie { genres: vec!["Kept".to_owned()], ..full_movie(50) }).await.expect("a movie is saved");
    let others = movie::COLUMN.external_id.ne(50);
    movie::Entity::delete_many().filter(others).exec(store.db()).await.expect("movies can be deleted");
    let links = movie_cast::Entity::find().all(store.db()).await.expect("links can be read");
    assert_eq!(links.len(), 2);
    assert_eq!(torrent::Entity::find().all(store.db()).await.expect("torrents can be read").len(), 2);
    assert_eq!(movie_genre::Entity::find().all(store.db()).await.expect("links can be read").len(), 1);
    assert!(movie_embedding::Entity::find().all(store.db()).await.expect("vectors can be read").is_empty());
}
