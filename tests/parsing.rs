//! What parses must survive anything: made-up movies and broken bodies, through the client and a source on loopback.
//!
//! A movie that the API could send comes out as it went in; one with nonsense in it comes out without the nonsense, or
//! as a `BadMovie` that says why; a body that is none is an error. Never a panic, and never a 0 or "" for unknown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::DateTime;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;
use yts_ingest::api::{BadMovie, Client, Entry, Error, ListPage, ListQuery, Options, ParsedMovie};
use yts_ingest::movie::{CastMember, Movie, Torrent};

#[path = "cli/source.rs"]
mod source;

use source::{Answer, Source};

/// Movies a page, and so movies a request.
const PAGE_SIZE: u32 = 20;

/// A client and a source that answers whatever body it was given last.
struct Bench {
    runtime: Runtime,
    client: Client,
    body: Arc<Mutex<Vec<u8>>>,
    _source: Source,
}

impl Bench {
    fn new() -> Self {
        let body = Arc::new(Mutex::new(Vec::new()));
        let served = Arc::clone(&body);
        let source = Source::start(move |_| {
            let body = served.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Answer { status: 200, content_type: "application/json", body }
        });
        let base_urls = vec![Url::parse(&source.base_url()).expect("a base URL")];
        // One attempt: what does not parse will not parse the second time.
        let options = Options { base_urls, rate: 0.0, max_attempts: 1, ..Options::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async { Client::new(options) }).expect("a client");
        let bench = Self { runtime, client, body, _source: source };
        bench.recover();
        bench
    }

    fn list(&self, body: impl Into<Vec<u8>>) -> Result<ListPage, Error> {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body.into();
        let query = ListQuery { limit: PAGE_SIZE, ..ListQuery::default() };
        self.runtime.block_on(self.client.list(&query, 1))
    }

    fn details(&self, movie: &str) -> Result<ParsedMovie, Error> {
        let body = format!(r#"{{"status":"ok","data":{{"movie":{movie}}}}}"#);
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body.into_bytes();
        self.runtime.block_on(self.client.details(7))
    }

    /// Lets the source answer well once, so that the client does not give up on it.
    fn recover(&self) {
        let empty = self.list(page_of(&[]));
        assert!(empty.is_ok_and(|page| page.entries.is_empty()), "the source is not well");
    }
}

fn page_of(movies: &[String]) -> String {
    format!(r#"{{"status":"ok","data":{{"movie_count":{},"movies":[{}]}}}}"#, movies.len(), movies.join(","))
}

#[track_caller]
fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Texts that have made trouble somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => ".{0,40}",
        1 => "[ \\t\\r\\n\u{a0}\u{3000}]{0,3}",
        1 => select(vec![
            "\0", "a\0b", "\u{202e}gnp.exe", "\u{1b}[2J", "'); DROP TABLE movies;--", "=1+1", "<script>", "null", "NaN",
            "-1", "0", "00", "1e3", "1e999", " 7 ", "99999999999999999999", "\u{feff}", "\u{2028}", "tt0111161",
        ]).prop_map(str::to_owned),
        1 => (1_usize..6_000).prop_map(|length| "é".repeat(length)),
    ]
}

/// JSON of any kind, including what `serde_json` could not write: halves of surrogate pairs, numbers beyond all types.
fn anything() -> BoxedStrategy<String> {
    let scalar = prop_oneof![
        3 => text().prop_map(|text| Value::from(text).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<i32>().prop_map(|number| format!("\"{number}\"")),
        1 => (-20.0..20.0).prop_map(|number: f64| number.to_string()),
        2 => select(vec![
            "null", "true", "false", "0", "-0", "0.0", "-1", "1e400", "-1e400", "1E3", "0.1e1", "7.0", "7.5", "2147483647",
            "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1e-400", "253402300800",
            "123456789012345678901234567890", r#""""#, r#"" ""#, r#""\ud83d""#, r#""\udc00\ud83d""#, r#""\u0000""#,
            r#""\u202e""#, r#""\u001b[2J""#, "[]", "{}", "[null]", "[[]]", r#"{"a":{}}"#,
        ]).prop_map(str::to_owned),
    ];
    scalar
        .prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(","))),
                vec((select(ALL_FIELDS.to_vec()), inner), 0..4).prop_map(|fields| object(&fields)),
            ]
        })
        .boxed()
}

