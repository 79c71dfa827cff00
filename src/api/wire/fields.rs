//! Reading one field of a JSON object, tolerantly: any may be absent, null, empty or of another type.
//!
//! Unknown stays `None`: in silence where the API is known to say "unknown" (absent, null, empty text), with a warning
//! where the value makes no sense. Which fields there are is known in the files beside.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::bounded::{List, Object};
use crate::api::shown::head_of;
use crate::movie::without_nul;

/// Longest text that a database index may have to hold.
const MAX_SHORT_BYTES: usize = 2_000;
/// The last second of the year 9999, the last that all databases can write.
const MAX_UNIX_SECONDS: i64 = 253_402_300_799;

/// The fields of a JSON object, each still unread.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    values: Vec<(Cow<'a, str>, &'a RawValue)>,
    label: Label,
}

/// What warnings call an object: `movie 7: torrents[2]`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Label {
    /// The movie it is or hangs on; none for what surrounds the movies.
    pub(super) movie: Option<i32>,
    /// The list of the movie's it stands in, and where.
    pub(super) entry: Option<(&'static str, usize)>,
}

/// Why a field is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListProblem {
    NotAList,
    TooLong,
}

impl<'a> Fields<'a> {
    /// Takes an object apart; of a repeated field the last stands.
    pub(super) fn read(json: &'a str) -> Result<Self, String> {
        Self::of_object(serde_json::from_str(json).map_err(|error| error.to_string())?)
    }

    /// Returns the fields of an object that is taken apart already.
    pub(super) fn of_object(object: Object<'a>) -> Result<Self, String> {
        let values = object.0.map_err(|error| error.to_string())?;
        Ok(Self { values, label: Label::default() })
    }

    /// Returns an object of one field.
    pub(super) fn of(name: &'a str, raw: &'a RawValue) -> Self {
        Self { values: vec![(Cow::Borrowed(name), raw)], label: Label::default() }
    }

    /// Sets what warnings call the object.
    pub(super) fn labelled(self, label: Label) -> Self {
        Self { label, ..self }
    }

    /// Returns what warnings call the object.
    pub(super) fn label(&self) -> Label {
        self.label
    }

    /// Returns a field unread; null is as good as absent.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.values.iter().rev().find(|(known, _)| known == name)?;
        (raw.get() != "null").then_some(raw)
    }

    /// Reads a text of any length, verbatim but for NUL, which `PostgreSQL` cannot hold and which becomes U+FFFD. Fails
    /// for text that is none, such as half of a surrogate pair.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let text = match kind_of(raw) {
            Kind::Text => decode(raw).map_err(|error| format!("{name}: {error}"))?,
            Kind::Number => raw.get().to_owned(),
            Kind::Other => return Ok(self.unknown(name, raw, "is not a text")),
        };
        let is_blank = text.chars().all(char::is_whitespace);
        Ok((!is_blank).then(|| without_nul(text)))
    }

    /// Reads a text that a database index may have to hold; fails for one that is too long for that.
    pub(super) fn short_text(&self, name: &str) -> Result<Option<String>, String> {
        let text = self.text(name)?;
        match &text {
            Some(long) if long.len() > MAX_SHORT_BYTES => Err(format!("{name} has more than {MAX_SHORT_BYTES} bytes")),
            _ => Ok(text),
        }
    }

    /// Reads a whole number within a range, be it written as a number or as a text.
    pub(super) fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let (raw, numeral) = self.numeral(name)?;
        match whole(&numeral) {
            Some(value) if range.contains(&value) => Some(value),
            Some(_) => self.unknown(name, raw, "is out of range"),
            None => self.unknown(name, raw, "is not a whole number"),
        }
    }

    /// Reads a whole number from 0 up to the given one.
    pub(super) fn count(&self, name: &str, max: i32) -> Option<i32> {
        self.integer(name, 0..=i64::from(max)).and_then(|value| i32::try_from(value).ok())
    }

    /// Reads a rating from 0 to 10, rounded to one decimal; the API's 0 means unknown.
    pub(super) fn rating(&self, name: &str) -> Option<f64> {
        let (raw, numeral) = self.numeral(name)?;
        match numeral.parse::<f64>() {
            Ok(rating) if (0.0..=10.0).contains(&rating) => {
                let rounded = (rating * 10.0).round() / 10.0;
                (rounded > 0.0).then_some(rounded)
            }
            Ok(_) => self.unknown(name, raw, "is out of range"),
            Err(_) => self.unknown(name, raw, "is not a number"),
        }
    }

    /// Reads a moment given in seconds since 1970, UTC; the API's 0 means unknown.
    pub(super) fn moment(&self, name: &str) -> Option<DateTime<Utc>> {
        let seconds = self.integer(name, 0..=MAX_UNIX_SECONDS)?;
        if seconds == 0 { None } else { DateTime::from_timestamp(seconds, 0) }
    }

    /// Reads yes or no; the API writes `"1"` and `"0"`.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let raw = self.raw(name)?;
        match raw.get().trim_matches('"').trim() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            "" => None,
            _ => self.unknown(name, raw, "is neither yes nor no"),
        }
    }

    /// Reads a list, its entries still unread; absent is as good as empty.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&'a RawValue>, ListProblem> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        if !raw.get().starts_with('[') {
            return Err(ListProblem::NotAList);
        }
        let list: List<'a> = serde_json::from_str(raw.get()).map_err(|_| ListProblem::NotAList)?;
        list.0.map_err(|_| ListProblem::TooLong)
    }

    /// Returns a field that should be a number as it is written, with the field itself for warnings.
    fn numeral(&self, name: &str) -> Option<(&'a RawValue, Cow<'a, str>)> {
        let raw = self.raw(name)?;
        match kind_of(raw) {
            Kind::Number => Some((raw, Cow::Borrowed(raw.get()))),
            Kind::Text => {
                let text = decode(raw).unwrap_or_else(|_| raw.get().to_owned());
                let numeral = text.trim();
                (!numeral.is_empty()).then(|| (raw, Cow::Owned(numeral.to_owned())))
            }
            Kind::Other => self.unknown(name, raw, "is not a number"),
        }
    }

    /// Warns that a field makes no sense and is taken as unknown.
    fn unknown<T>(&self, name: &str, raw: &RawValue, problem: &str) -> Option<T> {
        tracing::warn!("{}: {name} {problem} and is taken as unknown: {}", self.label, head_of(raw.get()));
        None
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.movie {
            Some(external_id) => write!(f, "movie {external_id}")?,
            None => f.write_str("answer")?,
        }
        self.entry.map_or(Ok(()), |(list, index)| write!(f, ": {list}[{index}]"))
    }
}

/// What a raw piece of JSON is, by its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Other,
}

fn kind_of(raw: &RawValue) -> Kind {
    match raw.get().as_bytes().first() {
        Some(b'"') => Kind::Text,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Other,
    }
}

/// Returns a raw text without its quotes and escapes.
pub(super) fn decode(raw: &RawValue) -> serde_json::Result<String> {
    serde_json::from_str(raw.get())
}

/// Reads a whole number; `7`, `7.0` and `7e0` are one.
fn whole(numeral: &str) -> Option<i64> {
    numeral.parse().ok().or_else(|| {
        let value: f64 = numeral.parse().ok()?;
        let is_whole = value.is_finite() && value.fract() == 0.0;
        // By way of text, for a cast would bend what does not fit; that is out of any range asked for.
        is_whole.then(|| format!("{value:.0}").parse().unwrap_or(i64::MIN))
    })
}

#[cfg(test)]
mod tests;
