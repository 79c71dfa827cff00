//! Settings: built-in defaults, a file, `.env` and the environment, one above the other; typed and checked.
//!
//! Flags come on top and are the binaries' affair. The defaults are `config/default.toml` itself, compiled in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, Environment, File, FileFormat};
use secrecy::SecretString;
use serde::Deserialize;

/// The built-in settings.
const DEFAULTS: &str = include_str!("../config/default.toml");

/// All settings.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The database.
    pub database: Database,
    /// The source.
    pub api: Api,
    /// The crawl.
    pub crawl: Crawl,
    /// The vectors.
    pub embeddings: Embeddings,
}

/// What makes the vectors of movies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Nothing does.
    Off,
    /// The table in the program.
    Static,
    /// A model of the user's.
    Local,
    /// A service.
    Http,
}

/// Settings of the vectors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embeddings {
    /// What makes them.
    pub provider: Provider,
    /// The service's address.
    pub base_url: String,
    /// The service's model.
    pub model: String,
    /// The file that holds the service's key; empty for none.
    pub key_file: PathBuf,
    /// The environment variable that holds the service's key.
    pub key_variable: String,
    /// What `.env` says of that variable; the environment stands above it.
    #[serde(skip)]
    pub key_in_dot_env: Option<SecretString>,
    /// The folder of the user's own model.
    pub folder: PathBuf,
}

/// Settings of the database.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is; may hold a password.
    pub url: String,
    /// How long to go on trying when it goes away.
    #[serde(rename = "patience_seconds", deserialize_with = "seconds")]
    pub patience: Duration,
    /// How long one statement may take.
    #[serde(rename = "statement_timeout_seconds", deserialize_with = "seconds")]
    pub statement_timeout: Duration,
    /// How long to wait for an answer before a connection counts as lost.
    #[serde(rename = "answer_timeout_seconds", deserialize_with = "seconds")]
    pub answer_timeout: Duration,
    /// How long to wait for a connection.
    #[serde(rename = "acquire_timeout_seconds", deserialize_with = "seconds")]
    pub acquire_timeout: Duration,
}

/// Settings of the source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The source and its mirrors, in order.
    pub base_urls: Vec<String>,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// Requests a second; 0 means no limit.
    pub rate: f64,
    /// Requests in flight.
    pub concurrency: usize,
    /// Longest time to connect.
    #[serde(rename = "connect_timeout_seconds", deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    /// Longest silence within an answer.
    #[serde(rename = "read_timeout_seconds", deserialize_with = "seconds")]
    pub read_timeout: Duration,
    /// Longest time for a whole answer.
    #[serde(rename = "total_timeout_seconds", deserialize_with = "seconds")]
    pub total_timeout: Duration,
    /// Largest answer after decompression, in MiB.
    pub max_body_mib: u64,
    /// Attempts a request.
    pub max_attempts: u32,
    /// Longest pause that the server can impose.
    #[serde(rename = "max_pause_seconds", deserialize_with = "seconds")]
    pub max_pause: Duration,
}

