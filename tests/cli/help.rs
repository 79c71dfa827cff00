//! `--help` and `--version`: the snapshots are what a user reads.

use crate::command::{FETCH_YTS, Folder, MONITOR_PROGRESS, TEST_DB, YTS_CATALOG};

const PROGRAMS: [(&str, &str); 4] = [
    ("fetch-yts", FETCH_YTS),
    ("monitor-progress", MONITOR_PROGRESS),
    ("test-db", TEST_DB),
    ("yts-catalog", YTS_CATALOG),
];

/// Returns a help without trailing spaces, which an editor might take out of a snapshot.
fn help_of(program: &str) -> String {
    let ended = Folder::new().run(program, &["--help"]);
    ended.expect_code(0);
    assert_eq!(ended.stderr, "");
    ended.stdout.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_help_of_fetch_yts() {
    insta::assert_snapshot!(help_of(FETCH_YTS));
}

#[test]
fn the_help_of_monitor_progress() {
    insta::assert_snapshot!(help_of(MONITOR_PROGRESS));
}

#[test]
fn the_help_of_test_db() {
    insta::assert_snapshot!(help_of(TEST_DB));
}

#[test]
fn the_help_of_yts_catalog() {
    insta::assert_snapshot!(help_of(YTS_CATALOG));
}

#[test]
fn every_help_has_examples_exit_codes_and_the_shared_flags() {
    for (name, program) in PROGRAMS {
        let help = help_of(program);
        let shared =
            ["Examples:", "Exit codes:", "--database-url", "--config", "--json", "-q", "-v", "--help", "--version"];
        for part in shared.into_iter().chain(["0 complete", "2 usage", "130 interrupted"]) {
            assert!(help.contains(part), "{name} --help lacks {part}:\n{help}");
        }
        assert!(help.contains(&format!("\n  {name} ")), "{name} --help has no example of {name}:\n{help}");
    }
}

#[test]
fn every_command_tells_its_version() {
    for (name, program) in PROGRAMS {
        let ended = Folder::new().run(program, &["--version"]);
        ended.expect_code(0);
        assert_eq!(ended.stdout.trim(), format!("{name} {}", env!("CARGO_PKG_VERSION")));
    }
}
