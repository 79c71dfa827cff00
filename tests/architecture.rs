//! Holds the rules of the doors of `src/lib.rs`: which module may use which, and where each outside crate is at home.
//!
//! It reads the sources as text, without comments, strings and tests, and resolves `crate::`, `super::` and
//! `yts_ingest::`. Each rule is a function from files to violations, so that the tests at the end can plant one of each.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Who may use which module of the library. A new module needs a row here.
const DOORS: [(&str, &[&str]); 15] = [
    ("api", &["movie"]),
    ("cli", &["api", "config", "crawl", "embed", "fill", "progress", "redact", "store", "terminal"]),
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
    ("store", &["movie", "redact"]),
    ("terminal", &[]),
    ("verify", &["api", "movie", "store", "terminal"]),
];

/// What a binary may use: everything but what is inside of other rooms.
const DOORS_OF_BINARIES: &[&str] = &[
    "api", "cli", "config", "crawl", "demo", "embed", "fill", "health", "monitor", "progress", "store", "terminal",
    "verify",
];

/// Where the outside crates are at home that have one home. The path is that of a file or of a folder.
const HOMES: [(&str, &[&str]); 22] = [
    ("anyhow", &["src/bin/", "src/cli.rs", "src/cli/", "migration/src/main.rs"]),
    ("clap", &["src/bin/", "src/cli.rs", "src/cli/", "migration/src/main.rs"]),
    ("comfy_table", &["src/monitor/text.rs"]),
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
    ("rustix", &["src/store/"]),
    ("rustls", &["src/api/", "src/embed/http.rs"]),
    ("sea_orm", &["src/store.rs", "src/store/", "entity/", "migration/"]),
    ("sea_orm_migration", &["migration/"]),
    ("sea_query", &["src/store.rs", "src/store/", "entity/", "migration/"]),
    ("secrecy", &["src/config.rs", "src/embed/http.rs", "src/embed/http/", "src/store.rs", "src/store/"]),
    ("sqlx", &[]),
    ("tokio_postgres", &[]),
    ("tracing_subscriber", &["src/cli.rs", "src/progress/bars.rs"]),
];

/// Names that say nothing.
const VAGUE_NAMES: [&str; 8] = ["common", "helper", "helpers", "manager", "misc", "types", "util", "utils"];

/// Most lines of a file before its tests.
const MAX_LINES: usize = 300;

/// A source file, as far as the rules look at it.
struct SourceFile {
    /// From the root of the repository, with slashes.
    path: String,
    /// As it is written.
    text: String,
    /// Without comments, the insides of strings, and tests; the lines are where they were.
    code: String,
}

/// A rule that a line breaks.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

impl SourceFile {
    fn new(path: &str, text: &str) -> Self {
        let code = without_tests(&blank(text));
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// Whether the file is a test, of which only the rules on names and files hold.
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.starts_with("tests/")
    }

    fn violation(&self, offset: usize, rule: String) -> Violation {
        let line = self.code[..offset].lines().count().max(1);
        Violation { path: self.path.clone(), line, rule }
    }

    /// Returns the module path of the file within the library: `["api", "wire"]`. Binaries and other crates have none.
    fn module(&self) -> Option<Vec<&str>> {
        let path = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let is_in_library = !path.starts_with("bin/");
        let names = path.split('/').filter(|name| *name != "lib").collect();
        is_in_library.then_some(names)
    }
}

/// Replaces comments and the insides of strings and characters by spaces.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => end_of(bytes, at, b"\n"),
            [b'/', b'*', ..] => end_of(bytes, at + 2, b"*/"),
            [b'r', rest @ ..] if is_raw_string(rest) && !follows_name(bytes, at) => {
                let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
                let close = [&b"\""[..], &b"#".repeat(hashes)].concat();
                end_of(bytes, at + 2 + hashes, &close)
            }
            [b'"', ..] => end_of_string(bytes, at + 1),
            [b'\'', b'\\', ..] => end_of(bytes, at + 3, b"'"),
            [b'\'', _, b'\'', ..] => at + 3,
            _ => {
                at += 1;
                continue;
            }
        };
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn is_raw_string(rest: &[u8]) -> bool {
    rest.iter().find(|byte| **byte != b'#') == Some(&b'"')
}

fn follows_name(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| is_in_name(bytes[before]))
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the offset behind the next `close` from an offset on.
fn end_of(bytes: &[u8], from: usize, close: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(close.len()).position(|window| window == close).map_or(bytes.len(), |at| from + at + close.len())
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

/// Cuts off a file's own tests, which are its last item.
fn without_tests(code: &str) -> String {
    let tests = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"];
    let end = tests.iter().filter_map(|start| code.find(start)).min().unwrap_or(code.len());
    code[..end].to_owned()
}

/// Returns the offsets and rests of a code at which a path begins with this name, as in `name::x`.
fn paths_from<'a>(code: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    let head = format!("{name}::");
    let is_whole = |offset: usize| {
        let before = &code[..offset];
        !before.bytes().next_back().is_some_and(|byte| is_in_name(byte) || byte == b':' || byte == b'$')
    };
    let offsets = code.match_indices(&head).map(|(offset, _)| offset).filter(|offset| is_whole(*offset));
    offsets.map(|offset| (offset, &code[offset + head.len()..])).collect()
}

