//! Vectors: reading them, the index on them, and the nearest ones on `PostgreSQL`.
//!
//! An index serves one model, since vectors of two models have nothing to do with each other. On `SQLite` there is none:
//! search reads all vectors once and scans them.

use std::ops::RangeInclusive;
use std::time::Duration;

use entity::embedding::Embedding;
use entity::movie_embedding;
use sea_orm::prelude::PgVector;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect, Statement,
    TransactionOptions, Value,
};

use super::DOING;
use crate::store::{Error, Store, bulk, dialect};

/// How many candidates the index keeps in view: at least so many for recall@10 above .95, as many as are asked for, and no
/// more than pgvector allows.
const EF_SEARCH: RangeInclusive<u64> = 100..=1_000;
/// The most numbers that pgvector's HNSW index takes.
const MAX_INDEXED_DIMENSION: usize = 2_000;
/// From so many vectors on, comparing each takes tens of milliseconds, and an index is worth its making.
const MIN_INDEXED: i64 = 30_000;
/// What building the index takes a vector, on a small machine.
const INDEXING_A_VECTOR: Duration = Duration::from_millis(1);
/// Up to so many movies, comparing each is as fast as the index, and exact.
const MAX_EXACT: usize = 10_000;

/// Vectors, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedVectors {
    /// Their movies, by our ids.
    pub(crate) movie_ids: Vec<i64>,
    /// Little-endian `f32`, as many for each movie.
    pub(crate) numbers: Vec<u8>,
}

