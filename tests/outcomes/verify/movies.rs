//! Movies that are missing, differ from the source's, or are gone from it; and a whole catalogue, which has no findings.
//!
//! Rows that cannot be right whatever the source says are in `rows`.

use std::time::Duration;

use entity::movie;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{client, crawled, damage, found, found_and_repaired, verify};
use crate::support::crawling::{Crawl, demo_server};
use crate::support::database::Database;
use crate::support::records::ByHand;
use crate::support::snapshot::Snapshot;
use crate::support::writes;

on_both!(
    what_a_crawl_has_made_has_no_findings_and_verifying_writes_nothing,
    missing_movies_are_listed_and_fetched_again,
    movies_that_differ_are_named_field_by_field_and_brought_up_to_date,
    seeds_peers_and_likes_are_no_differences,
    movies_that_the_source_no_longer_knows_are_told_apart,
    movies_marked_as_deleted_although_they_are_listed_come_back,
    verifying_works_while_another_writes,
);

async fn what_a_crawl_has_made_has_no_findings_and_verifying_writes_nothing(database: &Database) {
    let server = demo_server(60, "").await;
    Crawl::of(server.base_url()).run(database).await;
    let store = database.store().await;
    writes::note(store.db()).await;
    let options =
        verify::Options { scope: "source=test".to_owned(), sample: 60, rate: 0.0, patience: Duration::from_secs(30) };
    let outcome = verify::run(&options, &store, &client(&server.base_url()), None).await;
    let (report, trouble) = outcome.expect("the database stays");
    assert!(trouble.is_none(), "{trouble:?}");
    assert_eq!(found(&report), [], "{report}");
    assert_eq!((report.checked.movies, report.checked.movies_seen, report.checked.runs), (60, 60, 1));
    assert_eq!((report.sample.asked, report.sample.alike), (60, 60));
    assert_eq!(writes::noted(store.db()).await, [].into());
}

async fn missing_movies_are_listed_and_fetched_again(database: &Database) {
    let statements = [
        "DELETE FROM torrents WHERE movie_id IN (SELECT id FROM movies WHERE external_id IN (2, 5))",
        "DELETE FROM movie_genres WHERE movie_id IN (SELECT id FROM movies WHERE external_id IN (2, 5))",
        "DELETE FROM movie_casts WHERE movie_id IN (SELECT id FROM movies WHERE external_id IN (2, 5))",
        "DELETE FROM movies WHERE external_id IN (2, 5)",
    ];
    let expected = [("missing_movie", "movie 2"), ("missing_movie", "movie 5"), ("unlinked", "casts")];
    let repaired = found_and_repaired(database, &statements, &expected).await;
    assert_eq!(repaired.repaired.expect("it was repaired").movies_saved, 2);
}

async fn movies_that_differ_are_named_field_by_field_and_brought_up_to_date(database: &Database) {
    let (source, undamaged) = crawled(database).await;
    damage(
        database,
        &[
            "UPDATE movies SET title = 'Other', rating = 1.5 WHERE external_id = 3",
            "UPDATE torrents SET quality = '720p' WHERE hash = 'A4'",
            "DELETE FROM torrents WHERE hash = 'A5'",
            "UPDATE movie_casts SET character_name = 'Nobody' \
             WHERE position = 0 AND movie_id = (SELECT id FROM movies WHERE external_id = 6)",
            "DELETE FROM movie_genres WHERE movie_id = (SELECT id FROM movies WHERE external_id = 1)",
        ],
    )
    .await;
    let report = verify(database, &source, false).await;
    let expected: Vec<_> =
        ["movie 1", "movie 3", "movie 4", "movie 5", "movie 6"].into_iter().map(|what| ("differs", what)).collect();
    assert_eq!(found(&report), expected, "{report}");
    let sample = serde_json::to_value(&report.sample.differing).expect("it is data");
    assert_eq!(
        sample,
        json!([
            {"external_id": 1, "fields": [{"field": "genres", "stored": "", "source": "Drama"}]},
            {"external_id": 3, "fields": [
                {"field": "title", "stored": "Other", "source": "Movie 3"},
                {"field": "rating", "stored": "1.5", "source": "6.5"},
            ]},
            {"external_id": 4, "fields": [{"field": "torrent A4 quality", "stored": "720p", "source": "1080p"}]},
            {"external_id": 5, "fields": [{"field": "torrent A5", "stored": Value::Null, "source": "A5"}]},
            {"external_id": 6, "fields": [{
                "field": "cast",
                "stored": "Lead 6 as Nobody, Everywhere as Guest",
                "source": "Lead 6 as Lead, Everywhere as Guest",
            }]},
        ])
    );
    let repaired = verify(database, &source, true).await;
    assert_eq!(found(&repaired), [], "{repaired}");
    assert_eq!(repaired.repaired.expect("it was repaired").movies_saved, 5);
    Snapshot::of(database.store().await.db()).await.assert_same(&undamaged);
}

async fn seeds_peers_and_likes_are_no_differences(database: &Database) {
    let (source, _) = crawled(database).await;
    damage(database, &["UPDATE torrents SET seeds = 77, peers = 78", "UPDATE movies SET like_count = 79"]).await;
    let report = verify(database, &source, false).await;
    assert_eq!((found(&report), report.sample.alike), (vec![], 6), "{report}");
}

async fn movies_that_the_source_no_longer_knows_are_told_apart(database: &Database) {
    let (source, _) = crawled(database).await;
    // One that is there and one that is not, both gone from the source.
    let store = database.store().await;
    movie::Entity::delete_many()
        .filter(movie::COLUMN.external_id.eq(2))
        .exec(store.db())
        .await
        .expect("a movie can be removed");
    store.remove_unlinked().await.expect("its lead goes with it");
    source.script().movies.retain(|movie| movie["id"] != 1 && movie["id"] != 2);
    for is_repair in [false, true] {
        let report = verify(database, &source, is_repair).await;
        assert_eq!(found(&report), [], "{report}");
        assert_eq!(report.sample.unknown, [1, 2]);
    }
    assert!(store.movie_exists(1).await.expect("reading works"), "it is not for a repair to remove a movie");
}

async fn movies_marked_as_deleted_although_they_are_listed_come_back(database: &Database) {
    let statements = ["UPDATE movies SET deleted_at = updated_at WHERE external_id = 6"];
    found_and_repaired(database, &statements, &[("deleted_movie", "movie 6")]).await;
}

async fn verifying_works_while_another_writes(database: &Database) {
    let (source, _) = crawled(database).await;
    let by_hand = ByHand::begin(database, 1).await;
    by_hand.claim().await;
    let report = verify(database, &source, false).await;
    assert_eq!((found(&report), report.sample.alike), (vec![], 6), "{report}");
}