/// Returns the first names that follow a path's head: one, or several in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name_of = |text: &str| -> String {
        let text = text.trim_start();
        text.chars().take_while(|char| char.is_alphanumeric() || matches!(char, '_' | '*')).collect()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![name_of(rest)] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (offset, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                names.push(name_of(&group[start..offset]));
                start = offset + 1;
            }
            '}' => {
                names.push(name_of(&group[start..offset]));
                break;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Returns the library's modules that a file names, with the offsets where it does so.
fn modules_used(file: &SourceFile) -> Vec<(usize, String)> {
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

fn breaches_of_doors(file: &SourceFile) -> Vec<Violation> {
    let is_binary = file.path.starts_with("src/bin/");
    let own = file.module().and_then(|module| module.first().map(|name| (*name).to_owned()));
    if file.is_test() || !(is_binary || own.is_some()) {
        return Vec::new();
    }
    let (who, allowed) = if let Some(name) = &own {
        let Some((_, allowed)) = DOORS.iter().find(|(module, _)| module == name) else {
            let rule = format!("the module {name} is new: say in tests/architecture.rs what it may use");
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

fn strangers(file: &SourceFile) -> Vec<Violation> {
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

/// A migration is history and stays as it was, so it cannot rest on the entities, which change.
fn histories_that_change(file: &SourceFile) -> Vec<Violation> {
    if !file.path.starts_with("migration/") {
        return Vec::new();
    }
    let used = ["entity", "yts_ingest"].map(|name| paths_from(&file.code, name)).concat();
    used.iter()
        .map(|(offset, _)| file.violation(*offset, "migration is history: it never imports entity".to_owned()))
        .collect()
}

/// Every file says first what lives in it.
fn unexplained(file: &SourceFile) -> Vec<Violation> {
    let first_lines = file.text.lines().take_while(|line| line.starts_with("//!"));
    let explained = first_lines.map(|line| line.trim_start_matches("//!").trim()).any(|line| line.len() > 10);
    let rule = "a file opens with //!: what lives here and what does not".to_owned();
    if explained { Vec::new() } else { vec![Violation { path: file.path.clone(), line: 1, rule }] }
}

fn badly_named(file: &SourceFile) -> Vec<Violation> {
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

fn too_long(file: &SourceFile) -> Vec<Violation> {
    let lines = file.code.trim_end().lines().count();
    let rule = format!("{lines} lines before the tests; {MAX_LINES} are the most");
    if lines > MAX_LINES { vec![Violation { path: file.path.clone(), line: MAX_LINES, rule }] } else { Vec::new() }
}

/// No glob but a prelude, and the parent's in tests.
fn globs(file: &SourceFile) -> Vec<Violation> {
    if file.is_test() {
        return Vec::new();
    }
    let globs = file.code.match_indices("::*").filter(|(offset, _)| {
        let line = file.code[..*offset].lines().next_back().unwrap_or_default();
        line.trim_start().starts_with("use ") && !line.ends_with("::prelude")
    });
    globs.map(|(offset, _)| file.violation(offset, "no globs but a prelude's".to_owned())).collect()
}

const RULES: [fn(&SourceFile) -> Vec<Violation>; 7] =
    [breaches_of_doors, strangers, histories_that_change, unexplained, badly_named, too_long, globs];

/// Reads the sources of the workspace; tests only where they stand beside the code.
fn sources() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "entity/src", "migration/src"] {
        read_folder(root, &root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "only {} source files were found", files.len());
    files
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root).expect("a path under the root").to_string_lossy().replace('\\', "/");
            files.push(SourceFile::new(&relative, &std::fs::read_to_string(&path).expect("a source file")));
        }
    }
}

#[track_caller]
fn expect_none(violations: &[Violation]) {
    let list: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(list.is_empty(), "{} violations:\n{}", list.len(), list.join("\n"));
}

fn all_violations(rule: fn(&SourceFile) -> Vec<Violation>) -> Vec<Violation> {
    sources().iter().flat_map(rule).collect()
}

#[test]
fn modules_use_only_the_modules_that_their_doors_lead_to() {
    expect_none(&all_violations(breaches_of_doors));
}

#[test]
fn outside_crates_stay_at_home() {
    expect_none(&all_violations(strangers));
}

#[test]
fn migrations_never_import_the_entities() {
    expect_none(&all_violations(histories_that_change));
    let manifest = include_str!("../migration/Cargo.toml");
    assert!(!manifest.contains("entity"), "migration/Cargo.toml names the entity crate");
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
    assert_eq!(unexplained_dependencies(include_str!("../Cargo.toml")), Vec::<&str>::new());
    let planted = "[dependencies]\n# Sends requests.\nreqwest = \"1\"\n\nserde = \"1\"\n[lints]\nx = \"1\"\n";
    assert_eq!(unexplained_dependencies(planted), ["serde = \"1\""]);
}

#[test]
fn every_dependency_is_used() {
    let manifest = include_str!("../Cargo.toml");
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

#[test]
fn the_table_of_the_library_names_every_module() {
    let library = include_str!("../src/lib.rs");
    let table: String = library.lines().filter(|line| line.starts_with("//! |")).collect();
    let modules: BTreeSet<&str> =
        library.lines().filter_map(|line| line.trim_start().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let missing: Vec<_> = modules.iter().filter(|name| !table.contains(&format!("[`{name}`]"))).collect();
    assert!(missing.is_empty(), "src/lib.rs: the table lacks {missing:?}");
    let rows: BTreeSet<&str> = DOORS.iter().map(|(name, _)| *name).collect();
    let new: Vec<_> = modules.difference(&rows).collect();
    assert!(new.is_empty(), "tests/architecture.rs does not say what {new:?} may use");
}

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
            "src/brandnew.rs:1: the module brandnew is new: say in tests/architecture.rs what it may use",
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
