//! Asks the source for the details of movies. What comes back is compared or saved elsewhere.

use futures::StreamExt;

use crate::api::{self, Client};
use crate::movie::Movie;

/// Movies that are asked for at once; the client lets them out at its own pace.
const AT_ONCE: usize = 16;

/// What the source said.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Movies whose details it gave, in order of their ids.
    pub(super) movies: Vec<Movie>,
    /// Movies that it does not know (any more).
    pub(super) unknown: Vec<i32>,
    /// Movies whose details could not be had, and why.
    pub(super) failed: Vec<(i32, String)>,
    /// Why it was asked no further.
    pub(super) trouble: Option<api::Error>,
}

/// Asks for the details of these movies, until the source is plainly down.
pub(super) async fn ask(client: &Client, external_ids: &[i32]) -> Asked {
    let answers =
        external_ids.iter().copied().map(|external_id| async move { (client.details(external_id).await, external_id) });
    let mut answers = futures::stream::iter(answers).buffer_unordered(AT_ONCE);
    let mut asked = Asked::default();
    while let Some((answer, external_id)) = answers.next().await {
        match answer {
            Ok(parsed) => asked.movies.push(parsed.movie),
            Err(api::Error::UnknownMovie { .. }) => asked.unknown.push(external_id),
            Err(error) if error.is_source_down() => {
                asked.trouble = Some(error);
                break;
            }
            Err(error) => asked.failed.push((external_id, error.to_string())),
        }
    }
    asked.movies.sort_by_key(|movie| movie.external_id);
    asked.unknown.sort_unstable();
    asked.failed.sort();
    asked
}
