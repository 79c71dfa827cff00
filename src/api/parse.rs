//! Reading an answer without asking for it: what the client makes of a body, for property tests and fuzzing.
//!
//! Pure: the same bytes give the same outcome, nothing is sent and nothing is kept.

use super::body;
use super::error::Error;
use super::http::{Answer, Call};
use super::options::ListQuery;
use super::wire::{Envelope, ListPage, ParsedMovie};

/// Reads a body as the given page of a list.
pub fn parse_list(body: &[u8], query: &ListQuery, page: u32) -> Result<ListPage, Error> {
    let answer = answer(&Call::list(query, page), body);
    Envelope::open(&answer)?.list_page(page, query.page_size())
}

/// Reads a body as the details of the movie asked for.
pub fn parse_details(body: &[u8], external_id: i32) -> Result<ParsedMovie, Error> {
    let answer = answer(&Call::details(external_id), body);
    Envelope::open(&answer)?.details(external_id)
}

/// The answer to a call as it would have come from somewhere.
fn answer(call: &Call, body: &[u8]) -> Answer {
    Answer { url: call.shown(), is_html: false, body: body::into_text(body.to_vec()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any JSON, texts and numbers of all kinds among it.
    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            let name = prop_oneof!["id|title|year|rating|genres|cast|torrents|hash|seeds|date_uploaded_unix", ".*"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::hash_map(name, inner, 0..8).prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(parse_list(&body, &ListQuery::default(), 1).is_err());
            prop_assert!(parse_details(&body, 1).is_err());
        }

        #[test]
        fn every_entry_of_a_page_is_accounted_for(entries in prop::collection::vec(json(), 1..10)) {
            let answer = serde_json::json!({"status": "ok", "data": {"movie_count": 9, "movies": entries}});
            let page = parse_list(answer.to_string().as_bytes(), &ListQuery::default(), 1).unwrap();
            prop_assert_eq!(page.entries.len(), entries.len());
        }

        #[test]
        fn details_are_of_the_movie_asked_for_or_refused(fields in json()) {
            let answer = serde_json::json!({"status": "ok", "data": {"movie": fields}});
            if let Ok(parsed) = parse_details(answer.to_string().as_bytes(), 7) {
                prop_assert_eq!(parsed.movie.external_id, 7);
            }
        }

        #[test]
        fn a_title_survives_the_way_through_json(title in "\\PC*[^\\s]\\PC*") {
            let answer = serde_json::json!({"status": "ok", "data": {"movie": {"id": 7, "title": title}}});
            let parsed = parse_details(answer.to_string().as_bytes(), 7).unwrap();
            // But for NUL, which `PostgreSQL` cannot hold.
            prop_assert_eq!(parsed.movie.title, Some(title.replace('\0', "\u{FFFD}")));
        }
    }
}
