//! Settings: a broken one is named, and the layers lie in the promised order.
//!
//! `test-db` tells which database was meant and changes nothing, so it shows which layer won.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;

use serde_json::json;

use crate::command::{FETCH_YTS, Folder, Running, TEST_DB, YTS_CATALOG, run, wait_until};

#[test]
fn a_broken_config_is_named_and_ends_with_2() {
    let folder = Folder::new();
    let cases: [(&str, &[&str]); 8] = [
        ("[api\nrate = 1", &["broken.toml", "line 1", "config/default.toml"]),
        ("[api]\nrate = \"fast\"", &["broken.toml", "rate"]),
        ("[api]\nraet = 1", &["broken.toml", "raet"]),
        ("[apu]\nrate = 1", &["broken.toml", "apu"]),
        ("[crawl]\nlimit = 51", &["crawl.limit", "51", "1 to 50"]),
        ("[crawl]\nworkers = 0", &["crawl.workers"]),
        ("[api]\nbase_urls = []", &["api.base_urls"]),
        ("[api]\nread_timeout_seconds = -1", &["seconds"]),
    ];
    for (text, named) in cases {
        folder.write("broken.toml", text);
        for program in [FETCH_YTS, TEST_DB] {
            let ended = folder.run(program, &["--config", "broken.toml"]);
            ended.expect_error(2, named);
            assert_eq!(ended.stderr.lines().count(), 1, "more than one line: {ended}");
        }
    }
    folder.run(TEST_DB, &["--config", "nowhere.toml"]).expect_error(2, &["nowhere.toml", "--config"]);
    folder.run(TEST_DB, &["--config", "."]).expect_error(2, &["--config"]);
    assert_eq!(folder.names(), ["broken.toml"]);
}

#[test]
fn a_broken_config_shows_no_password() {
    let folder = Folder::new();
    folder.write("broken.toml", "[database]\nurl = 'postgres://me:s3cr3t@db/yts\n");
    let ended = folder.run(TEST_DB, &["--config", "broken.toml"]);
    ended.expect_error(2, &["broken.toml", "line 2"]);
    assert!(!ended.shows("s3cr3t"), "{ended}");
}

#[test]
fn a_config_that_is_no_text_is_named() {
    let folder = Folder::new();
    std::fs::write(folder.path("binary.toml"), [0xFF, 0xFE, 0x00]).unwrap();
    folder.run(TEST_DB, &["--config", "binary.toml"]).expect_error(2, &["binary.toml"]);
}

#[test]
fn a_broken_line_of_dot_env_is_an_error_that_shows_no_password() {
    let folder = Folder::new();
    folder.write(".env", "DATABASE_URL='postgres://me:s3cr3t@db/yts\n");
    let ended = folder.run(TEST_DB, &[]);
    ended.expect_error(2, &[".env"]);
    assert!(!ended.shows("s3cr3t"), "{ended}");
}

#[test]
fn a_broken_setting_in_the_environment_is_named() {
    let folder = Folder::new();
    for (name, value, named) in
        [("YTS__API__RATE", "fast", "rate"), ("YTS__API__RAET", "1", "raet"), ("YTS__CRAWL__LIMIT", "0", "crawl.limit")]
    {
        let mut command = folder.command(TEST_DB, &[]);
        command.env(name, value);
        run(command).expect_error(2, &[named]);
    }
}

#[test]
fn a_variable_of_others_that_is_no_text_does_no_harm() {
    let folder = Folder::new();
    let mut command = folder.command(TEST_DB, &[]);
    command.env("SOMEBODY_ELSES", OsString::from_vec(vec![b'a', 0xFF]));
    run(command).expect_code(0);
}

#[test]
fn a_key_that_cannot_be_read_is_told_by_what_needs_it_and_by_nothing_else() {
    let folder = Folder::new();
    folder.write("keyless.toml", "[embeddings]\nprovider = 'http'\nkey_file = 'nowhere.key'\n");
    let fetch = |flags: &[&str]| folder.run(FETCH_YTS, &[&["--demo", "--config", "keyless.toml"], flags].concat());
    fetch(&[]).expect_error(2, &["nowhere.key"]);
    assert_eq!(folder.names(), ["keyless.toml"]);
    fetch(&["--dry-run"]).expect_code(0);
    fetch(&["--embeddings", "off", "--max-pages", "1"]).expect_code(0);
    fetch(&["--verify"]).expect_code(0);
}