/// Returns what connections begin with: the least view, and looking on where what was found is not enough.
pub(in crate::store) fn index_settings() -> [(&'static str, String); 2] {
    [("hnsw.ef_search", EF_SEARCH.start().to_string()), ("hnsw.iterative_scan", "strict_order".to_owned())]
}

impl Store {
    /// Makes search fast after many movies were saved: builds the model's index of vectors where it is missing, puts
    /// new words where they are found fast, and brings the planner's statistics up to date. Only `PostgreSQL` needs it.
    pub async fn settle_search(&self, model: &str, dimension: usize) -> Result<(), Error> {
        self.ensure_vector_index(model, dimension).await?;
        if self.backend() == DbBackend::Postgres {
            let clean = "SELECT gin_clean_pending_list('idx_movies_search_document'), \
                         gin_clean_pending_list('idx_casts_search_name')";
            for sql in [clean, "ANALYZE movies, casts, movie_casts, movie_genres, movie_embeddings"] {
                self.db.execute_unprepared(sql).await.map_err(Error::doing("prepare the search"))?;
            }
        }
        Ok(())
    }

    /// Settles the search the first time that there are so many vectors that comparing each takes long, if building
    /// their index takes no longer than `patience`; returns whether it did, or nothing where it is not due. An index that
    /// is there is kept up by the database.
    pub async fn settle_search_once(
        &self,
        model: &str,
        dimension: usize,
        patience: Duration,
    ) -> Result<Option<bool>, Error> {
        if self.backend() != DbBackend::Postgres || dimension > MAX_INDEXED_DIMENSION {
            return Ok(None);
        }
        let unindexed = "SELECT count(*) FROM movie_embeddings WHERE model = $1 \
                         AND to_regclass('idx_movie_embeddings_' || left(md5($1), 16) || '_' || $2::int) IS NULL";
        let dimension_value = i32::try_from(dimension).unwrap_or(i32::MAX);
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, unindexed, vec![model.into(), dimension_value.into()]);
        let row = self.db.query_one_raw(statement).await.map_err(Error::doing(DOING))?;
        let vectors: i64 =
            row.map(|row| row.try_get_by_index(0)).transpose().map_err(Error::doing(DOING))?.unwrap_or_default();
        if vectors < MIN_INDEXED {
            return Ok(None);
        }
        let is_quick = INDEXING_A_VECTOR.saturating_mul(u32::try_from(vectors).unwrap_or(u32::MAX)) <= patience;
        if is_quick {
            self.settle_search(model, dimension).await?;
        }
        Ok(Some(is_quick))
    }

    /// Builds the HNSW index of a model's vectors on `PostgreSQL` where it is missing; on `SQLite` it does nothing.
    pub async fn ensure_vector_index(&self, model: &str, dimension: usize) -> Result<(), Error> {
        const DOING: &str = "build the index of vectors";
        if self.backend() != DbBackend::Postgres || dimension == 0 || dimension > MAX_INDEXED_DIMENSION {
            return Ok(());
        }
        // PostgreSQL itself quotes the name and the model, and names hold 63 bytes only.
        let create = "SELECT format('CREATE INDEX IF NOT EXISTS %I ON movie_embeddings USING hnsw \
             ((embedding::vector(' || $2::int || ')) vector_cosine_ops) WHERE model = %L', \
             'idx_movie_embeddings_' || left(md5($1), 16) || '_' || $2::int, $1)";
        let dimension = i32::try_from(dimension).unwrap_or(i32::MAX);
        let sql = self.one_text(create, vec![model.into(), dimension.into()]).await.map_err(Error::doing(DOING))?;
        let transaction = self.db.begin(TransactionOptions::default()).await.map_err(Error::doing(DOING))?;
        // It may take longer than other statements, and than their answers; two that build at once would both try.
        let settings = "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(8751236045519); \
                        SET LOCAL maintenance_work_mem = '256MB'";
        transaction.unlimited().execute_unprepared(settings).await.map_err(Error::doing(DOING))?;
        transaction.unlimited().execute_unprepared(&sql.unwrap_or_default()).await.map_err(Error::doing(DOING))?;
        transaction.commit().await.map_err(Error::doing(DOING))
    }

    /// Returns all vectors of a model on `SQLite`, packed: a row for each would cost more than reading it.
    pub(crate) async fn packed_vectors(&self, model: &str, dimension: usize) -> Result<Vec<PackedVectors>, Error> {
        // Joined as texts, blobs keep their bytes; in groups, they stay below SQLite's limit of a value's length. GROUP BY
        // would sort all vectors first, which takes as long again.
        // Vectors of movies that went are left out by search, which knows the others; a join would cost more.
        let group = "FROM movie_embeddings WHERE movie_id BETWEEN first AND first + 499 AND model = ?1 \
                     AND length(embedding) = ?2";
        let sql = format!(
            "WITH RECURSIVE groups (first) AS (SELECT min(movie_id) FROM movie_embeddings UNION ALL \
             SELECT (SELECT min(movie_id) FROM movie_embeddings WHERE movie_id >= first + 500) FROM groups \
             WHERE first IS NOT NULL) \
             SELECT (SELECT group_concat(movie_id, ' ') {group}), \
             (SELECT CAST(group_concat(embedding, '') AS BLOB) {group}) FROM groups WHERE first IS NOT NULL"
        );
        let bytes = i64::try_from(dimension * size_of::<f32>()).unwrap_or(i64::MAX);
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [model.into(), bytes.into()]);
        let rows = self.db.query_all_raw(statement).await.map_err(Error::doing(DOING))?;
        let packed = rows.iter().map(|row| {
            let numbers: Option<Vec<u8>> = row.try_get_by_index(1)?;
            Ok(PackedVectors {
                movie_ids: dialect::unpacked(row.try_get_by_index(0)?),
                numbers: numbers.unwrap_or_default(),
            })
        });
        packed.collect::<Result<_, DbErr>>().map_err(Error::doing(DOING))
    }

    /// Says whether any movie has a vector of a model.
    pub(crate) async fn has_vectors(&self, model: &str) -> Result<bool, Error> {
        let query = movie_embedding::Entity::find().select_only().column(movie_embedding::Column::MovieId);
        let one = query.filter(movie_embedding::Column::Model.eq(model)).into_tuple::<i64>().one(&self.db).await;
        Ok(one.map_err(Error::doing("look for vectors"))?.is_some())
    }

    /// Returns the vectors of these movies by a model.
    pub(crate) async fn vectors_of(&self, model: &str, ids: &[i64]) -> Result<Vec<(i64, Vec<f32>)>, Error> {
        let mut vectors = Vec::with_capacity(ids.len());
        for keys in ids.chunks(bulk::MAX_KEYS) {
            let query = movie_embedding::Entity::find()
                .select_only()
                .columns([movie_embedding::Column::MovieId, movie_embedding::Column::Embedding])
                .filter(dialect::is_any_of(self.backend(), movie_embedding::Column::MovieId, keys))
                .filter(movie_embedding::Column::Model.eq(model));
            let rows: Vec<(i64, Embedding)> =
                query.into_tuple().all(&self.db).await.map_err(Error::doing("read vectors"))?;
            vectors.extend(rows.into_iter().map(|(id, embedding)| (id, embedding.to_vec())));
        }
        Ok(vectors)
    }

    /// Returns the movies nearest to a vector and their closeness (1 is the same direction), nearest first, by
    /// `PostgreSQL`. Among few movies it compares each; otherwise it asks the index. Those to look among are taken as they
    /// are; where none are named, deleted ones are left out.
    pub async fn nearest(
        &self,
        model: &str,
        vector: &[f32],
        limit: u64,
        among: Option<&[i64]>,
    ) -> Result<Vec<(i64, f64)>, Error> {
        let is_exact = among.is_some_and(|ids| ids.len() <= MAX_EXACT);
        let (sql, values) = nearest_sql(model, vector, limit, is_exact, among);
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, &sql, values);
        let is_usual = among.is_none() && limit <= *EF_SEARCH.start();
        let rows =
            if is_usual { self.db.query_all_raw(statement).await } else { self.with_wide_view(statement, limit).await };
        let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(Error::doing(DOING))
    }

    /// Runs a query for neighbours with settings of its own, which last as long as the transaction.
    async fn with_wide_view(&self, statement: Statement, limit: u64) -> Result<Vec<QueryResult>, DbErr> {
        let transaction = self.db.begin(TransactionOptions::default()).await?;
        let ef_search = limit.clamp(*EF_SEARCH.start(), *EF_SEARCH.end());
        // Where movies are listed, their number makes the plan, which is not one for any list.
        let settings =
            format!("SET LOCAL hnsw.ef_search = {ef_search}; SET LOCAL plan_cache_mode = 'force_custom_plan'");
        transaction.execute_unprepared(&settings).await?;
        let rows = transaction.query_all_raw(statement).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

/// Builds the query for neighbours. The cast to a dimension is what the index is on; without it each row is compared. The
/// index is known to serve only where the model stands in the query: not in a plan for any model.
fn nearest_sql(model: &str, vector: &[f32], limit: u64, is_exact: bool, among: Option<&[i64]>) -> (String, Vec<Value>) {
    let dimension = vector.len();
    let cast =
        if is_exact || dimension > MAX_INDEXED_DIMENSION { String::new() } else { format!("::vector({dimension})") };
    let of_model = Statement::from_sql_and_values(DbBackend::Postgres, "e.model = $1", [model.into()]).to_string();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values: Vec<Value> = vec![PgVector::from(vector.to_vec()).into()];
    let (listed, among) = match among {
        Some(ids) => {
            values.push(ids.to_vec().into());
            ("", "AND e.movie_id = ANY($2)")
        }
        None => ("JOIN movies m ON m.id = e.movie_id AND m.deleted_at IS NULL", ""),
    };
    let sql = format!(
        "SELECT e.movie_id, 1 - (e.embedding{cast} <=> $1) AS closeness FROM movie_embeddings e {listed} \
         WHERE {of_model} {among} ORDER BY e.embedding{cast} <=> $1 LIMIT {limit}"
    );
    (sql, values)
}
