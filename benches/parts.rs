//! Times the parts of a crawl one by one: reading answers, making vectors, looking up what is known, saving a page.
//!
//! `cargo bench --bench parts` measures SQLite; `scripts/with-postgres cargo bench --bench parts` measures PostgreSQL too.
//! What whole commands cost is `scripts/bench`.

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sea_orm::ConnectionTrait;
use tokio::runtime::Runtime;
use yts_ingest::api::{Entry, ListQuery, parse_details, parse_list};
use yts_ingest::demo;
use yts_ingest::embed::StaticModel;
use yts_ingest::fill::text_of_movie;
use yts_ingest::movie::Movie;
use yts_ingest::store::{Claim, NewRun, Options, PageResult, Presence, Run, Scope, Store};

type Failure = Box<dyn Error>;

/// Movies of a page.
const PAGE: u32 = 50;

criterion_group!(parts, reading, making_vectors, storing);
criterion_main!(parts);

/// A list page and the details of its movies, as the demo API answers.
struct Answers {
    list: Vec<u8>,
    details: Vec<(i32, Vec<u8>)>,
}

impl Answers {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        runtime.block_on(Self::ask()).expect("the demo API answers")
    }

    async fn ask() -> Result<Self, Failure> {
        let server = demo::Server::start(demo::Options { movies: PAGE, ..demo::Options::default() }).await?;
        // The error means that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
        let ask = async |what: String| client.get(format!("{}{what}", server.base_url())).send().await?.bytes().await;
        let list = ask(format!("list_movies.json?limit={PAGE}")).await?.to_vec();
        let mut details = Vec::new();
        for external_id in ids_of(&list) {
            let body = ask(format!("movie_details.json?movie_id={external_id}&with_cast=true")).await?;
            details.push((external_id, body.to_vec()));
        }
        server.stop().await;
        Ok(Self { list, details })
    }

    fn movies(&self) -> Vec<Movie> {
        let read = |(external_id, body): &(i32, Vec<u8>)| parse_details(body, *external_id).expect("it is an answer");
        self.details.iter().map(|answer| read(answer).movie).collect()
    }
}

fn ids_of(list: &[u8]) -> Vec<i32> {
    let page = parse_list(list, &query(), 1).expect("it is a page");
    page.entries.iter().filter_map(Entry::external_id).collect()
}

fn query() -> ListQuery {
    ListQuery { limit: PAGE, ..ListQuery::default() }
}

fn reading(criterion: &mut Criterion) {
    let answers = Answers::new();
    let mut group = criterion.benchmark_group("reading");
    group.throughput(Throughput::Bytes(answers.list.len() as u64));
    group.bench_function("a list page, ids only", |bencher| bencher.iter(|| ids_of(black_box(&answers.list))));
    group.bench_function("a list page, every movie", |bencher| {
        bencher.iter(|| parse_list(black_box(&answers.list), &query(), 1).expect("it is a page").movies());
    });
    let (external_id, details) = &answers.details[0];
    group.throughput(Throughput::Bytes(details.len() as u64));
    group.bench_function("details", |bencher| bencher.iter(|| parse_details(black_box(details), *external_id)));
    group.finish();
}

fn making_vectors(criterion: &mut Criterion) {
    let model = StaticModel::load().expect("the table is whole");
    let texts: Vec<String> = Answers::new().movies().iter().map(text_of_movie).collect();
    let mut group = criterion.benchmark_group("vectors");
    group.throughput(Throughput::Elements(PAGE.into()));
    group.bench_function("a page, by the built-in model", |bencher| {
        bencher.iter(|| texts.iter().map(|text| model.embed_one(black_box(text))).collect::<Vec<_>>());
    });
    group.finish();
}

fn storing(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
    let mut databases = vec![("SQLite in memory", "sqlite::memory:".to_owned()), ("SQLite", file)];
    let runtime = Runtime::new().expect("a runtime starts");
    let server = std::env::var("TEST_POSTGRES_URL").ok();
    if let Some(server) = &server {
        databases.push(("PostgreSQL", runtime.block_on(new_database(server)).expect("the server takes a database")));
    }
    let movies = Answers::new().movies();
    for (name, url) in databases {
        let mut pages = runtime.block_on(Pages::begin(&url, movies.clone())).expect("the database opens");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(PAGE.into()));
        group.sample_size(50);
        group.bench_function("saving a page of new movies", |bencher| {
            bencher.iter_batched(
                || runtime.block_on(pages.next()),
                |page| runtime.block_on(page.store.save_page(&page.result)).expect("it is saved"),
                BatchSize::PerIteration,
            );
        });
        let ids: Vec<i32> = movies.iter().map(|movie| movie.external_id).collect();
        group.bench_function("looking up which movies of a page are known", |bencher| {
            bencher.iter(|| runtime.block_on(pages.store.known(black_box(&ids))).expect("it answers"));
        });
        group.finish();
    }
}

/// A run with a page for every iteration, each of movies that are new.
struct Pages {
    store: Store,
    run: Run,
    presence: Presence,
    movies: Vec<Movie>,
    /// Added to the ids, so that they are new.
    shift: i32,
}

/// A page to save, and where.
struct Page {
    store: Store,
    result: PageResult,
}

impl Pages {
    async fn begin(url: &str, movies: Vec<Movie>) -> Result<Self, Failure> {
        let options = Options::new(url);
        let store = Store::connect(&options).await?;
        let presence = store.announce(&options).await?;
        let (query, scope) = ("bench".to_owned(), "bench".to_owned());
        let run = NewRun { query, scope, start_page: 1, max_pages: None, page_limit: PAGE };
        let run = store.open_run(&run, false).await?;
        store.plan_pages(&run, 20_000, None).await?;
        Ok(Self { store, run, presence, movies, shift: 0 })
    }

    async fn next(&mut self) -> Page {
        let claim = self.store.claim(self.run.id, self.presence.owner, 1).await.expect("claiming works");
        let Claim::Pages(leases) = claim else { panic!("the pages are used up") };
        self.shift += 100_000;
        let renumbered = |movie: &Movie| {
            let external_id = movie.external_id % 100_000 + self.shift;
            Movie { external_id, slug: Some(format!("movie-{external_id}")), ..movie.clone() }
        };
        let result = PageResult {
            lease: leases[0],
            reading: None,
            listed: PAGE,
            new: self.movies.iter().map(renumbered).collect(),
            vectors: HashMap::new(),
            updates: Vec::new(),
            scope: Scope::RatingAndTorrents,
            failures: Vec::new(),
            failed: 0,
            reappeared: Vec::new(),
            settled: None,
        };
        Page { store: self.store.clone(), result }
    }
}

/// Makes a database on a server that is thrown away.
async fn new_database(server: &str) -> Result<String, Failure> {
    let name = format!("bench_{}", std::process::id());
    let connection = sea_orm::Database::connect(server).await?;
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    connection.close().await?;
    let (before, _) = server.rsplit_once('/').ok_or("TEST_POSTGRES_URL names no database")?;
    Ok(format!("{before}/{name}"))
}