const TEXT_FIELDS: [&str; 18] = [
    "imdb_code",
    "title",
    "title_english",
    "title_long",
    "slug",
    "description_intro",
    "description_full",
    "summary",
    "synopsis",
    "yt_trailer_code",
    "language",
    "mpa_rating",
    "url",
    "background_image",
    "background_image_original",
    "small_cover_image",
    "medium_cover_image",
    "large_cover_image",
];
const ALL_FIELDS: [&str; 16] = [
    "id",
    "title",
    "name",
    "hash",
    "url",
    "quality",
    "type",
    "is_repack",
    "seeds",
    "peers",
    "size_bytes",
    "size",
    "date_uploaded_unix",
    "imdb_code",
    "character_name",
    "url_small_image",
];

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

/// A list whose entries are objects with some of these fields, or anything.
fn rows(fields: &'static [&'static str]) -> impl Strategy<Value = String> {
    let row = vec((select(fields.to_vec()), anything()), 0..6).prop_map(|fields| object(&fields));
    let entry = prop_oneof![3 => row, 1 => anything()];
    prop_oneof![
        4 => vec(entry, 0..4).prop_map(|entries| format!("[{}]", entries.join(","))),
        1 => anything(),
        1 => (990_usize..1_010).prop_map(|count| format!("[{}]", vec!["{}"; count].join(","))),
    ]
}

/// What the id says, and whether a movie may be kept under it.
fn id() -> impl Strategy<Value = (String, Option<i32>)> {
    let kept = |id: i32| Some(id);
    prop_oneof![
        4 => (1..=i32::MAX).prop_map(move |id| (id.to_string(), kept(id))),
        1 => (1..=i32::MAX).prop_map(move |id| (format!("\"{id}\""), kept(id))),
        1 => Just((i32::MAX.to_string(), kept(i32::MAX))),
        1 => prop_oneof![i64::MIN..=0, i64::from(i32::MAX) + 1..=i64::MAX].prop_map(|id| (id.to_string(), None)),
        1 => select(vec![
            "null", "\"\"", "\"seven\"", "[]", "{}", "true", "7.5", "1e99", "-1e99", "99999999999999999999", "\"0x7\"",
            "-9223372036854775809", "\"-7\"", "\"\\ud83d\"",
        ]).prop_map(|id| (id.to_owned(), None)),
    ]
}

/// A movie with any field absent or anything, and the id under which it may be kept.
fn strange_movie() -> impl Strategy<Value = (String, Option<i32>)> {
    const NUMBERS: [&str; 5] = ["year", "rating", "runtime", "like_count", "date_uploaded_unix"];
    let names: Vec<&str> = TEXT_FIELDS.into_iter().chain(NUMBERS).chain(["state", "unheard_of"]).collect();
    let fields = vec((select(names), anything()), 0..12);
    let genres = prop_oneof![vec(anything(), 0..4).prop_map(|genres| format!("[{}]", genres.join(","))), anything()];
    (id(), fields, option::of(genres), option::of(rows(&ALL_FIELDS)), option::of(rows(&ALL_FIELDS))).prop_map(
        |((id, kept), mut fields, genres, cast, torrents)| {
            let lists = [("genres", genres), ("cast", cast), ("torrents", torrents)];
            fields.extend(lists.into_iter().filter_map(|(name, list)| Some((name, list?))));
            fields.push(("id", id));
            (object(&fields), kept)
        },
    )
}

/// What holds for every movie that is kept: unknown is `None`, and nothing is out of its range.
fn check_kept(movie: &Movie) -> Result<(), TestCaseError> {
    prop_assert!(movie.external_id > 0);
    for text in [
        &movie.imdb_code,
        &movie.title,
        &movie.title_english,
        &movie.title_long,
        &movie.slug,
        &movie.description_intro,
        &movie.description_full,
        &movie.yt_trailer_code,
        &movie.language,
        &movie.mpa_rating,
        &movie.url,
        &movie.background_image,
        &movie.background_image_original,
        &movie.small_cover_image,
        &movie.medium_cover_image,
        &movie.large_cover_image,
    ] {
        check_known(text.as_deref())?;
    }
    prop_assert!(movie.year.is_none_or(|year| (1..=9_999).contains(&year)), "year {:?}", movie.year);
    prop_assert!(movie.rating.is_none_or(|rating| rating > 0.0 && rating <= 10.0), "rating {:?}", movie.rating);
    prop_assert!(movie.runtime.is_none_or(|runtime| runtime > 0), "runtime {:?}", movie.runtime);
    prop_assert!(movie.like_count.is_none_or(|count| count >= 0), "like_count {:?}", movie.like_count);
    prop_assert!(movie.date_uploaded.is_none_or(|date| date.timestamp() > 0), "date {:?}", movie.date_uploaded);
    let genres: BTreeSet<&String> = movie.genres.iter().collect();
    prop_assert_eq!(genres.len(), movie.genres.len(), "a genre stands twice");
    for genre in genres {
        check_known(Some(genre))?;
    }
    let hashes: BTreeSet<&String> = movie.torrents.iter().map(|torrent| &torrent.hash).collect();
    prop_assert_eq!(hashes.len(), movie.torrents.len(), "a hash stands twice");
    movie.torrents.iter().try_for_each(check_torrent)?;
    movie.cast.iter().try_for_each(check_cast_member)
}

