//! Measures how well search finds films from what somebody says of them, and prints a table.
//!
//! The films, invented for this purpose, and the questions are in `search_quality/`: each film is asked for in other
//! words, by a detail, and by its plot told again. The ranking was chosen with both sets in view, and with films that are
//! not here: see `docs/search.md`. `cargo bench --bench search_quality` measures on `SQLite`, and on the `PostgreSQL` at
//! `TEST_POSTGRES_URL` where it is set: there, also how many of the true nearest vectors the index finds. It needs an
//! empty database of its own there, and takes it away.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Instant;

use entity::embedding::Embedding;
use entity::{movie, movie_embedding};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use yts_ingest::demo;
use yts_ingest::embed::{StaticModel, text_hash, text_of};
use yts_ingest::movie::Movie;
use yts_ingest::search::{Catalogue, Mode, Query};
use yts_ingest::store::{Options, Store};

type Failure = Box<dyn std::error::Error>;

/// Movies of the demo catalogue among which the films are looked for.
const BACKGROUND: u32 = 5_000;
/// How many hits are looked at.
const LOOKED_AT: usize = 10;
/// Vectors for the measure of the index.
const VECTORS: usize = 70_000;

/// A film, with questions where it is looked for.
#[derive(Clone, Debug, Deserialize)]
struct Film {
    title: String,
    genres: Vec<String>,
    plot: String,
    /// In other words.
    question: Option<String>,
    /// As somebody says it who remembers a detail.
    detail: Option<String>,
    /// As another catalogue would describe the film.
    retold: Option<String>,
}

impl Film {
    fn questions(&self) -> [Option<&String>; 3] {
        [self.question.as_ref(), self.detail.as_ref(), self.retold.as_ref()]
    }
}

/// How well one way of ranking did: sums, or means.
#[derive(Clone, Copy, Debug, Default)]
struct Quality {
    questions: f64,
    /// By kind of question.
    recall_by_kind: [f64; 3],
    reciprocal_rank: f64,
    ndcg: f64,
    milliseconds: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    println!("database    questions mode     recall@5    MRR   nDCG@10   other words  detail  retold  ms a question");
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
    measure("SQLite", &Store::connect(&Options::new(url)).await?).await?;
    if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
        let name = format!("search_quality_{}", std::process::id());
        let admin = Store::open(&Options::new(server.clone())).await?;
        admin.db().execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        let mut url = url::Url::parse(&server)?;
        url.set_path(&name);
        let store = Store::connect(&Options::new(url.to_string())).await?;
        let measured = measure_postgres(&store).await;
        store.close().await?;
        admin.db().execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        measured?;
    }
    Ok(())
}

async fn measure_postgres(store: &Store) -> Result<(), Failure> {
    measure("PostgreSQL", store).await?;
    let recall = recall_of_index(store).await?;
    println!("HNSW, {VECTORS} vectors of composed plots: recall@{LOOKED_AT} against exact {recall:.3}");
    Ok(())
}

async fn measure(name: &str, store: &Store) -> Result<(), Failure> {
    let (films, first) = fill(store).await?;
    let catalogue = Catalogue::open(store, None).await?;
    for (set, ids) in [("61 films", 0..first), ("60 others", first..films.len())] {
        for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
            let Quality { recall_by_kind: kinds, reciprocal_rank, ndcg, milliseconds, .. } =
                quality_of(&catalogue, &films, ids.clone(), mode).await?;
            let recall = kinds.iter().sum::<f64>() / 3.0;
            let mode = format!("{mode:?}").to_lowercase();
            print!("{name:<11} {set:<9} {mode:<8} {recall:>8.3} {reciprocal_rank:>6.3} {ndcg:>9.3}");
            println!(" {:>12.3} {:>7.3} {:>7.3} {milliseconds:>11.2}", kinds[0], kinds[1], kinds[2]);
        }
    }
    Ok(())
}

/// Returns the films of both sets and how many the first has, and others that nobody asks for.
fn films() -> Result<(Vec<Film>, usize, Vec<Film>), Failure> {
    let mut films: Vec<Film> = serde_json::from_str(include_str!("search_quality/films.json"))?;
    let first = films.len();
    films.extend(serde_json::from_str::<Vec<Film>>(include_str!("search_quality/other_films.json"))?);
    Ok((films, first, serde_json::from_str(include_str!("search_quality/distractors.json"))?))
}

