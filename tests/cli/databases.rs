//! A database that can't be used: exit code 5, nothing touched, the remedy named, and never a password.

use std::process::Command;

use crate::command::{Ended, FETCH_YTS, Folder, MONITOR_PROGRESS, TEST_DB, run, sqlite_url};
use crate::postgres::{Postgres, server};

const DEMO: [&str; 5] = ["--demo", "--max-pages", "2", "--demo-movies", "100"];

/// Runs each command on a database that it must refuse.
fn refused_by_all(folder: &Folder, url: &str) -> Vec<Ended> {
    let fetched = folder.run(FETCH_YTS, &[&DEMO[..], &["--database-url", url, "-vv"]].concat());
    let mut all = vec![fetched];
    all.extend([MONITOR_PROGRESS, TEST_DB].map(|program| folder.run(program, &["--database-url", url, "-vv"])));
    for ended in &all {
        ended.expect_code(5);
    }
    all
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let folder = Folder::new();
    for ended in refused_by_all(&folder, "sqlite://nowhere/yts.db?mode=rwc") {
        assert!(ended.shows("nowhere"), "{ended}");
    }
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_folder_is_no_database() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("folder.db")).unwrap();
    for ended in refused_by_all(&folder, "sqlite://folder.db?mode=rwc") {
        assert!(ended.shows("folder.db"), "{ended}");
    }
    assert!(std::fs::read_dir(folder.path("folder.db")).unwrap().next().is_none());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_stays_as_it_was() {
    let folder = Folder::new();
    let text = "my shopping list\n".repeat(1000);
    folder.write("list.txt", &text);
    for ended in refused_by_all(&folder, "sqlite://list.txt?mode=rwc") {
        assert!(ended.shows("list.txt") && ended.shows("not a database"), "{ended}");
    }
    assert_eq!(std::fs::read_to_string(folder.path("list.txt")).unwrap(), text);
}

#[test]
fn a_database_opened_for_reading_is_refused_by_those_that_write() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &DEMO);
    let totals = folder.totals();
    let url = sqlite_url(&folder.path("yts.db"), "ro");
    let fetched = folder.run(FETCH_YTS, &["--demo", "--database-url", &url]);
    fetched.expect_error(5, &["readonly"]);
    let tested = folder.run(TEST_DB, &["--database-url", &url]);
    tested.expect_code(5);
    assert!(tested.shows("readonly"), "{tested}");
    folder.run(MONITOR_PROGRESS, &["--database-url", &url]).expect_code(0);
    assert_eq!(folder.totals(), totals);
}

#[test]
fn a_database_of_another_program_is_refused_and_stays_as_it_was() {
    // A SQLite database, but its schema claims a migration that this program does not know.
    let folder = Folder::new();
    folder.json(FETCH_YTS, &DEMO);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sea_orm::ConnectionTrait;
        let db = sea_orm::Database::connect(sqlite_url(&folder.path("yts.db"), "rw")).await.unwrap();
        db.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m20991231_000001_from_the_future', 1)")
            .await
            .unwrap();
        db.close().await.unwrap();
    });
    for ended in refused_by_all(&folder, "sqlite://yts.db?mode=rwc") {
        assert!(ended.shows("m20991231_000001_from_the_future"), "{ended}");
    }
}

/// Fetches where no file may grow beyond 2 MB, which stands for a full disk; `XFSZ` is the signal that tells of it.
fn fetch_into_little_space(folder: &Folder, on_signal: &str) -> Ended {
    let script = format!("ulimit -c 0; {on_signal}; ulimit -f 2000; exec \"$0\" --demo");
    let mut command = Command::new("bash");
    command.args(["-c", &script, FETCH_YTS]).current_dir(folder.path("")).env_clear().env("PATH", "/usr/bin:/bin");
    run(command)
}

fn completes_with_more_space(folder: &Folder) {
    let summary = folder.json(FETCH_YTS, &["--demo"]);
    assert_eq!((&summary["status"], &summary["pages"]["done"]), (&"complete".into(), &40.into()));
    assert_eq!(folder.totals()["movies"], 2000);
}

