//! Search: "that film where…", "something like this", in the words of a question and by its meaning.
//!
//! ```text
//!  question ─┬─ text: words, looked up in the database ► candidates ► BM25 ──────┐
//!            │                                                                   ├─ fusion of scores ► hits
//!            └─ meaning: its vector ► nearest vectors (HNSW | scan in memory) ───┘
//! ```
//!
//! What to look up is asked of the store; ranking happens here, so that both databases answer alike. A [`Catalogue`]
//! keeps what it has read as long as nobody writes to the database (to any of the server, on `PostgreSQL`), so one that
//! stays open answers in milliseconds.

mod browse;
mod error;
mod fusion;
mod likeness;
mod lookup;
mod matrix;
mod meaning;
mod movie;
mod question;
mod shown;
mod snapshot;
mod snippet;
mod spelling;
mod text;
mod words;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{Mutex, OnceCell};

use self::meaning::Direction;
use self::movie::Names;
use self::question::{Question, Term};
use self::snapshot::Snapshot;
use self::text::{Found, Wanted};
use crate::embed::{Embedder, StaticModel};
use crate::store::{Card, Store, Watch, WordQuery};

pub use self::browse::{Details, Genre, Genres, Movies, Overview, Part, Release};
pub use self::error::Error;
pub use self::likeness::{Likeness, Likenesses, Reason};
pub use self::movie::Movie;
pub use crate::store::Filter;

/// How many movies are ranked by words and by meaning, and joined; more where more are to be shown.
const DEPTH: usize = 100;
/// How many common words are looked up at a time when a catalogue is warmed up.
const WARMED_AT_A_TIME: usize = 20;

/// What a ranking rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The words.
    Text,
    /// The meaning.
    Vector,
    /// Both.
    #[default]
    Hybrid,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What is looked for: words, `"a phrase"`, `begin*`, or a whole description.
    pub text: String,
    /// What to rank by.
    pub mode: Mode,
    /// Conditions that each hit meets.
    pub filter: Filter,
    /// The most hits; by default 10.
    pub limit: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self { text: String::new(), mode: Mode::default(), filter: Filter::default(), limit: 10 }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// What was looked for.
    pub query: String,
    /// What was ranked by: text alone where the catalogue has no vectors of the model.
    pub mode: Mode,
    /// The movies, best first.
    pub hits: Vec<Hit>,
}

/// A movie that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// The movie.
    pub movie: Movie,
    /// What it was ranked by; comparable within one answer only.
    pub score: f64,
    /// Its place by the words, from 1.
    pub text_rank: Option<usize>,
    /// Its place by the meaning, from 1.
    pub vector_rank: Option<usize>,
    /// The part of the description that answers best.
    pub snippet: Option<String>,
}

/// The two rankings and what was joined of them.
struct Rankings {
    found: Vec<Found>,
    near: Vec<(u32, f64)>,
    ranked: Vec<(u32, f64)>,
}

/// A catalogue, open for questions.
#[derive(Debug)]
pub struct Catalogue {
    store: Store,
    embedder: Embedder,
    watch: Watch,
    latest: Mutex<Option<Arc<Snapshot>>>,
}

impl Catalogue {
    /// Opens a catalogue; the vectors of questions come from the embedder, by default the built-in table.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use yts_ingest::movie::Movie;
    /// use yts_ingest::search::{Catalogue, Query};
    /// use yts_ingest::store::{Options, Store};
    ///
    /// let store = Store::connect(&Options::new("sqlite::memory:")).await?;
    /// let title = Some("Le Fabuleux Destin d'Amélie Poulain".to_owned());
    /// store.save_movie(&Movie { external_id: 1, title, ..Movie::default() }).await?;
    ///
    /// let catalogue = Catalogue::open(&store, None).await?;
    /// let query = Query { text: "amelie polain".to_owned(), ..Query::default() };
    /// assert_eq!(catalogue.search(&query).await?.hits[0].movie.id, 1);
    /// # Ok(()) }
    /// ```
    pub async fn open(store: &Store, embedder: Option<Embedder>) -> Result<Self, Error> {
        let embedder = match embedder {
            Some(embedder) => embedder,
            None => Embedder::Static(StaticModel::load()?),
        };
        Ok(Self { store: store.clone(), embedder, watch: store.watch().await?, latest: Mutex::new(None) })
    }

    /// Reads what questions to come will need, for a program that stays open and wants its first answers as fast as the
    /// later ones: titles, vectors where they are kept in memory, and on `PostgreSQL` where the most common words are, as far
    /// as it has statistics of them. That takes seconds on a large catalogue, and lasts until somebody writes to the database
    /// or a thousand other words were asked for. Returns the number of words.
    pub async fn warm_up(&self) -> Result<usize, Error> {
        let snapshot = self.snapshot(true, Vec::new()).await?;
        let common = self.store.common_words().await?;
        for words in common.chunks(WARMED_AT_A_TIME) {
            snapshot.occurrences(&Question::read(&words.join(" ")).terms).await?;
        }
        Ok(common.len())
    }

