//! What a search may be narrowed by, and which movies that leaves.

use entity::{cast, genre, movie, movie_cast, movie_genre, torrent};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, prelude::Decimal};

use super::DOING;
use crate::store::{Error, Store, dialect};

/// Conditions, all of which a movie must meet. Texts are compared without regard to case; on `SQLite`, which knows the
/// case of ASCII's letters only, `Ø` and `ø` are two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Genres: the movie has each of them.
    pub genres: Vec<String>,
    /// First and last year.
    pub years: Option<(i32, i32)>,
    /// Lowest rating, from 0 to 10.
    pub min_rating: Option<f64>,
    /// Language, as the source spells it.
    pub language: Option<String>,
    /// Quality of one of its torrents, such as `1080p`.
    pub quality: Option<String>,
    /// A part of a name in the cast.
    pub cast: Option<String>,
}

impl Filter {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Store {
    /// Returns the movies that meet the conditions and are listed by the source; nothing where there is no condition.
    pub(crate) async fn movies_that_pass(&self, filter: &Filter) -> Result<Option<Vec<i64>>, Error> {
        if filter.is_empty() {
            return Ok(None);
        }
        let packed = Expr::cust(dialect::packed(self.backend(), "id"));
        let passing = passing(filter, self.backend());
        let query = Query::select().expr(packed).from_subquery(passing, "passing").to_owned();
        let row = self.db.query_one(&query).await.map_err(Error::doing(DOING))?;
        let ids = row.map(|row| row.try_get_by_index(0)).transpose().map_err(Error::doing(DOING))?;
        Ok(Some(dialect::unpacked(ids.flatten())))
    }
}

fn passing(filter: &Filter, backend: DbBackend) -> SelectStatement {
    let id = || Expr::col((movie::Entity, movie::Column::Id));
    let mut query = Query::select().column(movie::Column::Id).from(movie::Entity).to_owned();
    query.and_where(movie::Column::DeletedAt.is_null());
    for name in &filter.genres {
        query.and_where(id().in_subquery(of_genre(name)));
    }
    if let Some((first, last)) = filter.years {
        query.and_where(movie::Column::Year.between(first, last));
    }
    if let Some(rating) = filter.min_rating {
        // What is no number, or higher than any that the database knows, nothing reaches.
        let least = Decimal::try_from(rating.max(0.0)).ok().filter(|_| !rating.is_nan());
        query.and_where(least.map_or_else(|| Expr::val(1).eq(0), |least| movie::Column::Rating.gte(least)));
    }
    if let Some(language) = &filter.language {
        query.and_where(is_text(movie::Column::Language, language));
    }
    if let Some(quality) = &filter.quality {
        let mut of_quality = Query::select().column(torrent::Column::MovieId).from(torrent::Entity).to_owned();
        of_quality.and_where(is_text(torrent::Column::Quality, quality));
        query.and_where(id().in_subquery(of_quality));
    }
    if let Some(name) = &filter.cast {
        query.and_where(id().in_subquery(with_cast(name, backend)));
    }
    query
}

/// Says that a column is a text but for its case. The database lowers both: it knows fewer letters than Rust does, and what
/// is spelt alike must be alike.
fn is_text(column: impl ColumnTrait, text: &str) -> Expr {
    lower(Expr::col(column)).eq(lower(Expr::val(text)))
}

fn lower(text: Expr) -> Expr {
    Func::lower(text).into()
}

fn of_genre(name: &str) -> SelectStatement {
    let mut genres = Query::select().column(genre::Column::Id).from(genre::Entity).to_owned();
    let genres = genres.and_where(is_text(genre::Column::Name, name)).to_owned();
    let mut links = Query::select().column(movie_genre::Column::MovieId).from(movie_genre::Entity).to_owned();
    links.and_where(Expr::col(movie_genre::Column::GenreId).in_subquery(genres)).to_owned()
}

fn with_cast(name: &str, backend: DbBackend) -> SelectStatement {
    // Unlike LIKE, these take every character for itself.
    let place = Func::cust(Alias::new(if backend == DbBackend::Postgres { "strpos" } else { "instr" }));
    let place = Expr::from(place.args([lower(Expr::col(cast::Column::Name)), lower(Expr::val(name))]));
    let mut casts = Query::select().column(cast::Column::Id).from(cast::Entity).to_owned();
    let casts = casts.and_where(place.gt(0)).to_owned();
    let mut links = Query::select().column(movie_cast::Column::MovieId).from(movie_cast::Entity).to_owned();
    links.and_where(Expr::col(movie_cast::Column::CastId).in_subquery(casts)).to_owned()
}
