//! `yts-catalog`: answers questions about the catalogue. Arguments in, one call, exit code out.

use std::fmt::Display;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use yts_ingest::cli::{self, Common, EXIT_CODES, Exit};
use yts_ingest::config::{Provider, Settings};
use yts_ingest::fill;
use yts_ingest::search::{Catalogue, Filter, Mode, Query};
use yts_ingest::store::Store;

const EXAMPLES: &str = "Examples:
  yts-catalog search \"a lighthouse keeper who hears voices\"   by words and by meaning
  yts-catalog search 'amelie polain'                          accents and typing errors are forgiven
  yts-catalog search '\"dark harbour\" light*' --year 1990..1999 --genre Drama --min-rating 7
  yts-catalog similar 'Heat (1995)'                           by title, id or IMDb code
  yts-catalog recommend --like tt0113277 --like 12 --unlike 40
  yts-catalog show 12 --json
  yts-catalog top --limit 20";

/// Answers questions about the catalogue: searches it, compares movies, shows what there is.
#[derive(Parser, Debug)]
#[command(name = "yts-catalog", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Find movies by words, by meaning, or both
    Search(Search),
    /// Find movies like one
    Similar {
        /// Id, IMDb code or title; `Title (1995)` where two share it
        #[arg(value_name = "ID|TITLE")]
        movie: String,
        #[command(flatten)]
        limit: Limit,
    },
    /// Find movies like those that are liked
    Recommend {
        /// A movie that is liked: id, IMDb code or title; may be given again
        #[arg(long, value_name = "ID|TITLE", required = true)]
        like: Vec<String>,
        /// A movie that is not; may be given again
        #[arg(long, value_name = "ID|TITLE")]
        unlike: Vec<String>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show all that is known of a movie
    Show {
        /// Id, IMDb code or title
        #[arg(value_name = "ID|TITLE")]
        movie: String,
    },
    /// List the best rated movies
    Top(Limit),
    /// List the newest movies
    Recent(Limit),
    /// List the genres
    Genres,
    /// Count what there is
    Stats,
    /// Make the vectors that are missing or stale; stopped at any moment, the same command goes on
    Embed {
        /// What makes them [default: the config's, a table in the program]
        #[arg(long, value_parser = cli::provider_parser(), value_name = "PROVIDER")]
        embeddings: Option<Provider>,
    },
}

