//! Domain records and run pages made up by the tests, for what goes straight into the store.

use std::collections::HashMap;

use yts_ingest::movie::{CastMember, Movie, Torrent};
use yts_ingest::store::{Claim, Lease, NewRun, PageResult, Presence, Run, Scope, Store};

use super::database::Database;

/// Returns a movie with something in every table, none of it shared with another movie's.
pub(crate) fn full_movie(external_id: i32) -> Movie {
    let unseen = CastMember { name: format!("Unseen {external_id}"), ..CastMember::default() };
    Movie {
        external_id,
        title: Some(format!("Movie {external_id}")),
        slug: Some(format!("movie-{external_id}")),
        year: Some(2001),
        rating: Some(6.5),
        genres: vec![format!("Genre {external_id}"), "Drama".to_owned()],
        cast: vec![person(external_id, &format!("Lead {external_id}")), unseen],
        torrents: vec![torrent(&format!("A{external_id}"), 10), torrent(&format!("B{external_id}"), 20)],
        ..Movie::default()
    }
}

/// Returns a role of a person with a code.
pub(crate) fn person(number: i32, character: &str) -> CastMember {
    CastMember {
        imdb_code: Some(format!("{number:07}")),
        name: format!("Person {number}"),
        character_name: Some(character.to_owned()),
        url_small_image: None,
    }
}

/// Returns a torrent with so many seeds.
pub(crate) fn torrent(hash: &str, seeds: i32) -> Torrent {
    Torrent { hash: hash.to_owned(), seeds: Some(seeds), size_bytes: Some(1_000), ..Torrent::default() }
}

/// A run whose pages the test saves itself, under a presence of its own.
pub(crate) struct ByHand {
    pub(crate) store: Store,
    pub(crate) run: Run,
    pub(crate) presence: Presence,
}

impl ByHand {
    /// Begins a run of so many pages.
    pub(crate) async fn begin(database: &Database, pages: u32) -> Self {
        let store = database.store().await;
        let presence = store.announce(&database.options(1)).await.expect("nobody else writes");
        let query = "by hand".to_owned();
        let scope = "by hand".to_owned();
        let new = NewRun { query, scope, start_page: 1, max_pages: None, page_limit: 50 };
        let run = store.open_run(&new, false).await.expect("a run begins");
        store.plan_pages(&run, pages, None).await.expect("pages are planned");
        Self { store, run, presence }
    }

    /// Claims the next page.
    pub(crate) async fn claim(&self) -> Lease {
        match self.store.claim(self.run.id, self.presence.owner, 1).await.expect("claiming works") {
            Claim::Pages(leases) => leases[0],
            other => panic!("no page to claim: {other:?}"),
        }
    }

    /// Claims the next page and returns what would save these new movies as that page.
    pub(crate) async fn page_of_new(&self, new: Vec<Movie>) -> PageResult {
        let listed = u32::try_from(new.len()).expect("a page is small");
        let scope = Scope::RatingAndTorrents;
        let lease = self.claim().await;
        PageResult {
            lease,
            reading: None,
            listed,
            new,
            vectors: HashMap::new(),
            updates: Vec::new(),
            scope,
            failures: Vec::new(),
            failed: 0,
            reappeared: Vec::new(),
            settled: None,
        }
    }

    /// Claims the next page and returns what would bring these movies up to date.
    pub(crate) async fn page_of_updates(&self, updates: Vec<Movie>, scope: Scope) -> PageResult {
        let page = self.page_of_new(Vec::new()).await;
        let listed = u32::try_from(updates.len()).expect("a page is small");
        PageResult { listed, updates, scope, ..page }
    }
}
