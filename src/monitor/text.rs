//! A reading as text for people. Text from the source is made safe to print.

use std::fmt;
use std::time::Duration;

use comfy_table::{Table, TableStyle};

use super::{Certificate, ChangeReading, FailureReading, Reading, RunReading};
use crate::progress::clock;
use crate::terminal::printable;

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.run {
            Some(run) => write!(f, "{run}")?,
            None => writeln!(f, "no run yet; fetch-yts begins one")?,
        }
        let totals = &self.totals;
        writeln!(
            f,
            "\ncatalogue  {} movies · {} genres · {} cast members · {} torrents · {} embeddings",
            totals.movies, totals.genres, totals.cast_members, totals.torrents, totals.embeddings
        )?;
        self.write_genres(f)?;
        self.write_newest(f)?;
        self.write_failures(f)?;
        self.write_changes(f)
    }
}

impl Reading {
    fn write_genres(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.top_genres.is_empty() {
            return Ok(());
        }
        let genres: Vec<String> =
            self.top_genres.iter().map(|genre| format!("{} {}", printable(&genre.name), genre.movies)).collect();
        writeln!(f, "top genres {}", genres.join(" · "))
    }

    fn write_newest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.newest_movies.is_empty() {
            return Ok(());
        }
        let mut table = plain_table(&["id", "newest movies", "year", "rating", "listed (UTC)"]);
        for movie in &self.newest_movies {
            table.add_row([
                movie.external_id.to_string(),
                printable(&movie.title),
                movie.year.map_or_else(unknown, |year| year.to_string()),
                movie.rating.map_or_else(unknown, |rating| format!("{rating:.1}")),
                movie.date_uploaded.map_or_else(unknown, |date| date.format("%Y-%m-%d %H:%M").to_string()),
            ]);
        }
        writeln!(f, "\n{table}")
    }

    fn write_failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(failures) = &self.failures else { return Ok(()) };
        if failures.is_empty() {
            return writeln!(f, "\nno failures");
        }
        writeln!(f, "\n{} failures", failures.len())?;
        failures.iter().try_for_each(|failure| writeln!(f, "{failure}"))
    }

    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(changes) = &self.changes else { return Ok(()) };
        if changes.is_empty() {
            return writeln!(f, "\nno changes");
        }
        writeln!(f, "\nlatest {} changes", changes.len())?;
        changes.iter().try_for_each(|change| writeln!(f, "{change}"))
    }
}

impl fmt::Display for ChangeReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| value.as_deref().map_or_else(unknown, shortened);
        let (title, from, to) = (printable(&self.title), value(&self.from), value(&self.to));
        write!(f, "{} UTC · movie {} {title}: ", self.changed_at.format("%Y-%m-%d %H:%M"), self.external_id)?;
        write!(f, "{} {from} → {to}", self.field)
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: Option<i64>| count.map_or_else(unknown, |count| count.to_string());
        let when = self.certified_at.format("%Y-%m-%d %H:%M:%S");
        if self.distinct_movies.is_none() {
            return write!(f, "nothing older can be new, up to {when} UTC");
        }
        write!(
            f,
            "{} pages read, {} again · {} distinct movies · the source had {} at the start, {} at the end · {when} UTC",
            self.pages,
            self.pages_read_again,
            count(self.distinct_movies),
            count(self.movie_count_at_start),
            count(self.movie_count_at_end)
        )
    }
}

impl fmt::Display for FailureReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.page.map_or_else(unknown, |page| page.to_string());
        write!(f, "page {page}")?;
        if let Some(movie) = self.external_id {
            write!(f, ", movie {movie}")?;
        }
        write!(f, " ({}): {}", self.stage, printable(&self.reason))
    }
}

impl fmt::Display for RunReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |seconds: f64| clock(Duration::from_secs_f64(seconds.max(0.0)));
        writeln!(f, "run {}      {} · {}", self.run_id, self.status, printable(&self.query))?;
        if let Some(message) = &self.message {
            writeln!(f, "           {}", printable(message))?;
        }
        write!(f, "pages      {}/{} done · {} failed", self.pages_done, self.pages_planned, self.pages_failed)?;
        match self.eta_seconds {
            Some(left) => writeln!(f, " · {} left", time(left))?,
            None => writeln!(f)?,
        }
        writeln!(
            f,
            "movies     {} saved · {} updated · {} skipped · {} failed · {:.1} movies/s in the last minute of work",
            self.saved, self.updated, self.skipped, self.failed, self.movies_per_second
        )?;
        if let Some(certificate) = &self.certificate {
            writeln!(f, "certified  {certificate}")?;
        }
        writeln!(f, "requests   {} · {} retried", self.requests, self.requests_retried)?;
        writeln!(
            f,
            "time       {} · last sign of life {:.0} s ago · began {} UTC",
            time(self.seconds),
            self.heartbeat_age_seconds,
            self.started_at.format("%Y-%m-%d %H:%M:%S")
        )
    }
}

/// Returns the head of a text, safe to print.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let head = printable(&text.chars().take(SHOWN).collect::<String>());
    if text.chars().nth(SHOWN).is_some() { head + "…" } else { head }
}

fn unknown() -> String {
    "–".to_owned()
}

fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header.to_vec());
    table
}
