//! Notes every row that is inserted, updated or deleted in the catalogue's tables, by triggers: so that "nothing was
//! written" can be asserted and not only "nothing looks different".

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

const TABLES: [&str; 7] = ["movies", "genres", "casts", "torrents", "movie_genres", "movie_casts", "movie_changes"];

const POSTGRES_FUNCTION: &str = "CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN INSERT INTO writes VALUES (TG_TABLE_NAME || ' ' || TG_OP); RETURN NULL; END $$";

/// Notes writes from now on.
pub(crate) async fn note(db: &DatabaseConnection) {
    execute(db, "CREATE TABLE writes (what TEXT NOT NULL)").await;
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    if is_postgres {
        execute(db, POSTGRES_FUNCTION).await;
    }
    for table in TABLES {
        for kind in ["INSERT", "UPDATE", "DELETE"] {
            let action = if is_postgres {
                "FOR EACH ROW EXECUTE FUNCTION note_write()".to_owned()
            } else {
                format!("BEGIN INSERT INTO writes VALUES ('{table} {kind}'); END")
            };
            execute(db, &format!("CREATE TRIGGER note_{table}_{kind} AFTER {kind} ON {table} {action}")).await;
        }
    }
}

/// Returns how many rows were written since then, or since this was asked last, by `table KIND`.
pub(crate) async fn noted(db: &DatabaseConnection) -> BTreeMap<String, usize> {
    let query = Statement::from_string(db.get_database_backend(), "SELECT what FROM writes");
    let rows = db.query_all_raw(query).await.expect("the notes can be read");
    execute(db, "DELETE FROM writes").await;
    let mut writes = BTreeMap::new();
    for row in rows {
        *writes.entry(row.try_get("", "what").expect("a note is a text")).or_default() += 1;
    }
    writes
}

async fn execute(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
