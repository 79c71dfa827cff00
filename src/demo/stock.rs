//! The movies a demo server has at this moment: rendered, found by id and code, and listed by date. Movies come and go
//! here while the server runs. Which of them a list request gets is in `query`.

use std::collections::HashMap;

use rand::Rng;

use super::catalogue::Movie;
use super::draw::{Purpose, stream};
use super::generator::Generator;
use super::render::Rendered;

/// What the list is searched and sorted by, and the movie's JSON.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: u32,
    pub(super) imdb_code: String,
    /// In lower case; empty for a movie without a title.
    pub(super) title: String,
    pub(super) year: u16,
    pub(super) rating: f64,
    pub(super) download_count: u32,
    pub(super) like_count: u32,
    pub(super) genres: Vec<&'static str>,
    /// The qualities as `quality` filters them, "1080p.x265" among them.
    pub(super) qualities: Vec<&'static str>,
    pub(super) rendered: Rendered,
}

/// All movies of a server.
#[derive(Debug)]
pub(super) struct Stock {
    seed: u64,
    generator: Generator,
    /// In the order of their dates; a removed movie stays here, but nothing refers to it.
    entries: Vec<Entry>,
    /// Indexes of the entries that are listed, the oldest first, so that a new movie is a push.
    listed: Vec<usize>,
    by_id: HashMap<u32, usize>,
    /// Of two movies with one code, the newer.
    by_imdb_code: HashMap<String, usize>,
    removed_count: u64,
}

impl Stock {
    /// Draws a catalogue and renders it movie by movie, so that only the JSON is kept: in all some 4.5 KB a movie.
    pub(super) fn new(seed: u64, movie_count: u32) -> Self {
        let mut stock = Self {
            seed,
            generator: Generator::new(seed, movie_count),
            entries: Vec::new(),
            listed: Vec::new(),
            by_id: HashMap::new(),
            by_imdb_code: HashMap::new(),
            removed_count: 0,
        };
        for _ in 0..movie_count {
            stock.insert_newest();
        }
        stock
    }

    /// Adds a movie newer than all others.
    pub(super) fn insert_newest(&mut self) {
        let movie = self.generator.next_movie();
        let index = self.entries.len();
        self.listed.push(index);
        self.by_id.insert(movie.id, index);
        self.by_imdb_code.insert(movie.imdb_code.clone(), index);
        self.entries.push(Entry::new(movie));
    }

    /// Removes a movie drawn from the seed, from the list and from the details.
    pub(super) fn remove_one(&mut self) {
        if self.listed.is_empty() {
            return;
        }
        let place = stream(self.seed, Purpose::Removal, self.removed_count).random_range(0..self.listed.len());
        let index = self.listed.remove(place);
        let entry = &self.entries[index];
        self.by_id.remove(&entry.id);
        if self.by_imdb_code.get(&entry.imdb_code) == Some(&index) {
            self.by_imdb_code.remove(&entry.imdb_code);
        }
        self.removed_count += 1;
    }

    /// Returns the listed movies' indexes, the oldest first.
    pub(super) fn listed(&self) -> &[usize] {
        &self.listed
    }

    /// Returns the movie at an index.
    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.entries[index]
    }

    /// Returns the listed movie with this id.
    pub(super) fn find(&self, id: u32) -> Option<&Entry> {
        self.by_id.get(&id).map(|&index| &self.entries[index])
    }

    /// Returns the listed movie with this code.
    pub(super) fn find_by_imdb_code(&self, code: &str) -> Option<&Entry> {
        self.by_imdb_code.get(code).map(|&index| &self.entries[index])
    }
}

impl Entry {
    fn new(movie: Movie) -> Self {
        let mut qualities: Vec<&'static str> = movie.torrents.iter().map(|torrent| torrent.quality).collect();
        if movie.torrents.iter().any(|torrent| torrent.quality == "1080p" && torrent.video_codec == Some("x265")) {
            qualities.push("1080p.x265");
        }
        Self {
            id: movie.id,
            title: movie.title.as_deref().unwrap_or_default().to_lowercase(),
            year: movie.year,
            rating: movie.rating.unwrap_or_default(),
            download_count: movie.download_count,
            like_count: movie.like_count,
            qualities,
            rendered: Rendered::new(&movie),
            imdb_code: movie.imdb_code,
            genres: movie.genres,
        }
    }
}