fn check_torrent(torrent: &Torrent) -> Result<(), TestCaseError> {
    check_known(Some(&torrent.hash))?;
    for text in [
        &torrent.url,
        &torrent.quality,
        &torrent.kind,
        &torrent.video_codec,
        &torrent.bit_depth,
        &torrent.audio_channels,
        &torrent.size,
    ] {
        check_known(text.as_deref())?;
    }
    prop_assert!(torrent.seeds.is_none_or(|seeds| seeds >= 0) && torrent.peers.is_none_or(|peers| peers >= 0));
    prop_assert!(torrent.size_bytes.is_none_or(|bytes| bytes >= 0));
    Ok(())
}

fn check_cast_member(member: &CastMember) -> Result<(), TestCaseError> {
    check_known(Some(&member.name))?;
    for text in [&member.imdb_code, &member.character_name, &member.url_small_image] {
        check_known(text.as_deref())?;
    }
    Ok(())
}

/// A text that is there says something, and a database can hold it.
fn check_known(text: Option<&str>) -> Result<(), TestCaseError> {
    if let Some(text) = text {
        prop_assert!(!text.trim().is_empty() && !text.contains('\0'), "{:?} is no text", text);
    }
    Ok(())
}

/// A movie that is not kept says why, and is fit to be shown.
fn check_bad(bad: &BadMovie) -> Result<(), TestCaseError> {
    prop_assert!(!bad.reason.trim().is_empty(), "no reason");
    prop_assert!(bad.body_head.chars().count() <= 200 && !bad.body_head.chars().any(char::is_control));
    check_shown(&bad.to_string())
}

fn check_shown(message: &str) -> Result<(), TestCaseError> {
    prop_assert!(
        !message.is_empty() && !message.chars().any(char::is_control),
        "{:?} is not fit for a terminal",
        message
    );
    Ok(())
}

#[test]
fn strange_movies_are_kept_without_the_nonsense_or_refused_with_a_reason() {
    let bench = Bench::new();
    let size = usize::try_from(PAGE_SIZE).expect("a small number");
    check(150, &vec(strange_movie(), 1..=size), |strange| {
        let texts: Vec<String> = strange.iter().map(|(text, _)| text.clone()).collect();
        let page =
            bench.list(page_of(&texts)).map_err(|error| TestCaseError::fail(format!("the page failed: {error}")))?;
        prop_assert_eq!(page.entries.len(), strange.len(), "one movie costs that movie, not its page");
        for (entry, (text, kept)) in page.movies().iter().zip(&strange) {
            match entry {
                Ok(parsed) => {
                    prop_assert_eq!(Some(parsed.movie.external_id), *kept, "{}", text);
                    check_kept(&parsed.movie)?;
                    parsed.lost.iter().try_for_each(|lost| check_shown(lost))?;
                }
                Err(bad) => check_bad(bad)?,
            }
        }
        Ok(())
    });
}

