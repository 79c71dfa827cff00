//! The rules on a file by itself: how it opens, what it is called, how long it is, and that it has no globs.
//!
//! What a file may use is in `doors` and `homes`.

use std::collections::BTreeSet;

use crate::source::SourceFile;
use crate::violation::{Violation, all_violations, expect_none};

/// Names that say nothing.
const VAGUE_NAMES: [&str; 8] = ["common", "helper", "helpers", "manager", "misc", "types", "util", "utils"];

/// Most lines of a file before its tests.
pub(crate) const MAX_LINES: usize = 300;

/// Every file says first what lives in it.
pub(crate) fn unexplained(file: &SourceFile) -> Vec<Violation> {
    let first_lines = file.text.lines().take_while(|line| line.starts_with("//!"));
    let explained = first_lines.map(|line| line.trim_start_matches("//!").trim()).any(|line| line.len() > 10);
    let rule = "a file opens with //!: what lives here and what does not".to_owned();
    if explained { Vec::new() } else { vec![Violation { path: file.path.clone(), line: 1, rule }] }
}

pub(crate) fn badly_named(file: &SourceFile) -> Vec<Violation> {
    let name = file.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
    let mut rules = Vec::new();
    if name == "mod" {
        rules.push("name.rs stands beside name/; no mod.rs".to_owned());
    }
    let folders = file.path.split('/').chain([name]);
    let vague: BTreeSet<&str> = folders.filter(|part| VAGUE_NAMES.contains(part)).collect();
    rules.extend(vague.into_iter().map(|part| format!("{part} says nothing; name it after its one job")));
    rules.into_iter().map(|rule| Violation { path: file.path.clone(), line: 1, rule }).collect()
}

pub(crate) fn too_long(file: &SourceFile) -> Vec<Violation> {
    let lines = file.code.trim_end().lines().count();
    let rule = format!("{lines} lines before the tests; {MAX_LINES} are the most");
    if lines > MAX_LINES { vec![Violation { path: file.path.clone(), line: MAX_LINES, rule }] } else { Vec::new() }
}

/// No glob but a prelude, and the parent's in tests.
pub(crate) fn globs(file: &SourceFile) -> Vec<Violation> {
    if file.is_test() {
        return Vec::new();
    }
    let globs = file.code.match_indices("::*").filter(|(offset, _)| {
        let line = file.code[..*offset].lines().next_back().unwrap_or_default();
        line.trim_start().starts_with("use ") && !line.ends_with("::prelude")
    });
    globs.map(|(offset, _)| file.violation(offset, "no globs but a prelude's".to_owned())).collect()
}

#[test]
fn every_file_opens_with_what_lives_in_it() {
    expect_none(&all_violations(unexplained));
}

#[test]
fn names_say_what_things_are() {
    expect_none(&all_violations(badly_named));
}

#[test]
fn files_are_short_and_have_no_globs() {
    expect_none(&all_violations(too_long));
    expect_none(&all_violations(globs));
}
