//! The history of the schema: one file a step, each going down as well as up.
//!
//! History never imports the entities, which describe only today's tables. [`migrate`] is the one way in: it takes the
//! lock that `SeaORM`'s migrator lacks, so that processes which start at the same time all come up.

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::prelude::{MigratorTrait, sea_orm};

mod lock;
mod m20261121_000001_create_catalogue;
mod m20261121_000002_create_embeddings;
mod m20261121_000003_create_runs;
mod m20261121_000004_create_changes;
mod m20261121_000005_create_search;
mod m20261128_000006_let_documents_be_given;

pub use lock::{Step, migrate};

/// Lists the steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_catalogue::Migration),
            Box::new(m20261121_000002_create_embeddings::Migration),
            Box::new(m20261121_000003_create_runs::Migration),
            Box::new(m20261121_000004_create_changes::Migration),
            Box::new(m20261121_000005_create_search::Migration),
            Box::new(m20261128_000006_let_documents_be_given::Migration),
        ]
    }
}
