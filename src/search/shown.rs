//! Answers as tables for people. Every text from outside is made safe to print.

use std::fmt;

use comfy_table::{Table, TableStyle};

use super::{Answer, Details, Genres, Likenesses, Movie, Movies, Overview};
use crate::terminal::printable;

/// Persons that a line of a table names.
const NAMED: usize = 3;

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hits.is_empty() {
            return writeln!(f, "nothing found");
        }
        for (hit, rank) in self.hits.iter().zip(1..) {
            writeln!(f, "{rank:>3}. {}", line(&hit.movie))?;
            if let Some(snippet) = &hit.snippet {
                writeln!(f, "     {}", printable(snippet))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Likenesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.to.iter().map(Movie::titled).collect();
        writeln!(f, "like {}", printable(&names.join(", ")))?;
        let mut table = table(&["id", "title", "rating", "closeness", "shared genres", "shared cast"]);
        for hit in &self.hits {
            table.add_row([
                hit.movie.id.to_string(),
                printable(&hit.movie.titled()),
                rating(&hit.movie),
                format!("{:.2}", hit.closeness),
                printable(&hit.reason.shared_genres.join(", ")),
                printable(&hit.reason.shared_cast.join(", ")),
            ]);
        }
        writeln!(f, "{table}")
    }
}

impl fmt::Display for Movies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(&["id", "title", "rating", "genres", "cast"]);
        for movie in &self.movies {
            let cast: Vec<&str> = movie.cast.iter().take(NAMED).map(String::as_str).collect();
            table.add_row([
                movie.id.to_string(),
                printable(&movie.titled()),
                rating(movie),
                printable(&movie.genres.join(", ")),
                printable(&cast.join(", ")),
            ]);
        }
        writeln!(f, "{table}")
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", line(&self.movie))?;
        if let Some(title) = &self.title_english {
            writeln!(f, "also known as {}", printable(title))?;
        }
        if let Some(description) = &self.description {
            writeln!(f)?;
            for line in description.lines() {
                writeln!(f, "{}", printable(line))?;
            }
            writeln!(f)?;
        }
        for role in &self.roles {
            let character = role.character.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
            writeln!(f, "{}", printable(&format!("{}{character}", role.name)))?;
        }
        let mut table = table(&["quality", "type", "size", "seeds", "peers", "hash"]);
        for torrent in &self.torrents {
            let text = |value: &Option<String>| value.as_deref().map_or_else(unknown, printable);
            let count = |value: Option<i32>| value.map_or_else(unknown, |count| count.to_string());
            table.add_row([
                text(&torrent.quality),
                text(&torrent.kind),
                text(&torrent.size),
                count(torrent.seeds),
                count(torrent.peers),
                printable(&torrent.hash),
            ]);
        }
        writeln!(f, "\n{table}")
    }
}

impl fmt::Display for Genres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(&["genre", "movies"]);
        for genre in &self.genres {
            table.add_row([printable(&genre.name), genre.movies.to_string()]);
        }
        writeln!(f, "{table}")
    }
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { movies, genres, cast_members, torrents, embeddings } = self;
        writeln!(
            f,
            "{movies} movies · {genres} genres · {cast_members} cast members · {torrents} torrents · \
             {embeddings} embeddings"
        )
    }
}

/// Returns a movie in one line.
fn line(movie: &Movie) -> String {
    let id = format!("id {}", movie.id);
    let code = movie.imdb_code.clone().unwrap_or_default();
    let rating = movie.rating.map(|rating| format!("★ {rating:.1}")).unwrap_or_default();
    let parts = [movie.titled(), rating, movie.genres.join(", "), id, code];
    printable(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "))
}

fn rating(movie: &Movie) -> String {
    movie.rating.map_or_else(unknown, |rating| format!("{rating:.1}"))
}

fn unknown() -> String {
    "–".to_owned()
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header.to_vec());
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_its_lines() {
        let movie = Movie {
            id: 1,
            imdb_code: None,
            title: "T".to_owned(),
            year: None,
            rating: None,
            runtime: None,
            language: None,
            genres: Vec::new(),
            cast: Vec::new(),
            date_uploaded: None,
        };
        let description = Some("One.\r\n\r\nTwo.\u{1b}[2J\n".to_owned());
        let details = Details { movie, title_english: None, description, roles: Vec::new(), torrents: Vec::new() };
        assert!(details.to_string().contains("\n\nOne.\n\nTwo.\u{fffd}[2J\n\n"), "{details}");
    }
}
