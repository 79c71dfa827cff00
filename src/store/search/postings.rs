//! Which movies have a word, a beginning of a word or a phrase: in title or description, or in a name of the cast.
//!
//! A query is built from words only, never from text as typed, and bound: so no operator of either database's query
//! language can get in.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TransactionOptions};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::DOING;
use crate::store::{Error, Store, dialect, is_accent};

/// What to look up: words in lower case. Their accents are folded as the database's index folds those of its words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WordQuery {
    /// Any of these words: the inflections of one.
    AnyOf(Vec<String>),
    /// Words that begin like this.
    Prefix(String),
    /// These words, one after the other.
    Phrase(Vec<String>),
}

impl WordQuery {
    /// Says the query in FTS5's language: strings only, which are never operators.
    fn for_sqlite(&self) -> String {
        let quoted = |word: &String| format!("\"{}\"", letters(word));
        match self {
            Self::AnyOf(words) => words.iter().map(quoted).collect::<Vec<_>>().join(" OR "),
            Self::Prefix(word) => format!("{}*", quoted(word)),
            Self::Phrase(words) => words.iter().map(quoted).collect::<Vec<_>>().join(" + "),
        }
    }

    /// Says the query in the language of `tsquery`: quoted lexemes only, and none that is empty, which would be an error.
    fn for_postgres(&self) -> String {
        // The index has what other scripts put together in pieces, and no accents.
        let quoted = |word: &String| {
            let pieces: String = letters(word).nfkd().filter(|character| !is_accent(*character)).collect();
            (!pieces.is_empty()).then(|| format!("'{pieces}'"))
        };
        match self {
            Self::AnyOf(words) => words.iter().filter_map(quoted).collect::<Vec<_>>().join(" | "),
            Self::Prefix(word) => quoted(word).map(|word| format!("{word}:*")).unwrap_or_default(),
            Self::Phrase(words) => words.iter().filter_map(quoted).collect::<Vec<_>>().join(" <-> "),
        }
    }
}

/// Leaves letters, marks on them and digits only; whoever calls has done so before, and this makes sure of it.
fn letters(word: &str) -> String {
    word.chars().filter(|character| character.is_alphanumeric() || is_combining_mark(*character)).collect()
}

impl Store {
    /// Returns for each query the movies with its words in title, English title or description, and those in whose cast
    /// is a name with them. Deleted ones may be among them. Two connections share the work.
    pub(crate) async fn movies_with(&self, queries: &[WordQuery]) -> Result<Vec<(Vec<i64>, Vec<i64>)>, Error> {
        let (one_half, other_half) = queries.split_at(queries.len().div_ceil(2));
        let found = tokio::try_join!(self.find_each(one_half), self.find_each(other_half));
        let (mut found, others) = found.map_err(Error::doing(DOING))?;
        found.extend(others);
        Ok(found)
    }

