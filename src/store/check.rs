//! Looks whether a crawl could use the database, without changing it: the reading behind `test-db`.

use std::time::{Duration, Instant};

use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Query};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions,
};

use super::error::{is_transient, plain};
use super::pool::reach;
use super::timely::Timely;
use super::{Error, Options};

/// The tables, in the order in which they are shown.
const TABLES: [&str; 12] = [
    "movies",
    "genres",
    "casts",
    "torrents",
    "movie_genres",
    "movie_casts",
    "movie_embeddings",
    "movie_changes",
    "runs",
    "run_pages",
    "run_readings",
    "failures",
];

/// How long to wait for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// `SQLite` or `PostgreSQL`.
    pub server: String,
    /// Its version.
    pub version: String,
    /// Time that one question and its answer take; the median of five.
    pub round_trip: Duration,
    /// Every table.
    pub tables: Vec<TableHealth>,
    /// Migrations that fetch-yts would apply.
    pub pending_migrations: Vec<String>,
    /// State of the vector extension: a version, or in words.
    pub vector: String,
    /// Whether the database is yet to be created.
    pub is_new: bool,
    /// What keeps fetch-yts from working, each with its remedy.
    pub problems: Vec<String>,
}

/// What was found of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableHealth {
    /// Its name.
    pub name: &'static str,
    /// How many rows it has; `None` where it does not exist or cannot be read.
    pub rows: Option<i64>,
}

/// Looks at the database.
pub async fn check(options: &Options) -> Result<Health, Error> {
    if let Some(file) = options.sqlite_file().filter(|file| !file.exists()) {
        return check_new_file(options, &file);
    }
    let db = connect(options).await?;
    let mut health = Health { server: server_name(&db), ..Health::default() };
    health.version = text(&db, version_query(&db)).await?;
    health.round_trip = round_trip(&db).await?;
    let unreadable = health.count_rows(&db).await?;
    match db.in_time(Migrator::get_pending_migrations_read_only(db.unlimited())).await {
        Ok(pending) => health.pending_migrations = pending.iter().map(|step| step.name().to_owned()).collect(),
        // What the migrator itself finds wrong: one was applied that this program does not have.
        Err(DbErr::Custom(error)) => {
            health.problems.push(format!("its schema is newer than this program: {error}; update yts-ingest"));
        }
        Err(error) => {
            let error = plain(&error);
            health.problems.push(format!("its migrations cannot be read: {error}; grant SELECT on seaql_migrations"));
        }
    }
    // A table that is missing is expected where its migration is pending.
    if health.pending_migrations.is_empty() {
        health.problems.extend(unreadable);
    }
    if db.get_database_backend() == DbBackend::Postgres {
        health.check_postgres(&db).await?;
    } else {
        health.vector = String::from("not needed");
    }
    health.check_writing(&db).await;
    db.close().await.map_err(Error::doing("close the database"))?;
    Ok(health)
}

/// A `SQLite` file that does not exist is no problem where fetch-yts may create it.
fn check_new_file(options: &Options, file: &std::path::Path) -> Result<Health, Error> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let reason = if !options.url.contains("mode=rwc") {
        "the file does not exist; add ?mode=rwc to the URL to have it created"
    } else if rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_err() {
        "the file does not exist, and its folder cannot be written to"
    } else {
        return Ok(Health {
            server: "SQLite".to_owned(),
            version: "embedded".to_owned(),
            vector: "not needed".to_owned(),
            is_new: true,
            pending_migrations: Migrator::migrations().iter().map(|step| step.name().to_owned()).collect(),
            ..Health::default()
        });
    };
    Err(Error::Open { url: options.redacted_url(), reason: reason.to_owned(), transient: false })
}

/// Opens one connection as it is, without the settings that a crawl would make.
async fn connect(options: &Options) -> Result<Timely<DatabaseConnection>, Error> {
    reach(options).await?;
    let mut one = ConnectOptions::new(options.url.clone());
    one.max_connections(1).sqlx_logging(false).acquire_timeout(options.acquire_timeout.min(LONGEST_WAIT));
    let db = Database::connect(one).await.map_err(|error| options.opening(&error))?;
    Ok(Timely::new(db, options))
}

fn server_name(db: &impl ConnectionTrait) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => "PostgreSQL".to_owned(),
        _ => "SQLite".to_owned(),
    }
}