/// Settings of the crawl.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crawl {
    /// Tasks that work on pages.
    pub workers: u32,
    /// Movies a list page.
    pub limit: u32,
    /// How long the pages in hand may take after a stop.
    #[serde(rename = "drain_seconds", deserialize_with = "seconds")]
    pub drain: Duration,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file given by `--config` can't be read.
    #[error("cannot read the config file {}: {source}; check --config", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file given by `--config` holds a mistake.
    #[error("cannot use the config file {}: {reason}; config/default.toml lists every key with its unit", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, in one line.
        reason: String,
    },
    /// `.env` can't be read.
    #[error("cannot read .env: {0}")]
    DotEnv(String),
    /// A setting is missing, unknown or of the wrong kind.
    #[error("cannot use the settings: {0}; config/default.toml lists every key with its unit")]
    Setting(#[from] config::ConfigError),
    /// A setting is out of range.
    #[error("cannot use the setting {key} = {value}: {remedy}")]
    Range {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl Settings {
    /// Loads the settings from the defaults, the file if one is given, `.env` in the current folder, and the
    /// environment.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        Self::from_layers(file, &dot_env()?, &environment())
    }

    fn from_layers(
        file: Option<&Path>,
        dot_env: &HashMap<String, String>,
        environment: &HashMap<String, String>,
    ) -> Result<Self, Error> {
        let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
            layers = layers.add_source(File::from_str(&text, FileFormat::Toml));
            // Before the other layers come, so that a mistake in the file is told as the file's.
            layers
                .build_cloned()
                .and_then(Config::try_deserialize::<Self>)
                .map_err(|error| mistake_in(path, &error))?;
        }
        let url_in =
            |variables: &HashMap<_, String>| variables.get("DATABASE_URL").filter(|url| !url.is_empty()).cloned();
        let database_url = url_in(environment).or_else(|| url_in(dot_env));
        for variables in [dot_env, environment] {
            layers = layers.add_source(
                Environment::with_prefix("YTS")
                    .prefix_separator("__")
                    .separator("__")
                    .try_parsing(true)
                    .list_separator(",")
                    .with_list_parse_key("api.base_urls")
                    .source(Some(variables.clone())),
            );
        }
        let layers = layers.set_override_option("database.url", database_url)?;
        let mut settings: Self = layers.build()?.try_deserialize()?;
        let key = dot_env.get(&settings.embeddings.key_variable).map(|key| key.trim());
        settings.embeddings.key_in_dot_env = key.filter(|key| !key.is_empty()).map(SecretString::from);
        settings.check()?;
        Ok(settings)
    }

    /// Checks what the types do not say.
    fn check(&self) -> Result<(), Error> {
        let check = |is_valid: bool, key: &'static str, value: String, remedy: &'static str| {
            if is_valid { Ok(()) } else { Err(Error::Range { key, value, remedy }) }
        };
        let Self { api, crawl, database, .. } = self;
        let (answer, statement) = (database.answer_timeout, database.statement_timeout);
        let seconds = answer.as_secs_f64().to_string();
        let remedy = "give more than database.statement_timeout_seconds";
        check(answer > statement, "database.answer_timeout_seconds", seconds, remedy)?;
        check((1..=50).contains(&crawl.limit), "crawl.limit", crawl.limit.to_string(), "the API allows 1 to 50")?;
        let workers = crawl.workers;
        check((1..=256).contains(&workers), "crawl.workers", workers.to_string(), "give 1 to 256")?;
        check(api.rate.is_finite() && api.rate >= 0.0, "api.rate", api.rate.to_string(), "give 0 or more")?;
        let user_agent = api.user_agent.escape_debug().to_string();
        let is_header = !api.user_agent.chars().any(char::is_control);
        check(is_header, "api.user_agent", user_agent, "leave out its control characters")?;
        let concurrency = api.concurrency;
        check((1..=1024).contains(&concurrency), "api.concurrency", concurrency.to_string(), "give 1 to 1024")?;
        check(api.max_attempts >= 1, "api.max_attempts", api.max_attempts.to_string(), "give 1 or more")?;
        let mib = api.max_body_mib;
        check((1..=1024).contains(&mib), "api.max_body_mib", mib.to_string(), "give 1 to 1024")?;
        check(!api.base_urls.is_empty(), "api.base_urls", "[]".to_owned(), "name at least one")
    }
}

/// Tells a mistake in a file, without the excerpt of it that may hold a password.
fn mistake_in(path: &Path, error: &config::ConfigError) -> Error {
    let text = error.to_string();
    let told: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_excerpt(line)).collect();
    Error::InFile { path: path.to_owned(), reason: told.join(": ") }
}

/// Says whether a line of an error shows the file: `3 | url = "…"`, or the mark below.
fn is_excerpt(line: &str) -> bool {
    line.trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start().starts_with('|')
}

/// Reads `.env` in the current folder, if there is one. It never overrides the environment. A mistake is told by its
/// place only, since the line may hold a password.
fn dot_env() -> Result<HashMap<String, String>, Error> {
    let pairs = match dotenvy::from_path_iter(".env") {
        Ok(pairs) => pairs,
        Err(error) if error.not_found() => return Ok(HashMap::new()),
        Err(error) => return Err(Error::DotEnv(format!("{error}; check its permissions"))),
    };
    let mut variables = HashMap::new();
    for (number, pair) in pairs.enumerate() {
        let (key, value) = pair.map_err(|_| {
            let remedy = "put its value in quotes, or remove it";
            Error::DotEnv(format!("the line after {number} good ones cannot be understood; {remedy}"))
        })?;
        variables.insert(key, value);
    }
    Ok(variables)
}

/// Returns the environment, without what is not text.
fn environment() -> HashMap<String, String> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Reads a duration in seconds, of at most a day.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    const DAY: f64 = 86_400.0;
    let seconds = f64::deserialize(deserializer)?;
    if (0.0..=DAY).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(serde::de::Error::custom(format!("{seconds} seconds are not between 0 and {DAY}")))
    }
}

#[cfg(test)]
mod tests;
