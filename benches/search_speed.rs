//! Measures how long search takes as a library call on a catalogue that is there: `DATABASE_URL=… cargo bench --bench
//! search_speed`. It makes missing vectors by the built-in model first, and settles the index.

use std::time::{Duration, Instant};

use entity::embedding::Embedding;
use entity::{genre, movie, movie_embedding};
use sea_orm::{ActiveValue::Set, EntityLoaderTrait, EntityTrait, PaginatorTrait};
use yts_ingest::embed::{StaticModel, text_hash, text_of};
use yts_ingest::search::{Catalogue, Filter, Mode, Query};
use yts_ingest::store::{Options, Store};

type Failure = Box<dyn std::error::Error>;

const QUESTIONS: [&str; 12] = [
    "a lighthouse keeper and the automation that replaces him",
    "haunted house on the coast",
    "a bank robbery ruined in a second",
    "detective searches for a missing dinner party",
    "clockwork fox",
    "love letters delivered to the wrong person",
    "cattle drive through promised land",
    "two astronauts share one memory",
    "the silent harbour",
    "a wedding with the wrong presents",
    "printer on trial under the old king",
    "cycling race over a mountain pass at dusk",
];
const ROUNDS: usize = 10;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let Ok(url) = std::env::var("DATABASE_URL") else {
        println!("DATABASE_URL is not set: name a catalogue to measure on");
        return Ok(());
    };
    let store = Store::connect(&Options::new(url)).await?;
    embed_missing(&store).await?;
    let begun = Instant::now();
    let catalogue = Catalogue::open(&store, None).await?;
    ask(&catalogue, QUESTIONS[0], Mode::Hybrid, 0).await?;
    println!("first answer, catalogue opened: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
        for (name, filtered) in [("", 0), (", filtered", 1)] {
            let mut took = Vec::new();
            for question in QUESTIONS.iter().cycle().take(QUESTIONS.len() * ROUNDS) {
                took.push(ask(&catalogue, question, mode, filtered).await?);
            }
            took.sort_unstable();
            let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1e3;
            println!("{mode:?}{name}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(50), at(99), at(100));
        }
    }
    Ok(())
}

async fn ask(catalogue: &Catalogue, text: &str, mode: Mode, filtered: u8) -> Result<Duration, Failure> {
    let mut query = Query { text: text.to_owned(), mode, limit: 10, ..Query::default() };
    if filtered > 0 {
        query.filter = Filter { years: Some((1990, 1999)), genres: vec!["Drama".to_owned()], ..Filter::default() };
    }
    let begun = Instant::now();
    catalogue.search(&query).await?;
    Ok(begun.elapsed())
}

async fn embed_missing(store: &Store) -> Result<(), Failure> {
    let model = StaticModel::load()?;
    if movie_embedding::Entity::find().count(store.db()).await? < movie::Entity::find().count(store.db()).await? {
        let mut pages = movie::Entity::load().with(genre::Entity).order_by_id_asc().paginate(store.db(), 1_000);
        while let Some(movies) = pages.fetch_and_next().await? {
            let rows = movies.iter().filter_map(|movie| {
                let genres: Vec<String> = movie.genres.iter().map(|genre| genre.name.clone()).collect();
                let text = text_of(&movie.title, &genres, movie.description_full.as_deref());
                let vector = model.embed_one(&text)?;
                Some(movie_embedding::ActiveModel {
                    movie_id: Set(movie.id),
                    model: Set(model.model_id().to_owned()),
                    text_hash: Set(text_hash(&text)),
                    embedding: Set(Embedding::new(store.db().get_database_backend(), &vector)),
                })
            });
            movie_embedding::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(store.db()).await?;
        }
    }
    store.settle_search(model.model_id(), model.dimension()).await?;
    Ok(())
}
