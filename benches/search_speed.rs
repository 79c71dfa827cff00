//! Measures how long search takes as a library call on a catalogue that is there, just opened and warmed up:
//! `DATABASE_URL=… cargo bench --bench search_speed`. Vectors and their index are made before, by `yts-catalog embed`.

use std::time::{Duration, Instant};

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
    for is_warm in [false, true] {
        let begun = Instant::now();
        let catalogue = Catalogue::open(&store, None).await?;
        if is_warm {
            let words = catalogue.warm_up().await?;
            println!("\nwarmed up, {words} words: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
        } else {
            ask(&catalogue, QUESTIONS[0], Mode::Hybrid, 0).await?;
            println!("first answer, catalogue opened: {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
        }
        measure(&catalogue).await?;
        catalogue.close().await?;
    }
    Ok(())
}

async fn measure(catalogue: &Catalogue) -> Result<(), Failure> {
    for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
        for (name, filtered) in [("", 0), (", filtered", 1)] {
            let mut took = Vec::new();
            for question in QUESTIONS.iter().cycle().take(QUESTIONS.len() * ROUNDS) {
                took.push(ask(catalogue, question, mode, filtered).await?);
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
