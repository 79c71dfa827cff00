//! Conditions on what is found: what they leave of it.

use yts_ingest::movie::{CastMember, Movie};
use yts_ingest::search::{Filter, Mode, Query};

use super::plots::catalogue;
use super::{ids, query};
use crate::support::database::Database;

on_both!(filters_leave_what_passes, a_filter_finds_what_is_spelt_alike_in_every_script);

async fn filters_leave_what_passes(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let all = Filter::default();
    let cases = [
        (Filter { genres: vec!["drama".to_owned()], ..all.clone() }, vec![2, 3, 6]),
        (Filter { genres: vec!["Drama".to_owned(), "Crime".to_owned()], ..all.clone() }, vec![3]),
        (Filter { years: Some((1990, 1999)), ..all.clone() }, vec![2, 3]),
        (Filter { min_rating: Some(6.0), ..all.clone() }, vec![6, 7]),
        (Filter { min_rating: Some(f64::NEG_INFINITY), years: Some((1990, 1999)), ..all.clone() }, vec![2, 3]),
        (Filter { min_rating: Some(f64::INFINITY), ..all.clone() }, vec![]),
        (Filter { min_rating: Some(f64::NAN), ..all.clone() }, vec![]),
        (Filter { language: Some("FR".to_owned()), ..all.clone() }, vec![1]),
        (Filter { quality: Some("720P".to_owned()), ..all.clone() }, vec![2, 4, 6]),
        (Filter { cast: Some("tautou".to_owned()), ..all.clone() }, vec![1, 3]),
        (Filter { cast: Some("%".to_owned()), ..all.clone() }, vec![]),
        (Filter { cast: Some("' OR 1=1 --".to_owned()), ..all.clone() }, vec![]),
    ];
    for (filter, expected) in cases {
        for mode in [Mode::Vector, Mode::Hybrid] {
            let query = Query { filter: filter.clone(), ..query("a ship in the dark harbour", mode) };
            let mut found = ids(&catalogue, &query).await;
            found.sort_unstable();
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

async fn a_filter_finds_what_is_spelt_alike_in_every_script(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    let movie = Movie {
        external_id: 8,
        title: Some("A ship in the night".to_owned()),
        language: Some("ÍSLENSKA".to_owned()),
        genres: vec!["Épouvante".to_owned()],
        cast: vec![CastMember { name: "Ólafur Þór".to_owned(), ..CastMember::default() }],
        ..Movie::default()
    };
    store.save_movie(&movie).await.expect("a movie is saved");
    for filter in [
        Filter { genres: vec!["Épouvante".to_owned()], ..Filter::default() },
        Filter { language: Some("ÍSLENSKA".to_owned()), ..Filter::default() },
        Filter { cast: Some("Ólafur Þór".to_owned()), ..Filter::default() },
        Filter { cast: Some("ÓLAF".to_owned()), ..Filter::default() },
    ] {
        let query = Query { filter, ..query("ship", Mode::Text) };
        assert_eq!(ids(&catalogue, &query).await, [8], "{query:?}");
    }
}
