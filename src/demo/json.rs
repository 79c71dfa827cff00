//! Writes JSON by hand, field by field: the demo's movies are cut into pieces that no serializer would leave off at.
//! Which fields there are is in `render`.

use std::fmt::Display;
use std::io::Write as _;

/// Writes the fields of an object, a comma after each.
#[derive(Default)]
pub(super) struct Fields(Vec<u8>);

impl Fields {
    /// Returns how many bytes were written.
    pub(super) fn length(&self) -> usize {
        self.0.len()
    }

    /// Returns what was written, without spare room.
    pub(super) fn into_bytes(self) -> Box<[u8]> {
        self.0.into_boxed_slice()
    }

    fn key(&mut self, key: &str) {
        self.json(key);
        self.0.push(b':');
    }

    /// Writes a number.
    pub(super) fn plain(&mut self, key: &str, value: impl Display) {
        self.key(key);
        // Writing to memory cannot fail.
        let _ = write!(self.0, "{value},");
    }

    /// Writes a number, or nothing at all.
    pub(super) fn present<T: Display>(&mut self, key: &str, value: Option<T>) {
        if let Some(number) = value {
            self.plain(key, number);
        }
    }

    /// Writes a string.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.nullable(key, Some(value));
    }

    /// Writes a string or null.
    pub(super) fn nullable(&mut self, key: &str, value: Option<&str>) {
        self.key(key);
        match value {
            Some(text) => self.json(text),
            None => self.0.extend_from_slice(b"null"),
        }
        self.0.push(b',');
    }

    /// Writes an array, each item by `write`.
    pub(super) fn list<T>(&mut self, key: &str, items: &[T], write: fn(&mut Self, &T)) {
        self.key(key);
        self.0.push(b'[');
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.0.push(b',');
            }
            write(self, item);
        }
        self.0.extend_from_slice(b"],");
    }

    /// Writes an object of at least one field.
    pub(super) fn object(&mut self, write_fields: impl FnOnce(&mut Self)) {
        self.0.push(b'{');
        write_fields(self);
        self.end();
        self.0.push(b'}');
    }

    /// Writes a string without a key, and escapes what must be.
    pub(super) fn json(&mut self, text: &str) {
        // Neither a string nor memory can fail here.
        let _ = serde_json::to_writer(&mut self.0, text);
    }

    /// Takes back the comma after the last field.
    pub(super) fn end(&mut self) {
        self.0.pop();
    }
}
