//! Layers of settings, and mistakes in them.

use secrecy::ExposeSecret;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn defaults_are_complete_and_valid() {
    let settings = Settings::from_layers(None, &HashMap::new(), &HashMap::new()).expect("defaults load");
    assert_eq!(settings.database.url, "sqlite://yts.db?mode=rwc");
    assert_eq!((settings.crawl.workers, settings.crawl.limit, settings.api.concurrency), (8, 50, 32));
    assert_eq!(settings.api.connect_timeout, Duration::from_secs(10));
}

#[test]
fn the_environment_stands_above_dot_env_and_both_above_the_defaults() {
    let dot_env = variables(&[("YTS__API__RATE", "3"), ("YTS__CRAWL__WORKERS", "2")]);
    let environment = variables(&[("YTS__API__RATE", "7.5"), ("YTS__API__BASE_URLS", "http://a/,http://b/")]);
    let settings = Settings::from_layers(None, &dot_env, &environment).expect("layers load");
    assert!((settings.api.rate - 7.5).abs() < f64::EPSILON);
    assert_eq!(settings.crawl.workers, 2);
    assert_eq!(settings.api.base_urls, ["http://a/", "http://b/"]);
}

#[test]
fn database_url_in_the_environment_stands_above_the_config() {
    let environment = variables(&[("DATABASE_URL", "postgres://db/yts"), ("YTS__DATABASE__URL", "sqlite://other.db")]);
    let settings = Settings::from_layers(None, &HashMap::new(), &environment).expect("layers load");
    assert_eq!(settings.database.url, "postgres://db/yts");
}

#[test]
fn a_key_in_dot_env_is_kept_for_the_service_that_wants_it() {
    let key_in = |dot_env: &[(&str, &str)]| {
        let settings = Settings::from_layers(None, &variables(dot_env), &HashMap::new()).expect("layers load");
        let key = settings.embeddings.key_in_dot_env.as_ref().map(|key| key.expose_secret().to_owned());
        assert!(!format!("{:?}", settings.embeddings).contains("sk-secret"), "the key is shown");
        key
    };
    assert_eq!(key_in(&[]), None);
    assert_eq!(key_in(&[("YTS_EMBEDDINGS_KEY", " ")]), None);
    assert_eq!(key_in(&[("YTS_EMBEDDINGS_KEY", "sk-secret ")]).as_deref(), Some("sk-secret"));
    let named = [("YTS__EMBEDDINGS__KEY_VARIABLE", "MY_KEY"), ("MY_KEY", "sk-secret")];
    assert_eq!(key_in(&named).as_deref(), Some("sk-secret"));
}

#[test]
fn mistakes_are_named() {
    for (key, value, named) in [
        ("YTS__API__RATE", "fast", "rate"),
        ("YTS__API__RATE", "-1", "api.rate"),
        ("YTS__API__RAET", "1", "raet"),
        ("YTS__API__USER_AGENT", "two\nlines", "api.user_agent"),
        ("YTS__CRAWL__LIMIT", "51", "crawl.limit"),
        ("YTS__API__READ_TIMEOUT_SECONDS", "-3", "seconds"),
        ("YTS__DATABASE__ANSWER_TIMEOUT_SECONDS", "45", "database.statement_timeout_seconds"),
    ] {
        let loaded = Settings::from_layers(None, &HashMap::new(), &variables(&[(key, value)]));
        let message = loaded.err().expect("a mistake is an error").to_string();
        assert!(message.contains(named), "{key}={value}: {message}");
    }
}
