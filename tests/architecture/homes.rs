//! Outside crates: which has which home, that each dependency is used, and that it says what for.
//!
//! The library's own modules are in `doors`.

use crate::doors::modules_used;
use crate::paths::paths_from;
use crate::source::{SourceFile, sources};
use crate::violation::{Violation, all_violations, expect_none};

/// Where the outside crates are at home that have one home. The path is that of a file or of a folder.
const HOMES: [(&str, &[&str]); 22] = [
    ("anyhow", &["src/bin/", "src/cli.rs", "src/cli/", "migration/src/main.rs"]),
    ("clap", &["src/bin/", "src/cli.rs", "src/cli/", "migration/src/main.rs"]),
    ("comfy_table", &["src/monitor/text.rs", "src/search/shown.rs"]),
    ("config", &["src/config.rs"]),
    ("dotenvy", &["src/config.rs", "migration/src/main.rs"]),
    ("entity", &["src/store.rs", "src/store/", "entity/"]),
    ("futures", &["src/crawl/", "src/verify/"]),
    ("httparse", &["src/demo/"]),
    ("hyper", &[]),
    ("indicatif", &["src/progress/bars.rs"]),
    ("libsqlite3_sys", &[]),
    ("migration", &["src/store.rs", "src/store/", "migration/"]),
    // A service that makes vectors is asked by a client of its own; the catalogue's only by `api`.
    ("reqwest", &["src/api.rs", "src/api/", "src/embed/http.rs", "src/embed/http/"]),
    ("rustix", &["src/cli/files.rs", "src/store/"]),
    ("rustls", &["src/api/", "src/embed/http.rs"]),
    ("sea_orm", &["src/store.rs", "src/store/", "entity/", "migration/"]),
    ("sea_orm_migration", &["migration/"]),
    ("sea_query", &["src/store.rs", "src/store/", "entity/", "migration/"]),
    ("secrecy", &["src/config.rs", "src/embed/http.rs", "src/embed/http/", "src/store.rs", "src/store/"]),
    ("sqlx", &[]),
    ("tokio_postgres", &[]),
    ("tracing_subscriber", &["src/cli.rs", "src/progress/bars.rs"]),
];

pub(crate) fn strangers(file: &SourceFile) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (stranger, homes) in HOMES.iter().filter(|_| !file.is_test()) {
        if homes.iter().any(|home| file.path.starts_with(home)) {
            continue;
        }
        let homes = if homes.is_empty() { "nowhere".to_owned() } else { homes.join(", ") };
        for (offset, _) in paths_from(&file.code, stranger) {
            // `use crate::config::x` and `super::config::x` were ruled out by the colon before; `use x::{config}` is
            // no use of the crate. A module of the same name is named by `self::` or in its own binary.
            if is_own_module(file, stranger, offset) {
                continue;
            }
            violations.push(file.violation(offset, format!("{stranger} is at home in {homes}")));
        }
    }
    violations
}

/// Whether a path that begins with this name means a module that the file has brought in under it.
fn is_own_module(file: &SourceFile, name: &str, offset: usize) -> bool {
    let is_use = file.code[..offset].trim_end().ends_with("use");
    let is_brought_in = modules_used(file).iter().any(|(_, module)| module == name);
    !is_use && is_brought_in
}

#[test]
fn outside_crates_stay_at_home() {
    expect_none(&all_violations(strangers));
}

/// Returns the lines of `Cargo.toml` that name a dependency of a registry and have no comment above. A comment serves
/// the lines below it until the next one or an empty line.
fn unexplained_dependencies(manifest: &str) -> Vec<&str> {
    let (mut is_in_dependencies, mut is_explained) = (false, false);
    let mut unexplained = Vec::new();
    for line in manifest.lines() {
        match line.as_bytes().first() {
            Some(b'[') => is_in_dependencies = line.ends_with("dependencies]"),
            Some(b'#') => is_explained = true,
            None => is_explained = false,
            Some(byte) if byte.is_ascii_lowercase() && is_in_dependencies => {
                let is_explained_elsewhere = line.contains("path = ") || line.contains("workspace = true");
                if !is_explained && !is_explained_elsewhere {
                    unexplained.push(line);
                }
            }
            Some(_) => {}
        }
    }
    unexplained
}

#[test]
fn every_dependency_says_what_it_is_for() {
    assert_eq!(unexplained_dependencies(include_str!("../../Cargo.toml")), Vec::<&str>::new());
    let planted = "[dependencies]\n# Sends requests.\nreqwest = \"1\"\n\nserde = \"1\"\n[lints]\nx = \"1\"\n";
    assert_eq!(unexplained_dependencies(planted), ["serde = \"1\""]);
}

#[test]
fn every_dependency_is_used() {
    let manifest = include_str!("../../Cargo.toml");
    let own = manifest.split("\n[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    let files = sources();
    let unused: Vec<String> = own
        .lines()
        .filter(|line| !line.starts_with(['#', ' ']))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name.replace('-', "_")))
        .filter(|name| !files.iter().any(|file| file.path.starts_with("src/") && uses_crate(file, name)))
        .collect();
    assert_eq!(unused, Vec::<String>::new(), "Cargo.toml names dependencies that nothing in src/ uses");
}

fn uses_crate(file: &SourceFile, name: &str) -> bool {
    let is_imported_whole = [";", " as "].iter().any(|end| file.code.contains(&format!("use {name}{end}")));
    is_imported_whole || !paths_from(&file.code, name).is_empty()
}
