//! A violation of a rule, with its place, and the expectation that there is none. The rules are in files of their own.

use std::fmt;

use crate::source::{SourceFile, sources};

/// A rule that a line breaks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

#[track_caller]
pub(crate) fn expect_none(violations: &[Violation]) {
    let list: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(list.is_empty(), "{} violations:\n{}", list.len(), list.join("\n"));
}

pub(crate) fn all_violations(rule: fn(&SourceFile) -> Vec<Violation>) -> Vec<Violation> {
    sources().iter().flat_map(rule).collect()
}
