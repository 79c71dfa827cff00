//! The doors of `src/lib.rs`: which module may use which, and that migrations never use the entities.
//!
//! Crates of others are in `homes`.

use std::collections::BTreeSet;

use crate::paths::{first_names, paths_from};
use crate::source::SourceFile;
use crate::violation::{Violation, all_violations, expect_none};

/// Who may use which module of the library. A new module needs a row here.
const DOORS: [(&str, &[&str]); 16] = [
    ("api", &["movie"]),
    ("cli", &["api", "config", "crawl", "embed", "fill", "progress", "redact", "search", "store", "terminal"]),
    ("config", &["redact"]),
    ("crawl", &["api", "embed", "fill", "movie", "progress", "store"]),
    ("demo", &[]),
    ("embed", &["movie", "redact", "terminal"]),
    ("fill", &["embed", "movie", "store"]),
    ("health", &["store"]),
    ("monitor", &["progress", "store", "terminal"]),
    ("movie", &[]),
    ("progress", &[]),
    ("redact", &[]),
    ("search", &["embed", "store", "terminal"]),
    ("store", &["movie", "redact"]),
    ("terminal", &[]),
    ("verify", &["api", "movie", "store", "terminal"]),
];

/// What a binary may use: everything but what is inside of other rooms.
const DOORS_OF_BINARIES: &[&str] = &[
    "api", "cli", "config", "crawl", "demo", "embed", "fill", "health", "monitor", "progress", "search", "store",
    "terminal", "verify",
];

/// Returns the library's modules that a file names, with the offsets where it does so.
pub(crate) fn modules_used(file: &SourceFile) -> Vec<(usize, String)> {
    let crate_name = if file.path.starts_with("src/bin/") { "yts_ingest" } else { "crate" };
    let mut used: Vec<(usize, String)> = Vec::new();
    for (offset, rest) in paths_from(&file.code, crate_name) {
        used.extend(first_names(rest).into_iter().map(|name| (offset, name)));
    }
    // As many `super` as the module is deep lead to the root, too.
    let depth = file.module().map_or(0, |module| module.len());
    if depth > 0 {
        let to_root = vec!["super"; depth].join("::");
        for (offset, rest) in paths_from(&file.code, &to_root) {
            let names = first_names(rest).into_iter().filter(|name| name != "super" && name != "*");
            used.extend(names.map(|name| (offset, name)));
        }
    }
    used
}

pub(crate) fn breaches_of_doors(file: &SourceFile) -> Vec<Violation> {
    let is_binary = file.path.starts_with("src/bin/");
    let own = file.module().and_then(|module| module.first().map(|name| (*name).to_owned()));
    if file.is_test() || !(is_binary || own.is_some()) {
        return Vec::new();
    }
    let (who, allowed) = if let Some(name) = &own {
        let Some((_, allowed)) = DOORS.iter().find(|(module, _)| module == name) else {
            let rule = format!("the module {name} is new: say in tests/architecture/doors.rs what it may use");
            return vec![file.violation(0, rule)];
        };
        (name.as_str(), *allowed)
    } else {
        ("a binary", DOORS_OF_BINARIES)
    };
    let is_module = |name: &str| DOORS.iter().any(|(module, _)| *module == name);
    let is_breach = |name: &str| is_module(name) && own.as_deref() != Some(name) && !allowed.contains(&name);
    let used = modules_used(file).into_iter().filter(|(_, name)| is_breach(name));
    used.map(|(offset, name)| file.violation(offset, format!("{who} may not use {name}"))).collect()
}

/// A migration is history and stays as it was, so it cannot rest on the entities, which change.
pub(crate) fn histories_that_change(file: &SourceFile) -> Vec<Violation> {
    if !file.path.starts_with("migration/") {
        return Vec::new();
    }
    let used = ["entity", "yts_ingest"].map(|name| paths_from(&file.code, name)).concat();
    used.iter()
        .map(|(offset, _)| file.violation(*offset, "migration is history: it never imports entity".to_owned()))
        .collect()
}

#[test]
fn modules_use_only_the_modules_that_their_doors_lead_to() {
    expect_none(&all_violations(breaches_of_doors));
}

#[test]
fn migrations_never_import_the_entities() {
    expect_none(&all_violations(histories_that_change));
    let manifest = include_str!("../../migration/Cargo.toml");
    assert!(!manifest.contains("entity"), "migration/Cargo.toml names the entity crate");
}

#[test]
fn the_table_of_the_library_names_every_module() {
    let library = include_str!("../../src/lib.rs");
    let table: String = library.lines().filter(|line| line.starts_with("//! |")).collect();
    let modules: BTreeSet<&str> =
        library.lines().filter_map(|line| line.trim_start().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let missing: Vec<_> = modules.iter().filter(|name| !table.contains(&format!("[`{name}`]"))).collect();
    assert!(missing.is_empty(), "src/lib.rs: the table lacks {missing:?}");
    let rows: BTreeSet<&str> = DOORS.iter().map(|(name, _)| *name).collect();
    let new: Vec<_> = modules.difference(&rows).collect();
    assert!(new.is_empty(), "tests/architecture/doors.rs does not say what {new:?} may use");
}
