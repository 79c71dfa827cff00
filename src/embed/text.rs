//! What a movie's vector is made from, and how a change of it is noticed.
//!
//! How a text becomes a vector is the providers' concern. Changing what [`text_of`] returns makes every stored hash
//! stale, so that the next fill embeds every movie again; do it on purpose only.

use super::fingerprint;

/// Bytes of a text's hash: 128 bits, far beyond chance for any catalogue.
const HASH_BYTES: usize = 16;

/// Returns the text that stands for a movie: `title. genres. description`, what is missing left out. In which order the
/// genres come makes no difference.
///
/// The year is not part of it: a number says little about what a film is like, and searches filter by it.
#[must_use]
pub fn text_of(title: &str, genres: &[String], description: Option<&str>) -> String {
    let mut genres: Vec<&String> = genres.iter().collect();
    genres.sort_unstable();
    let genres = genres.into_iter().map(|genre| genre.trim()).filter(|genre| !genre.is_empty()).collect::<Vec<_>>();
    let parts = [title.trim(), &genres.join(", "), description.unwrap_or_default().trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ")
}

/// Returns the hash under which a text is known: 32 hexadecimal digits, the beginning of its SHA-256.
#[must_use]
pub fn text_hash(text: &str) -> String {
    fingerprint::of_parts(&[text.as_bytes()], HASH_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_movie_is_about() {
        let genres = ["Romance".to_owned(), String::new(), "Comedy".to_owned()];
        let text = text_of(" Amélie ", &genres, Some("A shy waitress.\n"));
        assert_eq!(text, "Amélie. Comedy, Romance. A shy waitress.");
        assert_eq!(text_of("Amélie", &[], None), "Amélie");
        assert_eq!(text_of("", &[], Some("  ")), "");
    }

    #[test]
    fn hashes_stay_what_they_are() {
        assert_eq!(text_hash(""), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_eq!(text_hash("abc"), "ba7816bf8f01cfea414140de5dae2223");
    }
}
