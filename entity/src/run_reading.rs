//! What each list page held each time it was read: the proof that a shifting list was seen whole.

use sea_orm::entity::prelude::*;

/// A reading of a list page.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run_readings")]
pub struct Model {
    /// Our own id; grows with time.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The run.
    pub run_id: i64,
    /// Number of the list page. 0 is the first page as it was when it told how many there are, whether or not it was saved
    /// then; below 0 it is a batch of movies that failed earlier, and no reading.
    pub page: i32,
    /// The pass over the list in which it was read, from 1; 0 for a batch.
    pub pass: i32,
    /// How many movies the source said it had, in that answer.
    pub movie_count: i64,
    /// The movies on the page, by the source's ids, in its order, separated by commas.
    #[sea_orm(column_type = "Text")]
    pub external_ids: String,
    /// The run.
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub run: BelongsTo<super::run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
