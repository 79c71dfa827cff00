//! How texts and addresses from outside are shown: short, on one line, without credentials.
//!
//! For messages and records only; what is stored as data does not come through here.

use url::Url;

/// Characters of a body that a message shows.
const HEAD_CHARS: usize = 200;

/// Returns the beginning of a text from outside, fit for one line of a log or a terminal.
pub(super) fn head_of(text: &str) -> String {
    let harmless = |char: char| if char.is_control() || is_bidi_control(char) { ' ' } else { char };
    text.trim_start().chars().take(HEAD_CHARS).map(harmless).collect()
}

/// Returns a URL without user name and password.
pub(super) fn without_credentials(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for URLs that cannot have credentials in the first place.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.to_string()
}

/// Returns what a URL points to: scheme, host and port, or only the scheme where it has no host.
pub(super) fn origin_of(url: &Url) -> String {
    let origin = url.origin();
    if origin.is_tuple() { origin.ascii_serialization() } else { format!("{}:", url.scheme()) }
}

/// Whether a character turns the direction of the text around it.
fn is_bidi_control(char: char) -> bool {
    matches!(char, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_credentials() {
        let url = Url::parse("https://me:secret@host.example/api/?page=1").unwrap();
        assert_eq!(without_credentials(&url), "https://host.example/api/?page=1");
    }

    #[test]
    fn heads_are_short_and_fit_for_a_terminal() {
        let head = head_of(&format!("\n\u{1b}[31m\u{202e}é{}", "x".repeat(1_000)));
        assert_eq!(head.chars().count(), HEAD_CHARS);
        assert!(!head.chars().any(|char| char.is_control() || is_bidi_control(char)));
    }
}
