//! Plants violations of every rule, and what only looks like one: to see that the rules find just the former.

use crate::doors::{breaches_of_doors, histories_that_change};
use crate::homes::strangers;
use crate::source::SourceFile;
use crate::style::{MAX_LINES, badly_named, globs, too_long, unexplained};
use crate::violation::Violation;

const RULES: [fn(&SourceFile) -> Vec<Violation>; 7] =
    [breaches_of_doors, strangers, histories_that_change, unexplained, badly_named, too_long, globs];

/// Returns what all rules find in a file.
fn found_in(path: &str, text: &str) -> Vec<String> {
    let file = SourceFile::new(path, text);
    RULES.iter().flat_map(|rule| rule(&file)).map(|violation| violation.to_string()).collect()
}

#[test]
fn a_planted_violation_is_found_with_its_line() {
    const OPENING: &str = "//! What lives here and what does not.\n";
    for (path, code, expected) in [
        ("src/api/x.rs", "use crate::store::Store;", "src/api/x.rs:2: api may not use store"),
        ("src/api/x.rs", "\nuse crate::{movie, store::Store};", "src/api/x.rs:3: api may not use store"),
        ("src/api/x.rs", "fn f() { crate::crawl::run() }", "src/api/x.rs:2: api may not use crawl"),
        ("src/api/x.rs", "use super::super::store;", "src/api/x.rs:2: api may not use store"),
        ("src/store.rs", "use super::api::Client;", "src/store.rs:2: store may not use api"),
        ("src/store/x.rs", "use crate::{\n    movie::Movie,\n    api,\n};", "src/store/x.rs:2: store may not use api"),
        ("src/bin/x.rs", "use yts_ingest::movie;", "src/bin/x.rs:2: a binary may not use movie"),
        (
            "src/brandnew.rs",
            "",
            "src/brandnew.rs:1: the module brandnew is new: say in tests/architecture/doors.rs what it may use",
        ),
        (
            "src/crawl.rs",
            "use reqwest::Client;",
            "src/crawl.rs:2: reqwest is at home in src/api.rs, src/api/, src/embed/http.rs, src/embed/http/",
        ),
        (
            "src/crawl.rs",
            "fn f() { sea_orm::x() }",
            "src/crawl.rs:2: sea_orm is at home in src/store.rs, src/store/, entity/, migration/",
        ),
        ("src/progress.rs", "use indicatif::X;", "src/progress.rs:2: indicatif is at home in src/progress/bars.rs"),
        ("src/cli.rs", "use config::Config;", "src/cli.rs:2: config is at home in src/config.rs"),
        (
            "migration/src/x.rs",
            "use entity::movie;",
            "migration/src/x.rs:2: migration is history: it never imports entity",
        ),
        ("src/api/mod.rs", "", "src/api/mod.rs:1: name.rs stands beside name/; no mod.rs"),
        ("src/api/utils.rs", "", "src/api/utils.rs:1: utils says nothing; name it after its one job"),
        ("src/api/x.rs", "use super::error::*;", "src/api/x.rs:2: no globs but a prelude's"),
    ] {
        let found = found_in(path, &format!("{OPENING}{code}"));
        assert!(found.contains(&expected.to_owned()), "{path} {code:?}: {expected:?} is not among {found:?}");
    }
    let missing = "src/api/x.rs:1: a file opens with //!: what lives here and what does not";
    assert_eq!(found_in("src/api/x.rs", "use std::fmt;"), [missing]);
    let long = format!("{OPENING}{}", "fn f() {}\n".repeat(MAX_LINES));
    assert_eq!(found_in("src/api/x.rs", &long), ["src/api/x.rs:300: 301 lines before the tests; 300 are the most"]);
}

#[test]
fn what_is_no_violation_is_not_taken_for_one() {
    const OPENING: &str = "//! What lives here and what does not.\n";
    for (path, code) in [
        ("src/api/x.rs", "use crate::movie::Movie;"),
        ("src/api/x.rs", "// use crate::store::Store;\n/* crate::store::x */"),
        (
            "src/api/x.rs",
            "const TEXT: &str = \"crate::store::Store \\\" reqwest::x\"; const RAW: &str = r#\"crate::store::x\"#;",
        ),
        ("src/api/x.rs", "const QUOTE: char = '\"'; const OTHER: char = '\\''; use crate::movie;"),
        ("src/api/x.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::Store;\n    use super::*;\n}"),
        ("src/api/x/tests.rs", "use crate::store::Store;\nuse super::*;"),
        ("src/api/x.rs", "use super::store_of_bodies;\nuse super::super::api;"),
        ("src/cli.rs", "use crate::config::{self, Settings};\nfn f() -> config::Error {}"),
        ("src/bin/x.rs", "use yts_ingest::{demo, progress};\nuse clap::Parser;"),
        ("src/store/x.rs", "use migration::Migrator;\nuse sea_orm::prelude::*;\nuse crate::movie::Movie;"),
        ("src/crawl/x.rs", "macro_rules! m { () => { $crate::x } }"),
    ] {
        assert_eq!(found_in(path, &format!("{OPENING}{code}")), Vec::<String>::new(), "{path}: {code}");
    }
}
