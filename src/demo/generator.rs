//! Draws the movies of the demo catalogue one after the other, the oldest first.
//! Torrents, people and text have modules of their own; what a movie consists of is in `catalogue`.

use std::collections::HashSet;

use rand::Rng;
use rand::rngs::StdRng;

use super::catalogue::Movie;
use super::draw::{Purpose, fnv1a, one_in, pick, stream, weighted};
use super::people::People;
use super::words::{GENRES, LANGUAGES, MPA_RATINGS};
use super::{prose, torrents};

/// The catalogue's first upload, 2015-11-01, and the one after its last, 2026-11-20. Constants, not the clock: a
/// catalogue drawn tomorrow is the same.
const FIRST_UPLOAD: i64 = 1_446_336_000;
const LAST_UPLOAD: i64 = 1_795_132_800;

/// One id in so many is left out, which puts the newest id 1.75 % above the number of movies.
const ID_BLOCK: u32 = 57;

/// How many movies have no title, each of another year so that even their slugs differ.
const UNTITLED: u32 = 4;

/// Codes are drawn below this: seven and eight digits, like the real ones.
const IMDB_CODES: u32 = 30_000_000;

/// Draws the movies of one catalogue.
#[derive(Debug)]
pub(super) struct Generator {
    seed: u64,
    count: u32,
    position: u32,
    people: People,
    imdb_offset: u32,
    /// Hashes of all slugs so far: titles are drawn again until theirs is new.
    slugs: HashSet<u64>,
    previous: Option<Naming>,
}

/// What a movie is called.
#[derive(Clone, Debug)]
struct Naming {
    title: Option<String>,
    year: u16,
    slug: String,
    imdb_code: String,
}

/// What the two movies of a pair share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shared {
    Slug,
    SlugAndImdbCode,
}

impl Generator {
    /// Makes a generator for a catalogue of `count` movies; it can be asked for more.
    pub(super) fn new(seed: u64, count: u32) -> Self {
        let imdb_offset = stream(seed, Purpose::Offset, 0).random_range(0..IMDB_CODES);
        let slugs = HashSet::with_capacity(usize::try_from(count).unwrap_or_default());
        Self { seed, count, position: 0, people: People::new(seed, count), imdb_offset, slugs, previous: None }
    }

    /// Draws the next movie, newer than all before.
    pub(super) fn next_movie(&mut self) -> Movie {
        let position = self.position;
        let mut rng = stream(self.seed, Purpose::Movie, u64::from(position));
        let uploaded_at = self.upload_time(position, &mut rng);
        let language = weighted(&mut rng, LANGUAGES);
        let naming = self.naming(position, uploaded_at, language, &mut rng);
        let genres = genres(&mut rng);
        let description = description(&mut rng, &genres);
        let (rating, runtime) = figures(&mut rng);
        let like_count = rng.random_range(0..40) * rng.random_range(0..40);
        let movie = Movie {
            id: movie_id(self.seed, position),
            title_long: format!("{} ({})", naming.title.as_deref().unwrap_or_default(), naming.year),
            description_intro: prose::intro(&description).to_owned(),
            description,
            rating,
            runtime,
            yt_trailer_code: trailer_code(&mut rng),
            language,
            mpa_rating: weighted(&mut rng, MPA_RATINGS),
            like_count,
            download_count: like_count * 97 + rng.random_range(0..5000),
            torrents: torrents::draw(&mut rng, uploaded_at, runtime),
            cast: self.people.cast(&mut rng),
            genres,
            uploaded_at,
            imdb_code: naming.imdb_code.clone(),
            title: naming.title.clone(),
            slug: naming.slug.clone(),
            year: naming.year,
        };
        self.previous = Some(naming);
        self.position += 1;
        movie
    }

    /// Returns a time within the position's own share of the years, so that no two movies have the same.
    fn upload_time(&self, position: u32, rng: &mut StdRng) -> i64 {
        let share = ((LAST_UPLOAD - FIRST_UPLOAD) / i64::from(self.count.max(1))).max(1);
        FIRST_UPLOAD + i64::from(position) * share + rng.random_range(0..share)
    }

    fn naming(&mut self, position: u32, uploaded_at: i64, language: Option<&str>, rng: &mut StdRng) -> Naming {
        let imdb_code = self.imdb_code(position);
        match (self.shared_with_previous(position), &self.previous) {
            (Some(Shared::SlugAndImdbCode), Some(previous)) => return previous.clone(),
            (Some(Shared::Slug), Some(previous)) => return Naming { imdb_code, ..previous.clone() },
            _ => {}
        }
        if let Some(year) = self.untitled_year(position) {
            return Naming { title: None, year, slug: prose::slug("", year), imdb_code };
        }
        let year = release_year(uploaded_at, rng);
        loop {
            let title = prose::title(rng, language);
            let slug = prose::slug(&title, year);
            if self.slugs.insert(fnv1a(&slug)) {
                return Naming { title: Some(title), year, slug, imdb_code };
            }
        }
    }

