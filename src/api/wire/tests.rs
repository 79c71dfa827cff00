//! What is believed of an answer, and what each that is none is called.

use super::*;

fn answer(body: &str) -> Answer {
    Answer { url: "http://a/x.json".to_owned(), is_html: false, body: body.to_owned() }
}

fn page(data: &str, page: u32) -> Result<ListPage, Error> {
    Envelope::open(&answer(&format!(r#"{{"status":"ok","data":{data}}}"#)))?.list_page(page, 20)
}

fn details(data: &str) -> Result<ParsedMovie, Error> {
    Envelope::open(&answer(&format!(r#"{{"status":"ok","data":{data}}}"#)))?.details(7)
}

fn refusal(body: &str) -> &'static str {
    Envelope::open(&answer(body)).unwrap_err().kind()
}

#[test]
fn names_whatever_is_no_answer_of_the_api() {
    assert_eq!(refusal("<!DOCTYPE html><title>Just a moment...</title>"), "challenge");
    assert_eq!(refusal(""), "not-json");
    assert_eq!(refusal("Moved"), "not-json");
    assert_eq!(refusal("[1,2]"), "not-json");
    assert_eq!(refusal(r#"{"message":"welcome to the clone"}"#), "not-an-api");
    assert_eq!(refusal(r#"{"status":"error","status_message":"no"}"#), "not-ok");
    assert_eq!(refusal(r#"{"status":null}"#), "not-an-api");
    assert_eq!(refusal(r#"{"status":"ok"}"#), "shape");
    for data in ["[]", "7", "-7", "7.5", "true", "\"text\""] {
        assert_eq!(refusal(&format!(r#"{{"status":"ok","data":{data}}}"#)), "shape", "{data}");
    }
    assert_eq!(refusal(r#"{"status":"ok","data":null}"#), "shape");
    assert_eq!(refusal(r#"{"status":"ok","data":{"movies":[{"id":1}"#), "json");
    assert_eq!(refusal(r#"{"status":"ok","data":{}} trailing"#), "json");
}

#[test]
fn html_by_its_header_is_believed_unless_it_is_json() {
    let html = |body: &str| Answer { is_html: true, ..answer(body) };
    assert_eq!(Envelope::open(&html("Please wait")).unwrap_err().kind(), "challenge");
    assert!(Envelope::open(&html(r#"{"status":"ok","data":{}}"#)).is_ok());
}

#[test]
fn says_where_json_breaks_off_and_how_it_began() {
    let error = Envelope::open(&answer("{\"status\":\"ok\",\n\"data\":")).unwrap_err();
    assert!(error.to_string().contains("line 2 column 7"), "{error}");
    assert!(error.body_head().unwrap().starts_with("{\"status\""));
    assert!(error.is_transient());
}

#[test]
fn an_empty_page_is_an_end_only_where_an_end_can_be() {
    assert_eq!(page(r#"{"movie_count":0}"#, 1).unwrap().entries.len(), 0);
    assert_eq!(page(r#"{"movie_count":40}"#, 3).unwrap().movie_count, 40);
    for data in [r#"{"movie_count":41}"#, r#"{"movie_count":"41","movies":null}"#, r#"{"movie_count":41,"movies":[]}"#]
    {
        assert_eq!(page(data, 3).unwrap_err().kind(), "missing-movies", "{data}");
    }
}

#[test]
fn a_page_without_a_count_or_with_other_movies_is_unexpected() {
    for data in ["{}", r#"{"movie_count":-1}"#, r#"{"movie_count":1,"movies":{}}"#] {
        assert_eq!(page(data, 1).unwrap_err().kind(), "shape", "{data}");
    }
    let endless = format!(r#"{{"movie_count":1,"movies":[{}0]}}"#, "0,".repeat(1_000_000));
    assert_eq!(page(&endless, 1).unwrap_err().kind(), "shape");
}

#[test]
fn a_count_that_no_catalogue_has_is_not_believed() {
    let count = |count: u64| page(&format!(r#"{{"movie_count":{count},"movies":[{{"id":1}}]}}"#), 1);
    assert_eq!(count(MAX_MOVIE_COUNT).unwrap().movie_count, MAX_MOVIE_COUNT);
    let refusals = [MAX_MOVIE_COUNT + 1, 1 << 62].map(|absurd| count(absurd).unwrap_err().to_string());
    assert!(refusals.iter().all(|error| error.contains("movie_count out of range")), "{refusals:?}");
}

#[test]
fn one_bad_movie_fails_alone() {
    let data = r#"{"movie_count":4,"movies":[{"id":1,"title":"One"},{"id":0},"what",{"id":4,"title":"\ud800"}]}"#;
    let movies = page(data, 1).unwrap().movies();
    assert_eq!(movies[0].as_ref().unwrap().movie.title.as_deref(), Some("One"));
    let bad: Vec<_> = movies.into_iter().filter_map(Result::err).collect();
    assert_eq!(bad.iter().map(|bad| bad.external_id).collect::<Vec<_>>(), [Some(0), None, Some(4)]);
    assert_eq!(bad[1].body_head, "\"what\"");
    assert_eq!(bad[0].to_string(), "movie 0: id 0 is not between 1 and 2147483647");
}

#[test]
fn details_must_be_of_the_movie_asked_for() {
    assert_eq!(details(r#"{"movie":{"id":7,"title":"Seven"}}"#).unwrap().movie.external_id, 7);
    let unknown = details(r#"{"movie":{"id":0,"title":null}}"#).unwrap_err();
    assert!(matches!(unknown, Error::UnknownMovie { external_id: 7 }));
    assert_eq!(details(r#"{"movie":{"id":8}}"#).unwrap_err().kind(), "wrong-movie");
    for none in [r#"{"movie":{}}"#, r#"{"movie":[{"id":7}]}"#, r#"{"movie":7}"#, r#"{"movie":"seven"}"#] {
        assert_eq!(details(none).unwrap_err().kind(), "bad-movie", "{none}");
    }
    assert_eq!(details("{}").unwrap_err().kind(), "shape");
}

#[test]
fn the_list_fills_in_what_details_do_not_say() {
    let mut movie = details(r#"{"movie":{"id":7,"title":"Seven","year":0}}"#).unwrap().movie;
    let listed = r#"{"movie_count":1,"movies":[{"id":7,"title":"Se7en","year":1995,"genres":["Crime"]}]}"#;
    let entry = &page(listed, 1).unwrap().entries[0];
    entry.fill_unknown(&mut movie).unwrap();
    assert_eq!((movie.title.as_deref(), movie.year), (Some("Seven"), Some(1995)));
    assert_eq!(movie.genres, ["Crime"]);
}

#[test]
fn shows_the_notice_of_a_move() {
    let body = r#"{"status":"ok","data":{},"@meta":{"api_version":2,"migration":
        {"message":"We move","new_base":"https:\/\/new.example\/api","sunset":"2027-01-01"}}}"#;
    let notice = Envelope::open(&answer(body)).unwrap().notice().unwrap();
    assert_eq!((notice.message.as_str(), notice.old_base), ("We move", None));
    assert_eq!(notice.new_base.as_deref(), Some("https://new.example/api"));
    assert_eq!(Envelope::open(&answer(r#"{"status":"ok","data":{},"@meta":{}}"#)).unwrap().notice(), None);
}

#[test]
fn deep_nesting_overflows_no_stack() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let data = format!(r#"{{"movie_count":1,"movies":[{{"id":1,"title":{0},"x":{0}}}]}}"#, deep(1_000_000));
    assert_eq!(page(&data, 1).unwrap().movies()[0].as_ref().unwrap().movie.title, None);
    assert_eq!(refusal(&format!(r#"{{"status":{}"#, "[".repeat(1_000_000))), "json");
    for part in ["movies", "movie"] {
        let data = format!(r#"{{"movie_count":1,"{part}":{}}}"#, deep(1_000_000));
        assert!(page(&data, 1).is_err() || page(&data, 1).unwrap().movies()[0].is_err(), "{part}");
        assert!(details(&data).is_err(), "{part}");
    }
}