    /// Closes what this catalogue opened by itself; the store stays open. On `SQLite`, what closes last removes the files
    /// beside the database, so the store is closed after this.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.watch.close().await?)
    }

    /// Returns the movies that answer a question, best first.
    pub async fn search(&self, query: &Query) -> Result<Answer, Error> {
        let question = Question::read(&query.text);
        let words =
            if query.mode == Mode::Vector { Vec::new() } else { question.terms.iter().map(Term::query).collect() };
        let snapshot = self.snapshot(query.mode != Mode::Text, words).await?;
        let allowed = snapshot.allowed(&query.filter).await?;
        let allowed = allowed.as_deref().map(Vec::as_slice);
        let depth = DEPTH.max(query.limit);
        let direction = OnceCell::new();
        let direction = || direction.get_or_try_init(|| self.direction(query, &question));
        let by_meaning =
            async { meaning::nearest(&self.store, &snapshot, direction().await?.as_ref(), depth, allowed).await };
        let by_words = async {
            if query.mode == Mode::Vector {
                return Ok((Vec::new(), Vec::new()));
            }
            let wanted = Wanted::look_up(&snapshot, &question).await?;
            let candidates = wanted.candidates(&snapshot, &question, allowed, depth).await?;
            let ids: Vec<i64> = candidates.into_iter().map(|place| snapshot.id(place)).collect();
            let found = async { Ok(wanted.rank(&snapshot, &self.store.descriptions(&ids).await?)) };
            // Of all of them, though some will turn out to be near: asking later would take longer.
            let close = async { meaning::closeness(&self.store, &snapshot, direction().await?.as_ref(), &ids).await };
            tokio::try_join!(found, close)
        };
        // The nearest are asked for first: PostgreSQL looks for them while words are counted here.
        let (near, (found, mut close)) = tokio::try_join!(by_meaning, by_words)?;
        let is_near: HashSet<u32> = near.iter().map(|(place, _)| *place).collect();
        close.retain(|(place, _)| !is_near.contains(place));
        if query.mode == Mode::Vector && near.is_empty() {
            self.make_sure_of_vectors(&snapshot).await?;
        }
        let mut ranked = match query.mode {
            Mode::Text => found.iter().map(|found| (found.place, found.score)).collect(),
            Mode::Vector => near.clone(),
            Mode::Hybrid => fusion::fuse(&near, &close, &found),
        };
        ranked.truncate(query.limit);
        let mode = if query.mode == Mode::Hybrid && near.is_empty() { Mode::Text } else { query.mode };
        let hits = self.hits(&snapshot, &question, Rankings { found, near, ranked }).await?;
        Ok(Answer { query: query.text.clone(), mode, hits })
    }

    /// Returns the vector to rank by; none where a question is one for words alone.
    async fn direction(&self, query: &Query, question: &Question) -> Result<Option<Direction>, Error> {
        // Who asks for a phrase or for a beginning of a word asks for words.
        let is_literal = !question.phrases.is_empty() || question.terms.iter().any(|term| term.is_prefix);
        if query.mode == Mode::Text || (query.mode == Mode::Hybrid && is_literal) {
            return Ok(None);
        }
        Direction::of_text(&self.embedder, &query.text).await
    }

    /// Tells a catalogue without vectors, which can answer nothing, from one in which nothing was found.
    async fn make_sure_of_vectors(&self, snapshot: &Snapshot) -> Result<(), Error> {
        let model = self.embedder.model_id();
        let can_answer = snapshot.count() == 0 || self.store.has_vectors(&model).await?;
        if can_answer { Ok(()) } else { Err(Error::NoVectors { model }) }
    }

    async fn hits(&self, snapshot: &Snapshot, question: &Question, rankings: Rankings) -> Result<Vec<Hit>, Error> {
        let Rankings { found, near, ranked } = rankings;
        let text_ranks: HashMap<u32, usize> = found.iter().zip(1..).map(|(found, rank)| (found.place, rank)).collect();
        let vector_ranks: HashMap<u32, usize> = near.iter().zip(1..).map(|((place, _), rank)| (*place, rank)).collect();
        let ids: Vec<i64> = ranked.iter().map(|(place, _)| snapshot.id(*place)).collect();
        let cards = async { Ok(self.store.cards(&ids).await?) };
        let (cards, mut names) = tokio::try_join!(cards, Names::read(&self.store, &ids))?;
        let cards: HashMap<i64, Card> = cards.into_iter().map(|card| (card.id, card)).collect();
        let hits = ids.iter().zip(ranked).filter_map(|(id, (place, score))| {
            let card = cards.get(id)?;
            Some(Hit {
                movie: names.complete(card),
                score,
                text_rank: text_ranks.get(&place).copied(),
                vector_rank: vector_ranks.get(&place).copied(),
                snippet: card.description().map(|text| snippet::of(text, question)),
            })
        });
        Ok(hits.collect())
    }

    /// Completes movies with their genres and cast, in the order given.
    async fn movies(&self, cards: &[Card]) -> Result<Vec<(i64, Movie)>, Error> {
        let ids: Vec<i64> = cards.iter().map(|card| card.id).collect();
        let mut names = Names::read(&self.store, &ids).await?;
        Ok(cards.iter().map(|card| (card.id, names.complete(card))).collect())
    }

    /// Returns the catalogue as it is now, from memory where nobody has written meanwhile. Where it is read anew, so is at
    /// the same time where these words stand.
    async fn snapshot(&self, needs_vectors: bool, words: Vec<WordQuery>) -> Result<Arc<Snapshot>, Error> {
        let mut latest = self.latest.lock().await;
        let state = self.watch.state().await?;
        if let Some(snapshot) = latest.as_ref().filter(|snapshot| snapshot.state == state) {
            return Ok(Arc::clone(snapshot));
        }
        let dimension = self.embedder.dimension().filter(|_| needs_vectors && !self.store.has_vector_type());
        let vectors = dimension.map(|dimension| (self.embedder.model_id(), dimension));
        let snapshot = Arc::new(Snapshot::read(&self.store, state, vectors, words).await?);
        *latest = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }
}
