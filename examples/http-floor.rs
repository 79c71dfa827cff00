//! The HTTP floor of `scripts/bench`: the requests of a first crawl, sent by the same HTTP client as in a crawl and
//! answered in full, with nothing parsed but the ids and nothing stored.
//! `cargo run --release --example http-floor -- --base-url http://127.0.0.1:8080/api/v2/ --movies 20000`

use std::error::Error;

use clap::Parser;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, Url};

/// Asks for every list page and then for the details of every movie, and says how many requests and bytes that took.
#[derive(Parser)]
struct Arguments {
    /// The API.
    #[arg(long)]
    base_url: Url,
    /// How many movies there are.
    #[arg(long)]
    movies: usize,
    /// Movies a list page.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Requests in flight.
    #[arg(long, default_value_t = 32)]
    concurrency: usize,
    /// Ask for the list pages only.
    #[arg(long)]
    lists_only: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { base_url, movies, limit, concurrency, lists_only } = Arguments::parse();
    // The error means that one is installed already. reqwest asks for one, though nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tls_certs_only([]).tcp_nodelay(true).build()?;
    let (client, base_url) = (&client, &base_url);
    let ask = async |endpoint: String| -> Result<String, Box<dyn Error>> {
        let answer = client.get(base_url.join(&endpoint)?).send().await?.error_for_status()?;
        Ok(answer.text().await?)
    };
    let ask = &ask;

    let (mut requests, mut bytes) = (0, 0);
    let mut ids = Vec::with_capacity(movies);
    let pages = (1..=movies.div_ceil(limit)).map(|page| ask(format!("list_movies.json?limit={limit}&page={page}")));
    let mut lists = stream::iter(pages).buffer_unordered(concurrency);
    while let Some(list) = lists.try_next().await? {
        requests += 1;
        bytes += list.len();
        ids.extend(ids_of(&list).map(str::to_owned));
    }
    if lists_only {
        ids.clear();
    }
    let details = ids.iter().map(|id| ask(format!("movie_details.json?movie_id={id}&with_cast=true")));
    let mut details = stream::iter(details).buffer_unordered(concurrency);
    while let Some(body) = details.try_next().await? {
        requests += 1;
        bytes += body.len();
    }
    println!("{requests} requests, {bytes} bytes");
    Ok(())
}

/// Returns the ids of the movies of a list: the only numbers called so in it.
fn ids_of(list: &str) -> impl Iterator<Item = &str> {
    list.split(r#""id":"#).skip(1).filter_map(|rest| rest.split(|next: char| !next.is_ascii_digit()).next())
}
