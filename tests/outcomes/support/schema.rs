//! The schema of a database as lines of text, to compare what migrations make of it.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

const OF_SQLITE: &str = "SELECT type || ' ' || name || ': ' || COALESCE(sql, '') AS line FROM sqlite_master \
    WHERE name NOT LIKE 'sqlite%' ORDER BY 1";

const OF_POSTGRES: &str = "\
    SELECT 'column ' || table_name || '.' || column_name || ': ' || data_type || ' ' || udt_name || ' ' || is_nullable \
        || ' ' || COALESCE(column_default, '') || ' ' || COALESCE(generation_expression, '') AS line \
        FROM information_schema.columns WHERE table_schema = 'public' \
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ': ' || pg_get_constraintdef(oid) \
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
    UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') \
    ORDER BY 1";

/// Reads the schema; the migrator's own table is left out.
pub(crate) async fn read(db: &DatabaseConnection) -> Vec<String> {
    let backend = db.get_database_backend();
    let query = if backend == DbBackend::Postgres { OF_POSTGRES } else { OF_SQLITE };
    let rows = db.query_all_raw(Statement::from_string(backend, query)).await.expect("the schema can be read");
    let lines = rows.iter().map(|row| row.try_get::<String>("", "line").expect("a line is a text"));
    lines.filter(|line| !line.contains("seaql_migrations")).collect()
}
