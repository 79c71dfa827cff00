//! A database of one's own on the PostgreSQL to test with; dropped at the end.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use url::Url;

/// A database; gone when dropped.
pub(crate) struct Postgres {
    name: String,
    url: Url,
}

impl Postgres {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cli_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        execute(&format!("CREATE DATABASE {name}"));
        let mut url = server();
        url.set_path(&name);
        Self { name, url }
    }

    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// The server to test with.
pub(crate) fn server() -> Url {
    let url = std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL names no PostgreSQL to test with; run scripts/test, or this through scripts/with-postgres",
    );
    Url::parse(&url).expect("TEST_POSTGRES_URL is a URL")
}

fn execute(sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut options = ConnectOptions::new(server());
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await.expect("the server to test with");
        db.execute_unprepared(sql).await.expect("a database of one's own");
        db.close().await.expect("a connection that closes");
    });
}