#[derive(Args, Debug)]
struct Limit {
    /// How many movies at most
    #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

#[derive(Args, Debug)]
struct Search {
    /// Words, "a phrase", begin*, or a description of a movie
    text: String,
    /// Only of this genre; given again, of each
    #[arg(long)]
    genre: Vec<String>,
    /// Only of this year, or of 1990..1999, 1990.. or ..1999
    #[arg(long, value_parser = years, value_name = "YEARS")]
    year: Option<(i32, i32)>,
    /// Only with at least this rating, from 0 to 10
    #[arg(long, value_parser = rating, value_name = "RATING")]
    min_rating: Option<f64>,
    /// Only in this language, as the source spells it
    #[arg(long)]
    language: Option<String>,
    /// Only with a torrent of this quality, such as 1080p
    #[arg(long)]
    quality: Option<String>,
    /// Only with this name, or a part of it, in the cast
    #[arg(long, value_name = "NAME")]
    cast: Option<String>,
    /// Rank by words, by meaning, or by both
    #[arg(long, value_enum, default_value_t = RankBy::Hybrid)]
    mode: RankBy,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RankBy {
    Text,
    Vector,
    Hybrid,
}

fn main() -> ExitCode {
    cli::main(|arguments: &Arguments| &arguments.common, run)
}

async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let mut settings = arguments.common.settings()?;
    if let Command::Embed { embeddings } = arguments.command {
        settings.embeddings.provider = embeddings.unwrap_or(settings.embeddings.provider);
        return embed(&settings, arguments.common.json).await;
    }
    let store = Store::open_existing(&cli::store_options(&settings)).await?;
    let embedder = if arguments.command.compares() { cli::embedder(&settings.embeddings)? } else { None };
    if let Some(embedder) = &embedder {
        fill::pin_dimension(&store, embedder).await?;
    }
    let catalogue = Catalogue::open(&store, embedder).await?;
    let answered = answer(&catalogue, arguments.command, Output { is_json: arguments.common.json }).await;
    catalogue.close().await?;
    store.close().await?;
    answered?;
    Ok(Exit::Complete)
}

async fn answer(catalogue: &Catalogue, command: Command, show: Output) -> anyhow::Result<()> {
    match command {
        Command::Search(search) => show.print(&catalogue.search(&search.query()).await?),
        Command::Similar { movie, limit } => show.print(&catalogue.similar(&movie, limit.count()).await?),
        Command::Recommend { like, unlike, limit } => {
            show.print(&catalogue.recommend(&like, &unlike, limit.count()).await?)
        }
        Command::Show { movie } => show.print(&catalogue.show(&movie).await?),
        Command::Top(limit) => show.print(&catalogue.top(limit.count()).await?),
        Command::Recent(limit) => show.print(&catalogue.recent(limit.count()).await?),
        Command::Genres => show.print(&catalogue.genres().await?),
        Command::Stats => show.print(&catalogue.overview().await?),
        Command::Embed { .. } => Ok(()),
    }
}

/// Fills in vectors; it writes, unlike the others, and so announces itself as a crawl does.
async fn embed(settings: &Settings, is_json: bool) -> anyhow::Result<Exit> {
    let embedder = cli::embedder(&settings.embeddings)?.context("embeddings are off; give --embeddings static")?;
    let options = cli::store_options(settings);
    let store = Store::open_existing(&options).await?;
    let presence = store.announce(&options).await?;
    let summary =
        fill::run(store.clone(), embedder.clone(), presence, WORKERS_THAT_EMBED, settings.database.patience).await?;
    if let Some(dimension) = embedder.dimension() {
        store.settle_search(&summary.model, dimension).await?;
    }
    store.close().await?;
    Output { is_json }.print(&summary)?;
    Ok(Exit::Complete)
}

/// How many tasks make vectors; one for the model, one for the database.
const WORKERS_THAT_EMBED: u32 = 2;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
struct Output {
    is_json: bool,
}

impl Output {
    fn print(self, result: &(impl Display + Serialize)) -> anyhow::Result<()> {
        if self.is_json {
            cli::print_json(result)?;
        } else {
            cli::print(result.to_string().trim_end())?;
        }
        Ok(())
    }
}

impl Command {
    /// Whether vectors are compared; only then is a model needed.
    fn compares(&self) -> bool {
        matches!(self, Self::Search(_) | Self::Similar { .. } | Self::Recommend { .. })
    }
}

impl Limit {
    fn count(&self) -> usize {
        usize::from(self.limit)
    }
}

impl Search {
    fn query(self) -> Query {
        let mode = match self.mode {
            RankBy::Text => Mode::Text,
            RankBy::Vector => Mode::Vector,
            RankBy::Hybrid => Mode::Hybrid,
        };
        let filter = Filter {
            genres: self.genre,
            years: self.year,
            min_rating: self.min_rating,
            language: self.language,
            quality: self.quality,
            cast: self.cast,
        };
        Query { text: self.text, mode, filter, limit: self.limit.count() }
    }
}

/// Reads `1995`, `1990..1999`, `1990..` or `..1999`.
fn years(text: &str) -> Result<(i32, i32), String> {
    let year = |text: &str| text.trim().parse::<i32>().map_err(|_| format!("\"{text}\" is no year"));
    let (first, last) = match text.split_once("..") {
        None => (year(text)?, year(text)?),
        Some(("", "")) => return Err("give a first year, a last year or both".to_owned()),
        Some((first, "")) => (year(first)?, i32::MAX),
        Some(("", last)) => (i32::MIN, year(last)?),
        Some((first, last)) => (year(first)?, year(last)?),
    };
    if first > last { Err(format!("{first} is later than {last}")) } else { Ok((first, last)) }
}

fn rating(text: &str) -> Result<f64, String> {
    let rating = text.parse::<f64>().map_err(|_| format!("\"{text}\" is no number"))?;
    if (0.0..=10.0).contains(&rating) { Ok(rating) } else { Err("a rating is from 0 to 10".to_owned()) }
}
