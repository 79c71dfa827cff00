//! What the list pages held when they were read, the certificate that rests on it, and movies that have disappeared.
//!
//! Whether the readings show that everything was seen is [`crate::crawl`]'s to decide.

use chrono::{DateTime, Utc};
use entity::{movie, run, run_page, run_reading};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    TransactionOptions,
};

use super::{Error, Store, bulk, dialect, retries, runs};

/// Rows read in one go, which are ten times as large as what remains of them.
const READINGS_AT_ONCE: u64 = 200;

/// Movies read in one go, as one text.
const MOVIES_AT_ONCE: u64 = 10_000;

/// What a list page held at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageReading {
    /// Number of the list page, or [`PageReading::TOP`].
    pub page: i32,
    /// The pass over the list, from 1.
    pub pass: i32,
    /// How many movies the source said it had.
    pub movie_count: i64,
    /// The movies on the page, in its order.
    pub external_ids: Vec<i32>,
}

impl PageReading {
    /// The first page as it was when it told how many there are, whether or not it was saved then.
    pub const TOP: i32 = 0;
}

/// What became of the movies that a certified run did not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disappeared {
    /// So many were marked as deleted.
    Marked(u64),
    /// So many would have been, too many at once; none was.
    Braked(u64),
}

/// Keeps what pages of a run held, within the transaction that saves them.
pub(super) async fn record(
    connection: &impl ConnectionTrait,
    run_id: i64,
    readings: &[&PageReading],
) -> Result<(), Error> {
    let rows = readings.iter().map(|reading| {
        let ids: Vec<String> = reading.external_ids.iter().map(ToString::to_string).collect();
        run_reading::ActiveModel {
            run_id: Set(run_id),
            page: Set(reading.page),
            pass: Set(reading.pass),
            movie_count: Set(reading.movie_count),
            external_ids: Set(ids.join(",")),
            ..Default::default()
        }
    });
    bulk::insert(connection, rows.collect(), None).await.map_err(Error::doing("keep what pages held"))
}

/// Notes that the source lists movies again that were thought to have disappeared.
pub(super) async fn mark_reappeared(connection: &impl ConnectionTrait, external_ids: &[i32]) -> Result<(), Error> {
    if external_ids.is_empty() {
        return Ok(());
    }
    movie::Entity::update_many()
        .col_expr(movie::Column::DeletedAt, Expr::val(None::<DateTime<Utc>>))
        .filter(dialect::is_any_of(connection.get_database_backend(), movie::Column::ExternalId, external_ids))
        .exec(connection)
        .await
        .map_err(Error::doing("note that movies are listed again"))?;
    Ok(())
}

impl Store {
    /// Returns what the pages of a run held, in the order in which they were saved.
    pub async fn readings(&self, run_id: i64) -> Result<Vec<PageReading>, Error> {
        let (mut readings, mut after) = (Vec::new(), 0);
        loop {
            let rows = run_reading::Entity::find()
                .filter(run_reading::COLUMN.run_id.eq(run_id))
                .filter(run_reading::COLUMN.id.gt(after))
                .order_by_asc(run_reading::COLUMN.id)
                .limit(READINGS_AT_ONCE)
                .all(&self.db)
                .await
                .map_err(Error::doing("read what the pages held"))?;
            let Some(last) = rows.last() else { return Ok(readings) };
            after = last.id;
            readings.extend(rows.into_iter().map(PageReading::from));
        }
    }

    /// Makes pages of a run due again, in the pass that was judged or in the next one; they count as read again. Pages of
    /// a later pass stay as they are: another process that judged the same has made them due.
    pub async fn read_again(&self, run_id: i64, pages: &[i32], judged: i32, new_pass: bool) -> Result<(), Error> {
        const DOING: &str = "make pages due again";
        let writing = self.begin_writing(DOING).await?;
        for keys in pages.chunks(bulk::MAX_KEYS) {
            let due = run_page::Entity::update_many()
                .col_expr(run_page::Column::Status, Expr::val("due"))
                .col_expr(run_page::Column::Pass, Expr::val(judged + i32::from(new_pass)))
                .filter(run_page::COLUMN.run_id.eq(run_id))
                .filter(run_page::COLUMN.status.eq("done"))
                .filter(run_page::COLUMN.pass.lte(judged))
                .filter(dialect::is_any_of(self.backend(), run_page::Column::Page, keys));
            let made_due = due.exec(&writing.transaction).await.map_err(Error::doing(DOING))?.rows_affected;
            run::Entity::update_many()
                .col_expr(
                    run::Column::PagesReadAgain,
                    Expr::col(run::Column::PagesReadAgain).add(i32::try_from(made_due).unwrap_or(i32::MAX)),
                )
                .filter(run::COLUMN.id.eq(run_id))
                .exec(&writing.transaction)
                .await
                .map_err(Error::doing(DOING))?;
        }
        writing.commit(DOING).await
    }

