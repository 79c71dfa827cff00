//! Makes bad answers out of good ones: fields dropped, repeated, of another type or out of any range, bytes lost or
//! changed. The same seed makes the same answer.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Stands in a tree for a piece of JSON that no tree can hold.
const RAW: &str = "@@raw@@";
/// Stands before the name of a field that is there already.
const TWICE: &str = "@@twice@@";

/// Values that no field expects.
const ODD: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "[[]]",
    "[null,1,\"x\",{}]",
    "{\"id\":1}",
    "0",
    "-1",
    "3.5",
    "1e400",
    "-0.0",
    "2147483648",
    "-2147483649",
    "9223372036854775808",
    "99999999999999999999999999",
    "253402300800",
    "-62135596801",
    "\"\"",
    "\" \"",
    "\"12\"",
    "\"-1 GB\"",
    "\"NaN\"",
    "\"\\u0000NUL\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\u202e\\u2066txt.exe\"",
    "\"\\u001b[31;1m\\u009b\"",
    "\"\u{1f3ac}\u{10ffff}\"",
    "\"Robert'); DROP TABLE movies;--\"",
    "\"=cmd|' /C calc'!A0\"",
    "\"../../../etc/passwd\"",
];

/// A page of a list with five movies.
pub(super) fn list() -> Value {
    let movies: Vec<Value> = (1..=5).map(movie).collect();
    json!({"status": "ok", "status_message": "Query was successful", "data":
        {"movie_count": 5, "limit": 20, "page_number": 1, "movies": movies}, "@meta": {"api_version": 2}})
}

/// The details of movie 7.
pub(super) fn details() -> Value {
    let mut movie = movie(7);
    movie["like_count"] = json!(3);
    movie["cast"] = json!([{"name": "A. Nobody", "character_name": "Somebody", "imdb_code": "0000001"}, {"name": "B"}]);
    json!({"status": "ok", "status_message": "Query was successful", "data": {"movie": movie}})
}

fn movie(id: i32) -> Value {
    let hash = format!("{id:040X}");
    json!({
        "id": id, "url": format!("https://host.example/movies/sample-{id}"), "imdb_code": format!("tt{id:07}"),
        "title": format!("Sample {id}"), "title_english": format!("Sample {id}"), "slug": format!("sample-{id}-2015"),
        "title_long": format!("Sample {id} (2015)"), "year": 2015, "rating": 6.5, "runtime": 98,
        "genres": ["Drama", "Comedy"], "summary": "A sample is taken.", "description_full": "A sample is taken.",
        "synopsis": "A sample is taken.", "yt_trailer_code": "", "language": "en", "mpa_rating": "PG-13",
        "large_cover_image": "https://host.example/large.jpg", "state": "ok",
        "date_uploaded": "2015-11-01 02:00:00", "date_uploaded_unix": 1_446_336_000,
        "torrents": [{"hash": hash, "url": "https://host.example/t", "quality": "1080p", "type": "web",
            "is_repack": "0", "video_codec": "x264", "bit_depth": "8", "audio_channels": "2.0", "seeds": 5, "peers": 2,
            "size": "1.4 GB", "size_bytes": 1_503_238_553_i64, "date_uploaded_unix": 1_446_336_000}]
    })
}

/// Returns a body made of a good answer by the given seed.
pub(super) fn mutated(mut answer: Value, seed: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(seed);
    let raws: Vec<String> = (0..rng.random_range(1..=4)).filter_map(|_| spoil(&mut answer, &mut rng)).collect();
    let mut text = answer.to_string().replace(TWICE, "");
    for raw in raws {
        text = text.replacen(&format!("\"{RAW}\""), &raw, 1);
    }
    let mut body = text.into_bytes();
    if rng.random_ratio(1, 4) {
        spoil_bytes(&mut body, &mut rng);
    }
    body
}

/// Changes one place of an answer; returns the JSON to stand there where a tree cannot hold it.
fn spoil(answer: &mut Value, rng: &mut StdRng) -> Option<String> {
    let place = place(answer, rng);
    match rng.random_range(0..10) {
        0 | 1 => drop_one(place, rng),
        2 => repeat_one(place, rng),
        3 => *place = json!([place.clone(), place.clone()]),
        _ => {
            *place = json!(RAW);
            return Some(odd(rng));
        }
    }
    None
}

/// Goes down into an answer, a random step at a time, mostly to the movies.
fn place<'a>(value: &'a mut Value, rng: &mut StdRng) -> &'a mut Value {
    let children = match value {
        Value::Array(entries) => entries.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    if children == 0 || rng.random_ratio(1, 16) {
        return value;
    }
    let chosen = rng.random_range(0..children);
    let towards_movies = ["data", "movies", "movie"].into_iter().find(|&name| value.get(name).is_some());
    let preferred = towards_movies.filter(|_| rng.random_ratio(7, 8));
    let child = match (value, preferred) {
        (Value::Object(fields), Some(name)) => fields.get_mut(name),
        (Value::Object(fields), None) => fields.values_mut().nth(chosen),
        (Value::Array(entries), _) => entries.get_mut(chosen),
        _ => None,
    };
    place(child.unwrap(), rng)
}

fn drop_one(place: &mut Value, rng: &mut StdRng) {
    match place {
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(rng.random_range(0..fields.len())).unwrap().clone();
            fields.remove(&name);
        }
        Value::Array(entries) if !entries.is_empty() => {
            entries.remove(rng.random_range(0..entries.len()));
        }
        other => *other = Value::Null,
    }
}

fn repeat_one(place: &mut Value, rng: &mut StdRng) {
    match place {
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(rng.random_range(0..fields.len())).unwrap().clone();
            let again = fields[&name].clone();
            fields.insert(format!("{TWICE}{name}"), again);
        }
        Value::Array(entries) if !entries.is_empty() => {
            let again = entries[rng.random_range(0..entries.len())].clone();
            entries.push(again);
        }
        other => *other = json!([other.clone()]),
    }
}

/// Returns an odd value; once in five hundred an enormous one.
fn odd(rng: &mut StdRng) -> String {
    match rng.random_range(0..2_000) {
        0 => format!("\"{}\"", "long ".repeat(200_000)),
        1 => format!("[{}0]", "0,".repeat(1_000_000)),
        2 => format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        3 => format!("{}0{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        _ => ODD[rng.random_range(0..ODD.len())].to_owned(),
    }
}

fn spoil_bytes(body: &mut Vec<u8>, rng: &mut StdRng) {
    let at = rng.random_range(0..body.len());
    match rng.random_range(0..4) {
        0 => body.truncate(at),
        1 => body[at] ^= 1 << rng.random_range(0..8),
        2 => body.insert(at, 0),
        _ => (0..10).for_each(|_| {
            let flipped = rng.random_range(0..body.len());
            body[flipped] = rng.random();
        }),
    }
}