#[test]
fn a_key_in_dot_env_goes_to_the_service() {
    let folder = Folder::new();
    folder.json(FETCH_YTS, &["--demo", "--demo-movies", "5", "--embeddings", "off"]);
    folder.write(".env", "YTS_EMBEDDINGS_KEY=sk-of-dot-env\n");
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    service.set_nonblocking(true).unwrap();
    let mut command = folder.command(YTS_CATALOG, &["embed", "--embeddings", "http"]);
    command.env("YTS__EMBEDDINGS__BASE_URL", format!("http://{}", service.local_addr().unwrap()));
    let _asking = Running::start(command);
    let mut asked = None;
    wait_until("the service is asked", || {
        asked = service.accept().ok();
        asked.is_some()
    });
    let (stream, _) = asked.unwrap();
    stream.set_nonblocking(false).unwrap();
    let head = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let head: Vec<String> = head.collect();
    assert!(head.iter().any(|line| line.eq_ignore_ascii_case("authorization: bearer sk-of-dot-env")), "{head:?}");
}

#[test]
fn later_layers_stand_above_earlier_ones() {
    let folder = Folder::new();
    let database_used = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = folder.command(TEST_DB, &[flags, &["--json"]].concat());
        command.envs(variables.iter().copied());
        let ended = run(command);
        ended.expect_code(0);
        ended.json()["database_url"].as_str().unwrap().to_owned()
    };
    let with_config = ["--config", "my.toml"];
    let variable = ("YTS__DATABASE__URL", "sqlite://environment.db?mode=rwc");

    assert_eq!(database_used(&[], &[]), "sqlite://yts.db?mode=rwc");
    folder.write("my.toml", "[database]\nurl = 'sqlite://config.db?mode=rwc'\n");
    assert_eq!(database_used(&with_config, &[]), "sqlite://config.db?mode=rwc");
    folder.write(".env", "YTS__DATABASE__URL=sqlite://dotenv.db?mode=rwc\n");
    assert_eq!(database_used(&with_config, &[]), "sqlite://dotenv.db?mode=rwc");
    assert_eq!(database_used(&with_config, &[variable]), "sqlite://environment.db?mode=rwc");
    folder.write(".env", "DATABASE_URL=sqlite://dotenv-short.db?mode=rwc\n");
    assert_eq!(database_used(&with_config, &[]), "sqlite://dotenv-short.db?mode=rwc");
    let short = ("DATABASE_URL", "sqlite://environment-short.db?mode=rwc");
    assert_eq!(database_used(&with_config, &[short, variable]), "sqlite://environment-short.db?mode=rwc");
    let flags = ["--config", "my.toml", "--database-url", "sqlite://flag.db?mode=rwc"];
    assert_eq!(database_used(&flags, &[short, variable]), "sqlite://flag.db?mode=rwc");
    assert_eq!(database_used(&[], &[("DATABASE_URL", "")]), "sqlite://dotenv-short.db?mode=rwc");
    assert_eq!(folder.names(), [".env", "my.toml"]);
}

#[test]
fn settings_of_the_crawl_come_in_layers_too() {
    // The forecast shows the limit by its pages and the rate by its seconds.
    let folder = Folder::new();
    folder.write("my.toml", "[crawl]\nlimit = 40\n");
    let forecast = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = folder.command(FETCH_YTS, &[&["--demo", "--dry-run", "--json"], flags].concat());
        command.envs(variables.iter().copied());
        let ended = run(command);
        ended.expect_code(0);
        ended.json()
    };
    let variable = ("YTS__CRAWL__LIMIT", "20");
    assert_eq!(forecast(&[], &[])["pages"], 40);
    assert_eq!(forecast(&["--config", "my.toml"], &[])["pages"], 50);
    assert_eq!(forecast(&["--config", "my.toml"], &[variable])["pages"], 100);
    assert_eq!(forecast(&["--config", "my.toml", "--limit", "10"], &[variable])["pages"], 200);
    assert_eq!(forecast(&[], &[])["seconds_at_most"], json!(null));
    assert_eq!(forecast(&["--rate", "10"], &[])["seconds_at_most"], 204.0);
}