#[test]
fn a_disk_that_is_full_is_told_soon_and_what_was_saved_stays() {
    let folder = Folder::new();
    let ended = fetch_into_little_space(&folder, "trap '' XFSZ");
    ended.expect_code(5);
    assert!(ended.stderr.contains("disk"), "{ended}");
    assert!(ended.took.as_secs() < 20, "{ended}");
    completes_with_more_space(&folder);
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_like_any_other() {
    let folder = Folder::new();
    let ended = fetch_into_little_space(&folder, ":");
    completes_with_more_space(&folder);
    ended.expect_code(5);
}

#[test]
fn a_process_that_may_open_few_files_goes_slower_or_says_how_many_it_needs() {
    let folder = Folder::new();
    let fetch = |files: u64| {
        let script = format!("ulimit -n {files}; exec \"$0\" --demo --demo-movies 200");
        let mut command = Command::new("bash");
        command.args(["-c", &script, FETCH_YTS]).current_dir(folder.path("")).env_clear().env("PATH", "/usr/bin:/bin");
        run(command)
    };
    let refused = fetch(16);
    refused.expect_error(1, &["may open 16 files", "ulimit -n"]);
    let needed = refused.stderr.split("needs ").nth(1).and_then(|rest| rest.split(':').next()).expect("a number");
    let needed: u64 = needed.parse().expect("a number");
    fetch(needed - 1).expect_error(1, &[&format!("needs {needed}")]);
    assert!(folder.names().is_empty(), "what is refused leaves nothing: {:?}", folder.names());
    let slow = fetch(needed);
    slow.expect_code(0);
    assert!(slow.stderr.contains("requests at a time: 1, since"), "{slow}");
    assert_eq!(folder.totals()["movies"], 200);
}

#[test]
fn a_second_fetch_on_one_sqlite_file_is_turned_away() {
    let folder = Folder::new();
    let mut first = crate::command::Running::start(
        folder.command(FETCH_YTS, &["--demo", "--demo-faults", "latency=2s", "--max-pages", "2"]),
    );
    crate::command::wait_until("the first fetch-yts", || folder.names().iter().any(|name| name == "yts.db.lock"));
    folder.run(FETCH_YTS, &["--demo"]).expect_error(5, &["another fetch-yts", "yts.db.lock"]);
    assert!(!first.has_ended(), "the first ended early");
}

/// Runs each command on a PostgreSQL URL that leads nowhere, and expects an error that shows nothing of a password.
fn fails_without_showing_a_password(url: &str, log: Option<&str>) -> Vec<Ended> {
    let folder = Folder::new();
    // Whether or not it is tried again: not for long.
    folder.write("short.toml", "[database]\nacquire_timeout_seconds = 1\npatience_seconds = 1\n");
    let run_one = |program: &str| {
        let demo: &[&str] = if program == FETCH_YTS { &["--demo"] } else { &[] };
        let shared = ["--config", "short.toml", "-vv", "--database-url", url];
        let mut command = folder.command(program, &[demo, &shared].concat());
        command.envs(log.map(|level| ("RUST_LOG", level)));
        let ended = run(command);
        ended.expect_code(5);
        assert!(!ended.shows("s3cr3t"), "{url}: {ended}");
        assert!(ended.stderr.contains("error: "), "{url}: {ended}");
        ended
    };
    let all = [FETCH_YTS, MONITOR_PROGRESS, TEST_DB].map(run_one).into();
    assert_eq!(folder.names(), ["short.toml"]);
    all
}

fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address").port()
}

#[test]
fn a_postgres_that_is_not_there_is_told_in_its_own_words_and_without_the_password() {
    let port = closed_port();
    for ended in fails_without_showing_a_password(&format!("postgres://me:s3cr3t@127.0.0.1:{port}/yts"), None) {
        assert!(ended.shows(&format!("postgres://me:***@127.0.0.1:{port}/yts")), "{ended}");
        assert!(ended.shows("refused"), "it is not told that nobody listens: {ended}");
    }
}

#[test]
fn an_unknown_host_of_postgres_is_named_without_the_password() {
    for ended in fails_without_showing_a_password("postgres://me:s3cr3t@no-such-host.invalid/yts", None) {
        assert!(ended.shows("no-such-host.invalid") && ended.shows("test-db"), "{ended}");
    }
}

#[test]
fn a_password_among_the_parameters_is_not_shown() {
    let port = closed_port();
    fails_without_showing_a_password(&format!("postgres://127.0.0.1:{port}/yts?user=me&password=s3cr3t"), None);
}

#[test]
fn a_password_in_a_url_that_is_none_is_not_shown() {
    for url in [
        "postgres://me:s3cr3t@127.0.0.1:notaport/yts",
        "postgres://me:s3cr3t@127.0.0.1/yts?sslmode=nonsense",
        "mysql://me:s3cr3t@127.0.0.1/yts",
        "//me:s3cr3t@127.0.0.1/yts",
        "postgres://me:%ZZs3cr3t@127.0.0.1:1/yts?sslmode=nonsense",
        "postgres:me:s3cr3t@127.0.0.1:1/yts",
        "me:s3cr3t@127.0.0.1/yts",
    ] {
        fails_without_showing_a_password(url, None);
    }
}

#[test]
fn the_logs_of_other_crates_show_no_password_either() {
    let port = closed_port();
    let url = format!("postgres://me:s3cr3t@127.0.0.1:{port}/yts?nonsense=1");
    fails_without_showing_a_password(&url, None);
    fails_without_showing_a_password(&url, Some("trace"));
}

#[test]
fn a_password_that_works_is_not_shown_either() {
    let database = Postgres::new();
    let mut url = url::Url::parse(database.url()).unwrap();
    url.set_password(Some("s3cr3t")).unwrap();
    let folder = Folder::new();
    for (program, arguments) in
        [(FETCH_YTS, &DEMO[..]), (MONITOR_PROGRESS, &[]), (TEST_DB, &[]), (TEST_DB, &["--json"])]
    {
        let mut command = folder.command(program, &[arguments, &["-vv"]].concat());
        command.env("DATABASE_URL", url.as_str()).env("RUST_LOG", "trace");
        let ended = run(command);
        ended.expect_code(0);
        assert!(!ended.shows("s3cr3t"), "{ended}");
    }
}

#[test]
fn an_unknown_database_on_a_server_is_named() {
    let mut url = server();
    url.set_path("no_such_database");
    let folder = Folder::new();
    for ended in refused_by_all(&folder, url.as_str()) {
        assert!(ended.shows("no_such_database") && ended.shows("does not exist"), "{ended}");
    }
}
