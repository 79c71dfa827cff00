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
