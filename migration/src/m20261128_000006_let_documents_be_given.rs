//! Lets whoever saves a movie on `PostgreSQL` say which words it is found by, which spares the server most of its work: the
//! document becomes a column like others, and triggers make it where it is not given, or where a text changes afterwards.
//!
//! `SQLite` has nothing of the kind, and its step does nothing.

use sea_orm_migration::prelude::sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

/// The step itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The texts that a document is made of.
const TEXTS: [&str; 4] = ["title", "title_english", "description_full", "description_intro"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_on_postgres(manager, up()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute_on_postgres(manager, down()).await
    }
}

async fn execute_on_postgres(manager: &SchemaManager<'_>, statements: Vec<String>) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        for statement in statements {
            manager.get_connection().execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

/// Returns the expression that makes a row's document: the same as before, when the column was a generated one.
fn document(row: &str) -> String {
    format!(
        "setweight(search_words({row}title || ' ' || COALESCE({row}title_english, '')), 'A') || \
         setweight(search_words(COALESCE({row}description_full, {row}description_intro, '')), 'D')"
    )
}

fn up() -> Vec<String> {
    let of = |row: &str| TEXTS.map(|text| format!("{row}.{text}")).join(", ");
    let (texts, old, new) = (TEXTS.join(", "), of("old"), of("new"));
    vec![
        "ALTER TABLE movies ALTER COLUMN search_document DROP EXPRESSION".to_owned(),
        format!(
            "CREATE OR REPLACE FUNCTION make_search_document() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN new.search_document := {}; RETURN new; END $$",
            document("new.")
        ),
        "CREATE TRIGGER movies_search_insert BEFORE INSERT ON movies FOR EACH ROW \
         WHEN (new.search_document IS NULL) EXECUTE FUNCTION make_search_document()"
            .to_owned(),
        format!(
            "CREATE TRIGGER movies_search_update BEFORE UPDATE OF {texts}, search_document ON movies FOR EACH ROW \
             WHEN (new.search_document IS NULL OR ({old}) IS DISTINCT FROM ({new})) \
             EXECUTE FUNCTION make_search_document()"
        ),
    ]
}

fn down() -> Vec<String> {
    vec![
        "DROP TRIGGER movies_search_insert ON movies".to_owned(),
        "DROP TRIGGER movies_search_update ON movies".to_owned(),
        "DROP FUNCTION make_search_document()".to_owned(),
        "ALTER TABLE movies DROP COLUMN search_document".to_owned(),
        format!("ALTER TABLE movies ADD COLUMN search_document tsvector GENERATED ALWAYS AS ({}) STORED", document("")),
        "ALTER TABLE movies ALTER search_document SET STORAGE EXTERNAL".to_owned(),
        "CREATE INDEX idx_movies_search_document ON movies USING gin (search_document)".to_owned(),
    ]
}