    async fn find_each(&self, queries: &[WordQuery]) -> Result<Vec<(Vec<i64>, Vec<i64>)>, DbErr> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        if self.backend() == DbBackend::Postgres {
            return self.find_each_on_postgres(queries).await;
        }
        let mut found = Vec::with_capacity(queries.len());
        for query in queries.iter().map(WordQuery::for_sqlite) {
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, FIND_ON_SQLITE, [query.into()]);
            let row = self.db.query_one_raw(statement).await?;
            found.push(row.as_ref().map(ids_in).transpose()?.unwrap_or_default());
        }
        Ok(found)
    }

    async fn find_each_on_postgres(&self, queries: &[WordQuery]) -> Result<Vec<(Vec<i64>, Vec<i64>)>, DbErr> {
        let queries: Vec<String> = queries.iter().map(WordQuery::for_postgres).collect();
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, FIND_ON_POSTGRES, [queries.into()]);
        // For a common word the planner would rather read all documents, and with them their texts, which takes ten times
        // as long.
        let transaction = self.db.begin(TransactionOptions::default()).await?;
        transaction.execute_unprepared("SET LOCAL enable_seqscan = off").await?;
        let rows = transaction.query_all_raw(statement).await?;
        transaction.commit().await?;
        rows.iter().map(ids_in).collect()
    }

    /// Returns the most common words of titles and descriptions, where the database has statistics of them: `SQLite`, which
    /// finds such words fast, has none.
    pub(crate) async fn common_words(&self) -> Result<Vec<String>, Error> {
        if self.backend() != DbBackend::Postgres {
            return Ok(Vec::new());
        }
        let sql = "SELECT array_to_string(CAST(CAST(most_common_elems AS text) AS text[]), ' ') FROM pg_stats \
                   WHERE schemaname = current_schema() AND tablename = 'movies' AND attname = 'search_document'";
        let packed = self.one_text(sql, Vec::new()).await.map_err(Error::doing(DOING))?.unwrap_or_default();
        Ok(packed.split_whitespace().map(str::to_owned).collect())
    }

    /// Returns the movies of a genre.
    pub(crate) async fn movies_with_genre(&self, genre_id: i32) -> Result<Vec<i64>, Error> {
        let packed = dialect::packed(self.backend(), "movie_id");
        self.packed_ids(&format!("SELECT {packed} FROM movie_genres WHERE genre_id = $1"), vec![genre_id.into()]).await
    }

    /// Returns the titles of all movies that the source lists, in order of the source's ids.
    pub(crate) async fn all_titles(&self) -> Result<Vec<Titles>, Error> {
        const OTHER: char = '\u{1f}';
        const ROW: char = '\u{1e}';
        // A title may hold the characters that separate: then it is cut into several, but never into another movie's.
        let titles = "replace(CASE WHEN title_english IS NULL OR title_english = title THEN title \
                      ELSE title || chr(31) || title_english END, chr(30), ' ')";
        let backend = self.backend();
        // SQLite takes any number, and any text, for an id of the source.
        let external_ids = dialect::packed(backend, "CAST(external_id AS bigint)");
        let (ids, titles) = (dialect::packed(backend, "id"), dialect::joined(backend, titles, "chr(30)"));
        let sql = format!("SELECT {ids}, {external_ids}, {titles} FROM movies WHERE deleted_at IS NULL");
        let sql = if backend == DbBackend::Postgres { sql } else { sql.replace("chr(", "char(") };
        let row = self.db.query_one_raw(Statement::from_string(backend, sql)).await.map_err(Error::doing(DOING))?;
        let read = |row: QueryResult| -> Result<Vec<Titles>, DbErr> {
            let ids: Vec<i64> = dialect::unpacked(row.try_get_by_index(0)?);
            let external_ids: Vec<i64> = dialect::unpacked(row.try_get_by_index(1)?);
            let titles: Option<String> = row.try_get_by_index(2)?;
            let titles = titles.as_deref().unwrap_or_default().split(ROW);
            let all = ids.into_iter().zip(external_ids).zip(titles).filter_map(|((id, external_id), titles)| {
                let external_id = i32::try_from(external_id).ok()?;
                Some(Titles { id, external_id, all: titles.split(OTHER).map(str::to_owned).collect() })
            });
            Ok(all.collect())
        };
        let mut all = row.map(read).transpose().map_err(Error::doing(DOING))?.unwrap_or_default();
        all.sort_unstable_by_key(|titles| titles.external_id);
        Ok(all)
    }
}

const FIND_ON_POSTGRES: &str = "SELECT \
     (SELECT string_agg(id::text, ' ') FROM movies WHERE search_document @@ CAST(words AS tsquery)), \
     (SELECT string_agg(DISTINCT movie_id::text, ' ') FROM movie_casts WHERE cast_id IN \
     (SELECT id FROM casts WHERE search_words(name) @@ CAST(words AS tsquery))) \
     FROM unnest($1) WITH ORDINALITY AS asked (words, number) ORDER BY number";

const FIND_ON_SQLITE: &str = "SELECT \
     (SELECT group_concat(rowid, ' ') FROM movies_search WHERE movies_search MATCH ?1), \
     (SELECT group_concat(movie_id, ' ') FROM (SELECT DISTINCT movie_id FROM movie_casts WHERE cast_id IN \
     (SELECT rowid FROM casts_search WHERE casts_search MATCH ?1)))";

/// Returns the movies of a row: with the words in their texts, and in their cast.
fn ids_in(row: &QueryResult) -> Result<(Vec<i64>, Vec<i64>), DbErr> {
    let (texts, cast): (Option<String>, Option<String>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok((dialect::unpacked(texts), dialect::unpacked(cast)))
}

/// A movie's titles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Titles {
    /// Our own id.
    pub(crate) id: i64,
    /// The source's id.
    pub(crate) external_id: i32,
    /// The title, and the English one where it differs.
    pub(crate) all: Vec<String>,
}