fn version_query(db: &impl ConnectionTrait) -> &'static str {
    match db.get_database_backend() {
        DbBackend::Postgres => "current_setting('server_version')",
        _ => "sqlite_version()",
    }
}

async fn text(db: &impl ConnectionTrait, expression: &'static str) -> Result<String, Error> {
    const DOING: &str = "ask the database about itself";
    let query = Query::select().expr_as(Expr::cust(expression), "answer").to_owned();
    let row = db.query_one(&query).await.map_err(Error::doing(DOING))?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(expression.to_owned())).map_err(Error::doing(DOING))?;
    row.try_get("", "answer").map_err(Error::doing(DOING))
}

async fn round_trip(db: &Timely<DatabaseConnection>) -> Result<Duration, Error> {
    let mut times = Vec::with_capacity(5);
    for _ in 0..5 {
        let start = Instant::now();
        db.in_time(db.unlimited().ping()).await.map_err(Error::doing("ask the database"))?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

async fn count(db: &impl ConnectionTrait, table: &'static str) -> Result<i64, DbErr> {
    let query = Query::select().expr_as(Expr::col(Asterisk).count(), "rows").from(table).to_owned();
    let row = db.query_one(&query).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(table.to_owned()))?.try_get("", "rows")
}

impl Health {
    /// Says whether fetch-yts could run.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.problems.is_empty()
    }

    /// Counts every table's rows, and returns what keeps it from counting some; a server that is gone ends it.
    async fn count_rows(&mut self, db: &impl ConnectionTrait) -> Result<Vec<String>, Error> {
        let mut unreadable = Vec::new();
        for name in TABLES {
            let rows = match count(db, name).await {
                Ok(rows) => Some(rows),
                Err(error) if is_transient(&error) => return Err(Error::doing("count the rows")(error)),
                Err(error) => {
                    let error = plain(&error);
                    unreadable.push(format!("table {name} cannot be read: {error}; restore it, or grant SELECT on it"));
                    None
                }
            };
            self.tables.push(TableHealth { name, rows });
        }
        Ok(unreadable)
    }

    async fn check_postgres(&mut self, db: &impl ConnectionTrait) -> Result<(), Error> {
        let installed = "COALESCE((SELECT extversion FROM pg_extension WHERE extname = 'vector'), '')";
        let available = "COALESCE((SELECT default_version FROM pg_available_extensions WHERE name = 'vector'), '')";
        let (installed, available) = (text(db, installed).await?, text(db, available).await?);
        self.vector = match (installed.as_str(), available.as_str()) {
            ("", "") => "not available".to_owned(),
            ("", available) => format!("{available}, to be installed by fetch-yts"),
            (installed, _) => installed.to_owned(),
        };
        if installed.is_empty() && available.is_empty() {
            self.problems.push("the server lacks the extension vector; install pgvector on it".to_owned());
        } else if installed.is_empty() {
            let may_install = "((SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR \
                 has_database_privilege(current_database(), 'CREATE') AND \
                 EXISTS (SELECT 1 FROM pg_available_extension_versions WHERE name = 'vector' AND trusted))::text";
            if text(db, may_install).await? != "true" {
                let problem =
                    format!("role {} may not create the extension vector", text(db, "current_user::text").await?);
                self.problems.push(format!("{problem}; have a superuser run CREATE EXTENSION vector in this database"));
            }
        }
        if !self.pending_migrations.is_empty() {
            let may_create = "has_schema_privilege(current_schema(), 'CREATE')::text";
            if text(db, may_create).await? != "true" {
                let role = text(db, "current_user::text").await?;
                self.problems.push(format!("role {role} may not create tables; grant CREATE on the schema"));
            }
        }
        if text(db, "pg_is_in_recovery()::text").await? == "true" {
            self.problems.push("the server is a read-only standby; connect to the primary".to_owned());
        }
        Ok(())
    }

    /// Writes and takes it back. SQLite lets a transaction begin on a file that it then refuses to change.
    async fn check_writing(&mut self, db: &Timely<DatabaseConnection>) {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let change = if self.pending_migrations.is_empty() {
            "UPDATE runs SET query = query WHERE 1 = 0"
        } else {
            "CREATE TABLE yts_ingest_tries_to_write (id integer)"
        };
        let attempt = async {
            let transaction = db.begin(options).await?;
            transaction.execute_unprepared(change).await?;
            transaction.rollback().await
        };
        if let Err(error) = attempt.await {
            self.problems.push(format!("it cannot be written to: {}; check its permissions", plain(&error)));
        }
    }
}
