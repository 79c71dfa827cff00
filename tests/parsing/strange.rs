//! Movies as no API should send them: any field absent, of another type, out of its range or full of odd text.
//!
//! They are written as JSON text, since no tree can hold all of it. Movies as the API means them are in `sound`.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

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
pub(crate) fn id() -> impl Strategy<Value = (String, Option<i32>)> {
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
pub(crate) fn strange_movie() -> impl Strategy<Value = (String, Option<i32>)> {
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
