//! Results on stdout. A reader that has gone away, such as `head`, is no error; a disk that is full is one.

use std::io::{ErrorKind, Write};

use anyhow::Context;

use crate::terminal::escape_harmful;

/// Whether somebody reads what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// As far as known.
    There,
    /// Whatever is printed from now on is lost.
    Gone,
}

/// Prints a result.
pub fn print(text: &str) -> anyhow::Result<Reader> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error).context("cannot write the result"),
    }
}

/// Prints a result as one JSON document.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<Reader> {
    print(&escape_harmful(&serde_json::to_string_pretty(value).context("cannot write JSON")?))
}

/// Prints a result as one JSON document in one line.
pub fn print_json_line(value: &impl serde::Serialize) -> anyhow::Result<Reader> {
    print(&escape_harmful(&serde_json::to_string(value).context("cannot write JSON")?))
}