    /// Certifies a run: everything that the source listed until its last page was read was seen, or was known before; that
    /// may be long ago, where the run was stopped in between. Where all of it was seen, list pages that failed earlier are
    /// settled, however many movies they held.
    pub async fn certify(&self, run_id: i64, distinct_movies: Option<usize>) -> Result<(), Error> {
        const DOING: &str = "certify the run";
        let writing = self.begin_writing(DOING).await?;
        let distinct_movies = distinct_movies.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let of_run = Expr::col("run_id").eq(run_id);
        let mut read_until = Query::select();
        read_until.expr(Expr::col(run_page::Column::FinishedAt).max()).from(run_page::Entity).and_where(of_run.clone());
        let mut last_count = Query::select();
        last_count.column(run_reading::Column::MovieCount).from(run_reading::Entity).and_where(of_run);
        last_count.order_by(run_reading::Column::Id, Order::Desc).limit(1);
        run::Entity::update_many()
            .col_expr(run::Column::CertifiedAt, read_until.into())
            .col_expr(run::Column::MovieCount, last_count.into())
            .col_expr(run::Column::DistinctMovies, Expr::val(distinct_movies))
            .filter(run::COLUMN.id.eq(run_id))
            .exec(&writing.transaction)
            .await
            .map_err(Error::doing(DOING))?;
        if distinct_movies.is_some() {
            retries::settle_pages(&writing.transaction, run_id).await?;
            forget_readings_before(&writing.transaction, run_id).await?;
        }
        writing.commit(DOING).await
    }

    /// Returns until when everything is known, for a part of a catalogue.
    pub async fn certified_until(&self, scope: &str) -> Result<Option<DateTime<Utc>>, Error> {
        let newest: Option<Option<DateTime<Utc>>> = run::Entity::find()
            .select_only()
            .column(run::Column::CertifiedAt)
            .filter(run::COLUMN.scope.eq(scope))
            .filter(run::COLUMN.certified_at.is_not_null())
            .order_by_desc(run::COLUMN.certified_at)
            .into_tuple()
            .one(&self.db)
            .await
            .map_err(Error::doing("look for a certified run"))?;
        Ok(newest.flatten())
    }

    /// Marks the movies as deleted that a certified run of the whole catalogue did not see, though they were there when
    /// it began; what another process saved meanwhile may be newer than what the run saw. Where that would be more than
    /// `max_share` of them, it is likely the source that is at fault, and none is marked. `seen` is sorted.
    pub async fn mark_disappeared(&self, run_id: i64, seen: &[i32], max_share: f64) -> Result<Disappeared, Error> {
        const DOING: &str = "mark movies that have disappeared";
        let began_at = Query::select()
            .column(run::Column::StartedAt)
            .from(run::Entity)
            .and_where(Expr::col(run::Column::Id).eq(run_id))
            .take();
        // By one connection: on SQLite, each that takes part fills a cache of its own.
        let reading = self.db.begin(TransactionOptions::default()).await.map_err(Error::doing(DOING))?;
        let (mut count, mut gone, mut after) = (0, Vec::new(), i32::MIN);
        loop {
            let some = movie::Entity::find()
                .select_only()
                .column(movie::Column::ExternalId)
                .filter(movie::COLUMN.external_id.gt(after))
                .filter(movie::COLUMN.deleted_at.is_null())
                .filter(Expr::col(movie::Column::CreatedAt).lt(Expr::from(began_at.clone())))
                .order_by_asc(movie::Column::ExternalId)
                .limit(MOVIES_AT_ONCE);
            let packed = Expr::cust(dialect::packed(self.backend(), "external_id"));
            let query = Query::select().expr(packed).from_subquery(some.into_query(), "listed").take();
            let row = reading.query_one(&query).await.map_err(Error::doing(DOING))?;
            let listed: Option<Option<String>> =
                row.map(|row| row.try_get_by_index(0)).transpose().map_err(Error::doing(DOING))?;
            let listed: Vec<i32> = dialect::unpacked(listed.flatten());
            let Some(last) = listed.iter().max() else { break };
            after = *last;
            count += listed.len();
            gone.extend(listed.into_iter().filter(|id| seen.binary_search(id).is_err()));
        }
        reading.commit().await.map_err(Error::doing(DOING))?;
        if gone.len() as f64 > count as f64 * max_share {
            return Ok(Disappeared::Braked(gone.len() as u64));
        }
        let writing = self.begin_writing(DOING).await?;
        for keys in gone.chunks(bulk::MAX_KEYS) {
            movie::Entity::update_many()
                .col_expr(movie::Column::DeletedAt, dialect::now(self.backend()))
                .filter(dialect::is_any_of(self.backend(), movie::Column::ExternalId, keys))
                .exec(&writing.transaction)
                .await
                .map_err(Error::doing(DOING))?;
        }
        writing.commit(DOING).await?;
        Ok(Disappeared::Marked(gone.len() as u64))
    }
}

/// Deletes what the pages of earlier runs about the same part of the catalogue held, which this run shows anew: a nightly
/// run would otherwise fill the database with proofs. Runs that go on when asked again keep theirs.
async fn forget_readings_before(connection: &impl ConnectionTrait, run_id: i64) -> Result<(), Error> {
    let scope = Query::select().column("scope").from("runs").and_where(Expr::col("id").eq(run_id)).take();
    let earlier = Query::select()
        .column("id")
        .from("runs")
        .and_where(Expr::col("scope").in_subquery(scope))
        .and_where(Expr::col("id").lt(run_id))
        .and_where(Expr::col("status").is_not_in(runs::UNFINISHED))
        .take();
    run_reading::Entity::delete_many()
        .filter(Expr::col(run_reading::Column::RunId).in_subquery(earlier))
        .exec(connection)
        .await
        .map_err(Error::doing("delete what the pages of earlier runs held"))?;
    Ok(())
}

impl From<run_reading::Model> for PageReading {
    fn from(row: run_reading::Model) -> Self {
        let ids = row.external_ids.split(',').filter_map(|id| id.parse().ok());
        Self { page: row.page, pass: row.pass, movie_count: row.movie_count, external_ids: ids.collect() }
    }
}