/// Saves all films with their vectors; the place in the list is the id. Returns those that are asked for, and how many of
/// them are of the first set.
async fn fill(store: &Store) -> Result<(Vec<Film>, usize), Failure> {
    let (asked_for, first, others) = films()?;
    let mut films = asked_for.clone();
    films.extend(others);
    // Among a hundred films every ranking is deep enough to hold all; a catalogue has thousands.
    films.extend(demo::Catalogue::generate(11, BACKGROUND).movies().iter().map(|movie| Film {
        title: movie.title.clone().unwrap_or_else(|| movie.title_long.clone()),
        genres: movie.genres.iter().map(|genre| (*genre).to_owned()).collect(),
        plot: movie.description.clone(),
        question: None,
        detail: None,
        retold: None,
    }));
    for (film, id) in films.iter().zip(1..) {
        let movie = Movie {
            external_id: id,
            title: Some(film.title.clone()),
            genres: film.genres.clone(),
            description_full: Some(film.plot.clone()),
            ..Movie::default()
        };
        store.save_movie(&movie).await?;
    }
    let model = StaticModel::load()?;
    let mut rows = Vec::new();
    for row in movie::Entity::find().all(store.db()).await? {
        let film = &films[usize::try_from(row.external_id)? - 1];
        let text = text_of(&film.title, &film.genres, Some(&film.plot));
        let Some(vector) = model.embed_one(&text) else { continue };
        rows.push(row_of(store, row.id, model.model_id(), &text_hash(&text), &vector));
    }
    movie_embedding::Entity::delete_many().exec(store.db()).await?;
    for chunk in rows.chunks(1_000) {
        movie_embedding::Entity::insert_many(chunk.to_vec()).exec_without_returning(store.db()).await?;
    }
    Ok((asked_for, first))
}

fn row_of(store: &Store, id: i64, model: &str, hash: &str, vector: &[f32]) -> movie_embedding::ActiveModel {
    movie_embedding::ActiveModel {
        movie_id: Set(id),
        model: Set(model.to_owned()),
        text_hash: Set(hash.to_owned()),
        embedding: Set(Embedding::new(store.db().get_database_backend(), vector)),
    }
}

async fn quality_of(
    catalogue: &Catalogue,
    films: &[Film],
    places: Range<usize>,
    mode: Mode,
) -> Result<Quality, Failure> {
    let mut sum = Quality::default();
    for (film, id) in films.iter().zip(1..).take(places.end).skip(places.start) {
        for (kind, question) in film.questions().into_iter().enumerate() {
            let Some(text) = question.cloned() else { continue };
            let start = Instant::now();
            let hits = catalogue.search(&Query { text, mode, limit: LOOKED_AT, ..Query::default() }).await?.hits;
            sum.milliseconds += start.elapsed().as_secs_f64() * 1e3;
            sum.questions += 1.0;
            let rank = hits.iter().position(|hit| hit.movie.id == id).map(|place| place as f64 + 1.0);
            let Some(rank) = rank else { continue };
            sum.recall_by_kind[kind] += f64::from(u8::from(rank <= 5.0));
            sum.reciprocal_rank += 1.0 / rank;
            sum.ndcg += 1.0 / (rank + 1.0).log2();
        }
    }
    Ok(Quality {
        questions: sum.questions,
        // Each film is asked for in each way.
        recall_by_kind: sum.recall_by_kind.map(|found| found / (sum.questions / 3.0)),
        reciprocal_rank: sum.reciprocal_rank / sum.questions,
        ndcg: sum.ndcg / sum.questions,
        milliseconds: sum.milliseconds / sum.questions,
    })
}

/// Asks the index all questions, and compares with the true nearest: over vectors of plots that are put together from
/// three sentences of the films, drawn at random, so that few share more than one.
async fn recall_of_index(store: &Store) -> Result<f64, Failure> {
    const MODEL: &str = "composed";
    let model = StaticModel::load()?;
    let mut random = StdRng::seed_from_u64(7);
    let (films, _, others) = films()?;
    let sentences: Vec<&str> = films.iter().chain(&others).flat_map(|film| film.plot.split_inclusive(". ")).collect();
    let mut plot = || (0..3).map(|_| sentences[random.random_range(0..sentences.len())]).collect::<Vec<_>>().join(" ");
    let vectors: Vec<Vec<f32>> = (0..VECTORS).filter_map(|_| model.embed_one(&plot())).collect();

    let insert =
        "INSERT INTO movies (external_id, title, created_at, updated_at) SELECT 1000000 + i, 't', now(), now()";
    store.db().execute_unprepared(&format!("{insert} FROM generate_series(1, {}) i", vectors.len())).await?;
    let first_id = Expr::col(movie::Column::ExternalId).gt(1_000_000);
    let movies = movie::Entity::find().select_only().column(movie::Column::Id).filter(first_id);
    let ids: Vec<i64> = movies.into_tuple().all(store.db()).await?;
    let rows: Vec<_> = ids.iter().zip(&vectors).map(|(&id, vector)| row_of(store, id, MODEL, "0", vector)).collect();
    for chunk in rows.chunks(1_000) {
        movie_embedding::Entity::insert_many(chunk.to_vec()).exec(store.db()).await?;
    }
    store.settle_search(MODEL, model.dimension()).await?;

    let questions = films.iter().flat_map(Film::questions).flatten().filter_map(|text| model.embed_one(text));
    let (mut found, mut asked) = (0, 0);
    for question in questions {
        let closeness = |vector: &[f32]| vector.iter().zip(&question).map(|(a, b)| a * b).sum::<f32>();
        let mut exact: Vec<(f32, i64)> = vectors.iter().map(|vector| closeness(vector)).zip(ids.clone()).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        let truth: HashSet<i64> = exact.into_iter().take(LOOKED_AT).map(|(_, id)| id).collect();
        let near = store.nearest(MODEL, &question, LOOKED_AT as u64, None).await?;
        found += near.iter().filter(|(id, _)| truth.contains(id)).count();
        asked += 1;
    }
    Ok(found as f64 / f64::from(asked) / LOOKED_AT as f64)
}
