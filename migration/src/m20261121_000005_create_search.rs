//! Creates the full-text search: a generated, weighted `tsvector` with GIN on `PostgreSQL`, FTS5 kept in step by triggers
//! on `SQLite`.
//!
//! Both index the words of titles and descriptions, and the names of the cast; genres are few enough to be compared.
//! Words are taken as they stand, without accents and in lower case, the same on both; their inflections are the
//! search's concern. A generated column and triggers, unlike a text written by the crawl, also follow what is changed by
//! hand.

use sea_orm_migration::prelude::sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

/// The step itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Letters that have no decomposition into a base letter and an accent, and what stands for them.
const LETTERS: [(&str, &str); 16] = [
    ("ø", "o"),
    ("Ø", "o"),
    ("ł", "l"),
    ("Ł", "l"),
    ("đ", "d"),
    ("Đ", "d"),
    ("ð", "d"),
    ("Ð", "d"),
    ("ı", "i"),
    ("æ", "ae"),
    ("Æ", "ae"),
    ("œ", "oe"),
    ("Œ", "oe"),
    ("ß", "ss"),
    ("þ", "th"),
    ("Þ", "th"),
];

/// Characters that the parser of `PostgreSQL` would take for parts of addresses, paths, numbers or tags.
const JOINERS: &str = "./\\-_@:&~=%#?+<>|*^";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, if is_postgres(manager) { up_on_postgres() } else { up_on_sqlite() }).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_all(manager, if is_postgres(manager) { down_on_postgres() } else { down_on_sqlite() }).await
    }
}

fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}

async fn execute_all(manager: &SchemaManager<'_>, statements: Vec<String>) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Wraps an expression so that letters without a decomposition are replaced.
fn replaced(expression: &str) -> String {
    LETTERS
        .iter()
        .fold(expression.to_owned(), |inner, (letter, plain)| format!("replace({inner}, '{letter}', '{plain}')"))
}

fn up_on_postgres() -> Vec<String> {
    // Most texts need no folding, which costs as much as all the rest. Dashes and quotation marks are let pass.
    let needs_folding = "value ~ '[^\\u0001-\\u007f\\u2010-\\u2027]'";
    let folded = format!("regexp_replace(normalize({}, NFKD), '[\\u0300-\\u036f]', '', 'g')", replaced("value"));
    let text = format!("CASE WHEN {needs_folding} THEN {folded} ELSE value END");
    // Many calls of replace are ten times as fast as one of translate.
    let text = JOINERS.chars().fold(text, |inner, joiner| format!("replace({inner}, '{joiner}', ' ')"));
    let words = format!(
        "CREATE OR REPLACE FUNCTION search_words(value text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ \
         SELECT to_tsvector('pg_catalog.simple', {text}) $$"
    );
    let document = "setweight(search_words(title || ' ' || COALESCE(title_english, '')), 'A') || \
                    setweight(search_words(COALESCE(description_full, description_intro, '')), 'D')";
    vec![
        words,
        format!("ALTER TABLE movies ADD COLUMN search_document tsvector GENERATED ALWAYS AS ({document}) STORED"),
        // Uncompressed, since compressing a few KB costs a tenth of saving them and saves next to no space; and where a row
        // is too long, outside of it, since looking a word up reads the rows that have it.
        "ALTER TABLE movies ALTER description_full SET STORAGE EXTERNAL, ALTER search_document SET STORAGE EXTERNAL"
            .to_owned(),
        "CREATE INDEX idx_movies_search_document ON movies USING gin (search_document)".to_owned(),
        "CREATE INDEX idx_casts_search_name ON casts USING gin (search_words(name))".to_owned(),
    ]
}

fn down_on_postgres() -> Vec<String> {
    let statements = [
        "DROP INDEX idx_casts_search_name",
        "DROP INDEX idx_movies_search_document",
        "ALTER TABLE movies ALTER description_full SET STORAGE EXTENDED",
        "ALTER TABLE movies DROP COLUMN search_document",
        "DROP FUNCTION search_words(text)",
    ];
    statements.map(str::to_owned).into()
}

/// The tables are contentless: the texts stay where they are, and a row is taken out by naming what was put in, which
/// every version of `SQLite` with FTS5 can do.
fn up_on_sqlite() -> Vec<String> {
    let options = "content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'";
    let mut statements = vec![
        format!("CREATE VIRTUAL TABLE movies_search USING fts5(title, title_english, description, {options})"),
        format!("CREATE VIRTUAL TABLE casts_search USING fts5(name, {options})"),
    ];
    let movie = ["title", "title_english", "COALESCE(ROW.description_full, ROW.description_intro)"];
    let watched = "title, title_english, description_full, description_intro";
    statements.extend(triggers("movies", "title, title_english, description", &movie, watched));
    statements.extend(triggers("casts", "name", &["name"], "name"));
    // What is there already, in one go.
    for (table, columns, values) in
        [("movies", "title, title_english, description", &movie[..]), ("casts", "name", &["name"][..])]
    {
        let values = indexed(values, table);
        statements.push(format!("INSERT INTO {table}_search (rowid, {columns}) SELECT id, {values} FROM {table}"));
    }
    statements
}

/// Returns the triggers that keep an index in step with its table.
fn triggers(table: &str, columns: &str, values: &[&str], watched: &str) -> [String; 3] {
    let (old, new) = (indexed(values, "old"), indexed(values, "new"));
    let put_in = format!("INSERT INTO {table}_search (rowid, {columns}) VALUES (new.id, {new});");
    let take_out =
        format!("INSERT INTO {table}_search ({table}_search, rowid, {columns}) VALUES ('delete', old.id, {old});");
    [
        format!("CREATE TRIGGER {table}_search_insert AFTER INSERT ON {table} BEGIN {put_in} END"),
        format!("CREATE TRIGGER {table}_search_delete AFTER DELETE ON {table} BEGIN {take_out} END"),
        format!(
            "CREATE TRIGGER {table}_search_update AFTER UPDATE OF {watched} ON {table} \
             WHEN ({old}) IS NOT ({new}) BEGIN {take_out} {put_in} END"
        ),
    ]
}

/// Returns the texts of a row as they are indexed: without what the tokenizer does not fold.
fn indexed(values: &[&str], row: &str) -> String {
    let texts = values.iter().map(|value| {
        let text = if value.contains("ROW.") { value.replace("ROW", row) } else { format!("{row}.{value}") };
        let is_ascii = format!("length(CAST({text} AS BLOB)) = length({text})");
        format!("CASE WHEN {is_ascii} THEN {text} ELSE {} END", replaced(&text))
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn down_on_sqlite() -> Vec<String> {
    let mut statements = Vec::new();
    for table in ["movies", "casts"] {
        for event in ["insert", "delete", "update"] {
            statements.push(format!("DROP TRIGGER {table}_search_{event}"));
        }
        statements.push(format!("DROP TABLE {table}_search"));
    }
    statements
}
