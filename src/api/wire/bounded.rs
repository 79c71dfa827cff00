//! Taking a JSON object or list apart into raw pieces, with a bound on how many.
//!
//! The pieces stay unread, and skipping them takes no recursion, so neither depth nor length costs more than the body
//! itself. What the pieces mean is read in [`super::fields`]. An object within another is taken apart together with it,
//! since each time that a body is gone over costs as much as the first.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Most fields of an object and entries of a list; the API has at most 50.
const MAX_ENTRIES: usize = 1_000;

/// Fields that there is room for from the start: a movie has about 30.
const USUAL_FIELDS: usize = 32;

/// An object of at most [`MAX_ENTRIES`] fields, in their order. With so few, looking through them takes no longer than
/// hashing their names.
#[derive(Debug)]
pub(super) struct Object<'a>(pub(super) Result<Vec<(Cow<'a, str>, &'a RawValue)>, TooMany>);

/// A list of at most [`MAX_ENTRIES`] entries.
#[derive(Debug)]
pub(super) struct List<'a>(pub(super) Result<Vec<&'a RawValue>, TooMany>);

/// More fields or entries than can be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_ENTRIES} fields")]
pub(super) struct TooMany;

/// Whatever stands there: taken apart where it is an object, by default into its fields, or a list.
#[derive(Debug)]
pub(super) enum Piece<'a, T = Object<'a>> {
    Object(T),
    List(List<'a>),
    Other,
}

/// The name of a field, copied only where it is written with escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::with_capacity(USUAL_FIELDS);
                while let Some((Name(name), raw)) = entries.next_entry()? {
                    values.push((name, raw));
                    if values.len() > MAX_ENTRIES {
                        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        return Ok(Object(Err(TooMany)));
                    }
                }
                Ok(Object(Ok(values)))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = List<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(raw) = entries.next_element()? {
                    values.push(raw);
                    if values.len() > MAX_ENTRIES {
                        while entries.next_element::<IgnoredAny>()?.is_some() {}
                        return Ok(List(Err(TooMany)));
                    }
                }
                Ok(List(Ok(values)))
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Piece<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = Piece<'de, T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("anything")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(entries)).map(Piece::Object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                List::deserialize(SeqAccessDeserializer::new(entries)).map(Piece::List)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Piece::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Piece::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Piece::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Piece::Other)
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Piece::Other)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Piece::Other)
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}
