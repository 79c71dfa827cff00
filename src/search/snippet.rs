//! The part of a description that answers a question best, with the words that were found.

use super::question::Question;
use super::words::places;

/// Words that a snippet has at most.
const WORDS: usize = 24;

/// Returns the stretch of a text with the most words of the question, in one line; its beginning where there is none.
pub(super) fn of(text: &str, question: &Question) -> String {
    let places = places(text);
    if places.len() <= WORDS {
        return in_one_line(text);
    }
    let is_found = |word: &str| question.terms.iter().any(|term| term.is_in(word));
    let found: Vec<usize> = places.iter().map(|(_, word)| usize::from(is_found(word))).collect();
    let mut count: usize = found[..WORDS].iter().sum();
    let (mut best_start, mut best_count) = (0, count);
    for start in 1..=places.len() - WORDS {
        count = count + found[start + WORDS - 1] - found[start - 1];
        if count > best_count {
            (best_start, best_count) = (start, count);
        }
    }
    let last = best_start + WORDS - 1;
    let (from, to) = (places[best_start].0.start, places[last].0.end);
    let before = if best_start == 0 { "" } else { "… " };
    let after = if last + 1 == places.len() { "" } else { " …" };
    format!("{before}{}{after}", in_one_line(&text[from..to]))
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_where_the_words_are() {
        let text = format!("{} the lighthouse keeper sings {}", "word ".repeat(40), "other ".repeat(40));
        let snippet = of(&text, &Question::read("keepers of lighthouses"));
        assert!(
            snippet.contains("lighthouse keeper") && snippet.starts_with("… ") && snippet.ends_with(" …"),
            "{snippet}"
        );
        assert_eq!(of("Two\r\nlines.\n\nMore.", &Question::read("x")), "Two lines. More.");
        assert_eq!(of(" Short. ", &Question::read("x")), "Short.");
    }
}
