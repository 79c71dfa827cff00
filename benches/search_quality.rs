//! Measures how well search finds films from descriptions in other words, and prints a table.
//!
//! The films, invented for this purpose, and the questions are in `search_quality/`. `cargo bench --bench
//! search_quality` measures on `SQLite`, and on the `PostgreSQL` at `TEST_POSTGRES_URL` where it is set: there, also how
//! many of the true nearest vectors the index finds. It needs an empty database of its own there, and takes it away.

use std::collections::HashSet;
use std::time::Instant;

use entity::embedding::Embedding;
use entity::{movie, movie_embedding};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
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
/// Vectors for the measure of the index, and questions to it.
const VECTORS: usize = 20_000;
const VECTOR_QUESTIONS: usize = 100;

/// A film, with a question where it is looked for.
#[derive(Clone, Debug, Deserialize)]
struct Film {
    title: String,
    genres: Vec<String>,
    plot: String,
    /// In other words.
    question: Option<String>,
    /// As somebody says it who remembers a detail.
    detail: Option<String>,
}

/// How well one way of ranking did.
#[derive(Clone, Copy, Debug, Default)]
struct Quality {
    recall_at_5: f64,
    reciprocal_rank: f64,
    ndcg: f64,
    milliseconds: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    println!("database    mode     recall@5    MRR   nDCG@10   ms a question");
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
    println!("HNSW, {VECTORS} vectors of 128: recall@{LOOKED_AT} against exact {recall:.3}");
    Ok(())
}

async fn measure(name: &str, store: &Store) -> Result<(), Failure> {
    let films = fill(store).await?;
    let catalogue = Catalogue::open(store, None).await?;
    for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
        let quality = quality_of(&catalogue, &films, mode).await?;
        let Quality { recall_at_5, reciprocal_rank, ndcg, milliseconds } = quality;
        let mode = format!("{mode:?}").to_lowercase();
        println!("{name:<11} {mode:<8} {recall_at_5:>8.3} {reciprocal_rank:>6.3} {ndcg:>9.3} {milliseconds:>15.2}");
    }
    Ok(())
}

/// Saves all films with their vectors; the place in the list is the id.
async fn fill(store: &Store) -> Result<Vec<Film>, Failure> {
    let mut films: Vec<Film> = serde_json::from_str(include_str!("search_quality/films.json"))?;
    films.extend(serde_json::from_str::<Vec<Film>>(include_str!("search_quality/distractors.json"))?);
    // Among a hundred films every ranking is deep enough to hold all; a catalogue has thousands.
    films.extend(demo::Catalogue::generate(11, BACKGROUND).movies().iter().map(|movie| Film {
        title: movie.title.clone().unwrap_or_else(|| movie.title_long.clone()),
        genres: movie.genres.iter().map(|genre| (*genre).to_owned()).collect(),
        plot: movie.description.clone(),
        question: None,
        detail: None,
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
    Ok(films)
}

fn row_of(store: &Store, id: i64, model: &str, hash: &str, vector: &[f32]) -> movie_embedding::ActiveModel {
    movie_embedding::ActiveModel {
        movie_id: Set(id),
        model: Set(model.to_owned()),
        text_hash: Set(hash.to_owned()),
        embedding: Set(Embedding::new(store.db().get_database_backend(), vector)),
    }
}

async fn quality_of(catalogue: &Catalogue, films: &[Film], mode: Mode) -> Result<Quality, Failure> {
    let mut sum = Quality::default();
    let mut questions = 0.0;
    for (film, id) in films.iter().zip(1..) {
        for question in film.question.iter().chain(&film.detail) {
            let query = Query { text: question.clone(), mode, limit: LOOKED_AT, ..Query::default() };
            let start = Instant::now();
            let hits = catalogue.search(&query).await?.hits;
            sum.milliseconds += start.elapsed().as_secs_f64() * 1e3;
            questions += 1.0;
            let rank = hits.iter().position(|hit| hit.movie.id == id).map(|place| place as f64 + 1.0);
            if std::env::var_os("SHOW_MISSES").is_some() && rank.is_none_or(|rank| rank > 5.0) {
                println!("  {mode:?}: {} ← {question}", film.title);
            }
            let Some(rank) = rank else { continue };
            sum.recall_at_5 += f64::from(u8::from(rank <= 5.0));
            sum.reciprocal_rank += 1.0 / rank;
            sum.ndcg += 1.0 / (rank + 1.0).log2();
        }
    }
    Ok(Quality {
        recall_at_5: sum.recall_at_5 / questions,
        reciprocal_rank: sum.reciprocal_rank / questions,
        ndcg: sum.ndcg / questions,
        milliseconds: sum.milliseconds / questions,
    })
}

/// Asks the index and an exact scan the same questions, over vectors that lie in clusters as those of texts do.
async fn recall_of_index(store: &Store) -> Result<f64, Failure> {
    const DIMENSION: usize = 128;
    const MODEL: &str = "generated";
    let mut random = StdRng::seed_from_u64(7);
    let centres: Vec<Vec<f32>> = (0..200).map(|_| direction(&mut random, &[0.0; DIMENSION], 1.0)).collect();
    let near_a_centre = |random: &mut StdRng| {
        let centre = &centres[random.random_range(0..centres.len())];
        direction(random, centre, 0.12)
    };
    let mut ids = Vec::with_capacity(VECTORS);
    for chunk in (0..VECTORS).collect::<Vec<_>>().chunks(1_000) {
        let list: Vec<String> = chunk.iter().map(|id| format!("({}, 't', now(), now())", id + 1_000_000)).collect();
        let insert = "INSERT INTO movies (external_id, title, created_at, updated_at) VALUES";
        store.db().execute_unprepared(&format!("{insert} {}", list.join(", "))).await?;
    }
    for row in movie::Entity::find().all(store.db()).await?.into_iter().filter(|row| row.external_id >= 1_000_000) {
        ids.push(row.id);
    }
    let rows: Vec<_> = ids.iter().map(|&id| row_of(store, id, MODEL, "0", &near_a_centre(&mut random))).collect();
    for chunk in rows.chunks(1_000) {
        movie_embedding::Entity::insert_many(chunk.to_vec()).exec(store.db()).await?;
    }
    store.settle_search(MODEL, DIMENSION).await?;
    let mut found = 0;
    for _ in 0..VECTOR_QUESTIONS {
        let question = near_a_centre(&mut random);
        let limit = LOOKED_AT as u64;
        let near = |hits: Vec<(i64, f64)>| hits.into_iter().map(|(id, _)| id).collect::<HashSet<i64>>();
        let by_index = near(store.nearest(MODEL, &question, limit, None).await?);
        let mut exact = Vec::new();
        for ids in ids.chunks(5_000) {
            exact.extend(store.nearest(MODEL, &question, limit, Some(ids)).await?);
        }
        exact.sort_by(|a, b| b.1.total_cmp(&a.1));
        exact.truncate(LOOKED_AT);
        found += near(exact).intersection(&by_index).count();
    }
    Ok(found as f64 / (VECTOR_QUESTIONS * LOOKED_AT) as f64)
}

/// Returns a direction near a centre.
fn direction(random: &mut StdRng, centre: &[f32], spread: f32) -> Vec<f32> {
    let normal = |random: &mut StdRng| (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
    let moved: Vec<f32> = centre.iter().map(|number| number + spread * normal(random)).collect();
    let length = moved.iter().map(|number| number * number).sum::<f32>().sqrt();
    moved.iter().map(|number| number / length).collect()
}
