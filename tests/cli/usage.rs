//! Mistakes on the command line: exit code 2, and the flag is named.

use crate::command::{FETCH_YTS, Folder, MONITOR_PROGRESS, TEST_DB};

#[test]
fn a_mistaken_flag_is_named() {
    let cases: [(&[&str], &[&str]); 30] = [
        (&["--limit", "51"], &["--limit", "51", "50"]),
        (&["--limit", "0"], &["--limit"]),
        (&["--rate", "fast"], &["--rate", "fast"]),
        (&["--rate", "-1"], &["-1"]),
        (&["--rate", "NaN"], &["--rate"]),
        (&["--rate", "inf"], &["--rate"]),
        (&["--max-pages", "0"], &["--max-pages"]),
        (&["--max-pages", "ten"], &["--max-pages"]),
        (&["--start-page", "0"], &["--start-page"]),
        (&["--workers", "0"], &["--workers"]),
        (&["--concurrency", "0"], &["--concurrency"]),
        (&["--nonsense"], &["--nonsense"]),
        (&["surplus"], &["surplus"]),
        (&["--existing", "nonsense"], &["--existing", "skip", "update", "refetch"]),
        (&["--demo", "--demo-faults", "nonsense=1"], &["--demo-faults", "nonsense", "5xx", "reset", "latency"]),
        (&["--demo", "--base-url", "http://localhost/"], &["--demo", "--base-url"]),
        (&["--demo-movies", "100"], &["--demo"]),
        (&["--dry-run", "--only-new"], &["--dry-run", "--only-new"]),
        (&["--dry-run", "--retry-failed"], &["--dry-run", "--retry-failed"]),
        (&["--sort-by", "nonsense"], &["--sort-by", "date_added"]),
        (&["--repair"], &["--verify"]),
        (&["--sample", "5"], &["--verify"]),
        (&["--verify", "--sample", "-1"], &["-1"]),
        (&["--verify", "--max-pages", "1"], &["--verify", "--max-pages"]),
        (&["--verify", "--existing", "update"], &["--verify", "--existing"]),
        (&["--verify", "--limit", "10"], &["--verify", "--limit"]),
        (&["--verify", "--sort-by", "year"], &["--verify", "--sort-by"]),
        (&["--verify", "--order-by", "asc"], &["--verify", "--order-by"]),
        (&["--verify", "--embeddings", "off"], &["--verify", "--embeddings"]),
        (&["--minimum-rating", "10"], &["--minimum-rating"]),
    ];
    let folder = Folder::new();
    for (arguments, named) in cases {
        folder.run(FETCH_YTS, arguments).expect_error(2, named);
    }
    assert_eq!(folder.names(), Vec::<String>::new(), "a mistake leaves nothing behind");
}

#[test]
fn a_mistake_of_the_other_commands_is_named_too() {
    let folder = Folder::new();
    folder.run(MONITOR_PROGRESS, &["--watch", "0"]).expect_error(2, &["--watch"]);
    folder.run(MONITOR_PROGRESS, &["--watch", "soon"]).expect_error(2, &["--watch", "soon"]);
    folder.run(MONITOR_PROGRESS, &["--max-pages", "1"]).expect_error(2, &["--max-pages"]);
    folder.run(TEST_DB, &["--quiet", "--verbose"]).expect_error(2, &["--quiet", "--verbose"]);
    folder.run(TEST_DB, &["--config"]).expect_error(2, &["--config"]);
}

#[test]
fn a_base_url_that_is_none_is_named_with_what_would_do() {
    let folder = Folder::new();
    for url in ["yts.example", "ftp://yts.example/", "http://", ""] {
        folder.run(FETCH_YTS, &["--base-url", url]).expect_error(2, &[url, "https://HOST/api/v2/"]);
    }
}

#[test]
fn a_database_url_that_is_none_is_named_with_what_would_do() {
    let folder = Folder::new();
    for program in [FETCH_YTS, MONITOR_PROGRESS, TEST_DB] {
        for url in ["mysql://localhost/yts", "yts.db", "postgres:/localhost"] {
            let arguments: &[&str] =
                if program == FETCH_YTS { &["--demo", "--database-url", url] } else { &["--database-url", url] };
            folder.run(program, arguments).expect_error(5, &[url, "sqlite://", "postgres://"]);
        }
    }
}