    /// Says what a movie shares with the one before. Only the newer of the positions (2k, 2k+1), counted from the
    /// newest, shares anything: so both stand on one page at every even limit.
    fn shared_with_previous(&self, position: u32) -> Option<Shared> {
        let from_newest = self.count.checked_sub(position + 1)?;
        let pairs = self.count / 2;
        if from_newest % 2 == 1 || pairs < 8 {
            return None;
        }
        let pair = from_newest / 2;
        let mut twins = stream(self.seed, Purpose::Twins, 0);
        let doubled = [twins.random_range(0..pairs / 2), twins.random_range(pairs / 2..pairs)];
        if doubled.contains(&pair) {
            return Some(Shared::SlugAndImdbCode);
        }
        one_in(&mut stream(self.seed, Purpose::Twins, u64::from(pair) + 1), 300).then_some(Shared::Slug)
    }

    fn untitled_year(&self, position: u32) -> Option<u16> {
        let share = self.count / UNTITLED;
        if share < 8 || position >= share * UNTITLED || position % share != share / 2 {
            return None;
        }
        u16::try_from(2012 - position / share).ok()
    }

    fn imdb_code(&self, position: u32) -> String {
        // The step shares no factor with the number of codes, so every position has a code of its own.
        let number = (u64::from(position) * 7_919 + u64::from(self.imdb_offset)) % u64::from(IMDB_CODES);
        format!("tt{:07}", number + 1)
    }
}

/// Returns the id of a position: increasing with gaps, but for some neighbours that stand in the reverse of their
/// dates.
fn movie_id(seed: u64, position: u32) -> u32 {
    let exchanged = match position % 8 {
        2 => position + 3,
        5 => position - 3,
        _ => position,
    };
    let swapped = one_in(&mut stream(seed, Purpose::Ids, u64::from(position / 8)), 4);
    let number = if swapped { exchanged } else { position };
    let (block, place) = (number / ID_BLOCK, number % ID_BLOCK);
    let gap = stream(seed, Purpose::Ids, u64::from(u32::MAX) + u64::from(block)).random_range(0..ID_BLOCK);
    1 + number + block + u32::from(place >= gap)
}

/// Draws a year: mostly that of the upload, the older the rarer, and 0 at times.
fn release_year(uploaded_at: i64, rng: &mut StdRng) -> u16 {
    if one_in(rng, 200) {
        return 0;
    }
    // Years of 365.25 days are near enough: the upload's year is only where releases end.
    let upload_year = 1970 + uploaded_at / 31_557_600;
    let age = if one_in(rng, 3) { rng.random_range(0..9) * rng.random_range(0..10) } else { rng.random_range(0..2) };
    u16::try_from(upload_year - age).unwrap_or_default()
}

fn genres(rng: &mut StdRng) -> Vec<&'static str> {
    let count = weighted(rng, &[(0, 2), (1, 20), (2, 36), (3, 29), (4, 13)]);
    let mut genres = Vec::with_capacity(count);
    while genres.len() < count {
        let genre = weighted(rng, GENRES);
        if !genres.contains(&genre) {
            genres.push(genre);
        }
    }
    genres.sort_unstable();
    genres
}

fn description(rng: &mut StdRng, genres: &[&str]) -> String {
    if one_in(rng, 60) {
        return String::new();
    }
    let leading = if genres.is_empty() { "Drama" } else { pick(rng, genres) };
    prose::description(rng, leading)
}

/// Draws rating and runtime. For some both keys are absent, as they were for everyone in January 2026.
fn figures(rng: &mut StdRng) -> (Option<f64>, Option<u32>) {
    if one_in(rng, 50) {
        return (None, None);
    }
    let tenths = if one_in(rng, 25) { 0 } else { (0..3).map(|_| rng.random_range(7..=30_u32)).sum() };
    let runtime = if one_in(rng, 12) { 0 } else { rng.random_range(45..100) + rng.random_range(0..80) };
    (Some(f64::from(tenths) / 10.0), Some(runtime))
}

fn trailer_code(rng: &mut StdRng) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let length = if one_in(rng, 6) { 11 } else { 0 };
    (0..length).map(|_| char::from(pick(rng, LETTERS))).collect()
}