#[test]
fn an_id_outside_of_i32_is_never_kept() {
    let bench = Bench::new();
    check(150, &vec(id(), 1..=20), |ids| {
        let texts: Vec<String> = ids.iter().map(|(id, _)| format!(r#"{{"id":{id},"title":"A"}}"#)).collect();
        let page = bench.list(page_of(&texts)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found: Vec<Option<i32>> =
            page.movies().iter().map(|entry| entry.as_ref().ok().map(|parsed| parsed.movie.external_id)).collect();
        let expected: Vec<Option<i32>> = ids.iter().map(|(_, kept)| *kept).collect();
        prop_assert_eq!(&found, &expected);
        let without_reading: Vec<Option<i32>> = page.entries.iter().map(Entry::external_id).collect();
        prop_assert_eq!(&without_reading, &expected);
        Ok(())
    });
}

/// A text that the API could mean.
fn meant() -> impl Strategy<Value = String> {
    "[^\\x00]{0,30}[\\PC&&\\S][^\\x00]{0,30}"
}

/// A genre; the API's are words, and longer ones are not taken for any.
fn genre() -> impl Strategy<Value = String> {
    "[^\\x00]{0,8}[\\PC&&\\S][^\\x00]{0,8}"
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(meant())
}

fn count() -> impl Strategy<Value = Option<i32>> {
    option::of(0..=i32::MAX)
}

fn moment() -> impl Strategy<Value = Option<DateTime<chrono::Utc>>> {
    option::of((1_i64..4_000_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).expect("a moment")))
}

fn torrent() -> impl Strategy<Value = Torrent> {
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let size_bytes = option::of(0..=i64::MAX);
    ("[0-9A-F]{40}", texts, option::of(any::<bool>()), count(), count(), size_bytes, moment()).prop_map(
        |(hash, texts, is_repack, seeds, peers, size_bytes, date_uploaded)| {
            let (url, quality, kind, video_codec, bit_depth, audio_channels, size) = texts;
            Torrent {
                hash,
                url,
                quality,
                kind,
                is_repack,
                video_codec,
                bit_depth,
                audio_channels,
                seeds,
                peers,
                size,
                size_bytes,
                date_uploaded,
            }
        },
    )
}

fn cast_member() -> impl Strategy<Value = CastMember> {
    (option::of("[0-9]{7,8}"), meant(), maybe(), maybe()).prop_map(
        |(imdb_code, name, character_name, url_small_image)| CastMember {
            imdb_code,
            name,
            character_name,
            url_small_image,
        },
    )
}

/// A movie as the API could describe it.
fn sound_movie() -> impl Strategy<Value = Movie> {
    let titles = (maybe(), maybe(), maybe(), maybe(), maybe());
    let numbers = (option::of(1..=9_999), option::of(1..=100_u8), option::of(1..=i32::MAX), count(), moment());
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let images = (maybe(), maybe(), maybe(), maybe(), maybe());
    let lists = (
        proptest::collection::btree_set(genre(), 0..4),
        proptest::collection::btree_set(cast_member(), 0..4),
        proptest::collection::btree_map("[0-9A-F]{40}", torrent(), 0..4),
    );
    (1..=i32::MAX, titles, numbers, texts, images, lists).prop_map(|(external_id, titles, numbers, texts, images, lists)| {
        let (imdb_code, title, title_english, title_long, slug) = titles;
        let (year, tenths, runtime, like_count, date_uploaded) = numbers;
        let (description_intro, description_full, yt_trailer_code, language, mpa_rating, url) = texts;
        let (background_image, background_image_original, small_cover_image, medium_cover_image, large_cover_image) = images;
        let (genres, cast, torrents) = lists;
        Movie {
            external_id, imdb_code, title, title_english, title_long, slug, year,
            rating: tenths.map(|tenths| f64::from(tenths) / 10.0),
            runtime, description_intro, description_full, yt_trailer_code, language, mpa_rating, like_count, url,
            background_image, background_image_original, small_cover_image, medium_cover_image, large_cover_image,
            date_uploaded,
            genres: genres.into_iter().collect(),
            cast: cast.into_iter().collect(),
            torrents: torrents.into_iter().map(|(hash, torrent)| Torrent { hash, ..torrent }).collect(),
        }
    })
}

/// Writes a movie as the API does: flags as "1" and "0", dates in seconds, unknown as null.
fn written(movie: &Movie) -> Value {
    let seconds = |date: Option<DateTime<chrono::Utc>>| date.map(|date| date.timestamp());
    let torrents = movie.torrents.iter().map(|torrent| {
        json!({
            "hash": torrent.hash, "url": torrent.url, "quality": torrent.quality, "type": torrent.kind,
            "is_repack": torrent.is_repack.map(|is_repack| if is_repack { "1" } else { "0" }),
            "video_codec": torrent.video_codec, "bit_depth": torrent.bit_depth,
            "audio_channels": torrent.audio_channels, "seeds": torrent.seeds, "peers": torrent.peers,
            "size": torrent.size, "size_bytes": torrent.size_bytes,
            "date_uploaded": "2020-01-01 00:00:00", "date_uploaded_unix": seconds(torrent.date_uploaded),
        })
    });
    let cast = movie.cast.iter().map(|member| {
        json!({
            "name": member.name, "character_name": member.character_name, "imdb_code": member.imdb_code,
            "url_small_image": member.url_small_image,
        })
    });
    let mut value = json!({
        "id": movie.external_id, "imdb_code": movie.imdb_code, "title": movie.title,
        "title_english": movie.title_english, "title_long": movie.title_long, "slug": movie.slug, "year": movie.year,
        "rating": movie.rating, "runtime": movie.runtime, "genres": movie.genres,
        "description_intro": movie.description_intro, "description_full": movie.description_full,
        "yt_trailer_code": movie.yt_trailer_code, "language": movie.language, "mpa_rating": movie.mpa_rating,
        "like_count": movie.like_count, "url": movie.url,
    });
    let rest = json!({
        "background_image": movie.background_image, "background_image_original": movie.background_image_original,
        "small_cover_image": movie.small_cover_image, "medium_cover_image": movie.medium_cover_image,
        "large_cover_image": movie.large_cover_image, "date_uploaded": "2020-01-01 00:00:00",
        "date_uploaded_unix": seconds(movie.date_uploaded),
    });
    let fields = value.as_object_mut().expect("an object");
    fields.extend(rest.as_object().expect("an object").clone());
    fields.insert("torrents".to_owned(), torrents.collect());
    fields.insert("cast".to_owned(), cast.collect());
    value
}

#[test]
fn a_sound_movie_comes_out_as_it_went_in() {
    let bench = Bench::new();
    check(100, &vec(sound_movie(), 1..=10), |movies| {
        let texts: Vec<String> = movies.iter().map(|movie| written(movie).to_string()).collect();
        let page = bench.list(page_of(&texts)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let parsed: Vec<_> =
            page.movies().into_iter().map(|entry| entry.map(|parsed| (parsed.movie, parsed.lost))).collect();
        let expected: Vec<_> = movies.into_iter().map(|movie| Ok((movie, Vec::new()))).collect();
        prop_assert_eq!(parsed, expected);
        Ok(())
    });
}

#[test]
fn details_are_read_as_lists_are() {
    let bench = Bench::new();
    check(100, &sound_movie(), |movie| {
        let asked = Movie { external_id: 7, ..movie };
        let parsed =
            bench.details(&written(&asked).to_string()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(parsed.movie, asked);
        Ok(())
    });
}

/// What happens to a body on its way.
#[derive(Clone, Debug)]
enum Mishap {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        4 => (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Mishap::Flip(at, bits)),
        1 => any::<Index>().prop_map(Mishap::Cut),
        1 => (any::<Index>(), 1_usize..50).prop_map(|(at, count)| Mishap::Drop(at, count)),
        1 => (any::<Index>(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Mishap::Insert(at, bytes)),
        1 => (any::<Index>(), 1_usize..200).prop_map(|(at, count)| Mishap::Repeat(at, count)),
    ]
}

impl Mishap {
    fn happen_to(&self, body: &mut Vec<u8>) {
        let within = |at: &Index, body: &Vec<u8>| at.index(body.len().max(1)).min(body.len());
        match self {
            Self::Flip(at, bits) => {
                let at = within(at, body);
                body.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits);
            }
            Self::Cut(at) => body.truncate(within(at, body)),
            Self::Drop(at, count) => {
                let at = within(at, body);
                body.drain(at..body.len().min(at + count));
            }
            Self::Insert(at, bytes) => {
                let at = within(at, body);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Repeat(at, count) => {
                let at = within(at, body);
                let piece = body[at..body.len().min(at + count)].to_vec();
                body.splice(at..at, piece);
            }
        }
    }
}

#[test]
fn a_broken_body_is_an_error_or_a_page_and_never_a_panic() {
    let bench = Bench::new();
    let broken = (vec(sound_movie(), 1..=3), vec(mishap(), 1..4));
    check(400, &broken, |(movies, mishaps)| {
        let texts: Vec<String> = movies.iter().map(|movie| written(movie).to_string()).collect();
        let mut body = page_of(&texts).into_bytes();
        for mishap in &mishaps {
            mishap.happen_to(&mut body);
        }
        match bench.list(body) {
            Ok(page) => {
                for entry in &page.movies() {
                    entry.as_ref().map_or_else(check_bad, |parsed| check_kept(&parsed.movie))?;
                }
            }
            Err(error) => {
                prop_assert!(!error.is_source_down(), "one bad body is not the end: {}", error);
                check_shown(&error.to_string())?;
                bench.recover();
            }
        }
        Ok(())
    });
}

#[test]
fn a_body_of_bytes_is_an_error() {
    let bench = Bench::new();
    check(200, &vec(any::<u8>(), 0..300), |body| {
        let Err(error) = bench.list(body) else { return Err(TestCaseError::fail("it was taken for a page")) };
        prop_assert!(!error.is_source_down());
        check_shown(&error.to_string())?;
        bench.recover();
        Ok(())
    });
}
