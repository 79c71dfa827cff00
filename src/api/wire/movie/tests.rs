//! Movies as the API has been seen to write them.

use super::*;

fn read_json(json: &str) -> Result<ParsedMovie, BadMovie> {
    read(serde_json::from_str(json).unwrap())
}

fn movie(json: &str) -> Movie {
    let parsed = read_json(json).unwrap();
    assert_eq!(parsed.lost, Vec::<String>::new());
    parsed.movie
}

#[test]
fn reads_a_movie_with_everything() {
    let movie = movie(
        r#"{"id":4711,"url":"https:\/\/host.example\/movies\/the-sample-2015","imdb_code":"tt0000001",
        "title":"The Sample","title_english":"The Sample","title_long":"The Sample (2015)","slug":"the-sample-2015",
        "year":2015,"rating":7.3,"runtime":98,"genres":["Drama","Comedy"],"summary":"Short.",
        "description_full":"A sample is taken.","synopsis":"Short.","yt_trailer_code":"abc","language":"en",
        "mpa_rating":"PG-13","background_image":"https://host.example/b.jpg","state":"ok","like_count":12,
        "date_uploaded":"2015-11-01 02:00:00","date_uploaded_unix":1446336000,
        "torrents":[{"hash":"aa11","quality":"1080p"}],"cast":[{"name":"A. Nobody"}]}"#,
    );
    assert_eq!((movie.external_id, movie.year, movie.rating, movie.runtime), (4711, Some(2015), Some(7.3), Some(98)));
    assert_eq!(movie.title_long.as_deref(), Some("The Sample (2015)"));
    assert_eq!(movie.url.as_deref(), Some("https://host.example/movies/the-sample-2015"));
    assert_eq!(movie.genres, ["Drama", "Comedy"]);
    assert_eq!(movie.description_full.as_deref(), Some("A sample is taken."));
    assert_eq!((movie.like_count, movie.mpa_rating.as_deref()), (Some(12), Some("PG-13")));
    assert_eq!(movie.date_uploaded.unwrap().timestamp(), 1_446_336_000);
    assert_eq!((movie.torrents[0].hash.as_str(), movie.cast[0].name.as_str()), ("AA11", "A. Nobody"));
}

#[test]
fn a_movie_needs_nothing_but_its_id() {
    let bare = Movie { external_id: 19, ..Movie::default() };
    assert_eq!(movie(r#"{"id":19}"#), bare);
    assert_eq!(movie(r#"{"id":"19","title":null,"slug":"","year":0,"rating":0,"runtime":0,"genres":null}"#), bare);
    assert_eq!(movie(r#"{"id":19,"cast":null,"torrents":[],"date_uploaded_unix":0,"language":" "}"#), bare);
}

#[test]
fn nonsense_in_a_field_costs_that_field_only() {
    let movie = movie(r#"{"id":1,"title":"Kept","year":20155,"rating":"?","runtime":-3,"like_count":-1,"slug":[1]}"#);
    assert_eq!(movie, Movie { external_id: 1, title: Some("Kept".to_owned()), ..Movie::default() });
}

#[test]
fn the_description_falls_back_to_its_other_names() {
    let described = |json: &str| movie(json).description_full;
    assert_eq!(described(r#"{"id":1,"description_full":"","summary":"S","synopsis":"Y"}"#).as_deref(), Some("S"));
    assert_eq!(described(r#"{"id":1,"summary":" ","synopsis":"Y"}"#).as_deref(), Some("Y"));
}

#[test]
fn a_movie_without_a_proper_id_is_bad() {
    for (json, id) in [
        ("{}", None),
        (r#"{"id":null}"#, None),
        (r#"{"id":"x"}"#, None),
        (r#"{"id":0}"#, Some(0)),
        (r#"{"id":-4}"#, Some(-4)),
        (r#"{"id":2147483648}"#, Some(2_147_483_648)),
        ("null", None),
        ("[1,2]", None),
    ] {
        let bad = read_json(json).unwrap_err();
        assert_eq!((bad.external_id, bad.body_head.as_str()), (id, json));
    }
}

#[test]
fn a_movie_whose_texts_cannot_be_stored_is_bad() {
    let huge_title = format!(r#"{{"id":5,"title":"{}"}}"#, "x".repeat(1_000_000));
    let bad = read_json(&huge_title).unwrap_err();
    assert_eq!((bad.external_id, bad.reason.as_str()), (Some(5), "title has more than 2000 bytes"));
    assert!(bad.body_head.len() <= 200);

    let halved = read_json(r#"{"id":6,"description_full":"\udead"}"#).unwrap_err();
    assert!(halved.reason.starts_with("description_full: "), "{}", halved.reason);
}

#[test]
fn a_movie_with_too_many_rows_is_bad() {
    for name in ["torrents", "cast", "genres"] {
        let json = format!(r#"{{"id":5,"{name}":[{}{{}}]}}"#, "{},".repeat(1_000));
        assert_eq!(read_json(&json).unwrap_err().reason, format!("{name} has more entries than can be true"));
    }
}

#[test]
fn descriptions_and_addresses_have_no_limit() {
    let long = "x".repeat(100_000);
    let movie = movie(&format!(r#"{{"id":5,"summary":"{long}","url":"{long}"}}"#));
    assert_eq!((movie.description_full.as_deref(), movie.url.as_deref()), (Some(long.as_str()), Some(long.as_str())));
}

#[test]
fn many_losses_are_told_in_few_words() {
    let torrents = "0,".repeat(900);
    let parsed = read_json(&format!(r#"{{"id":5,"torrents":[{torrents}0]}}"#)).unwrap();
    assert_eq!((parsed.lost.len(), parsed.lost[MAX_LOST].as_str()), (MAX_LOST + 1, "and 881 more"));
}
