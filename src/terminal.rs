//! Makes text from outside safe to print: a title may hold escape sequences or turn the direction of writing around.

/// Returns the text with control characters and directional overrides replaced by `�`, in one line.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if is_harmful(character) { '\u{fffd}' } else { character }).collect()
}

/// Returns JSON with the characters escaped that it may hold and that are harmful to print.
#[must_use]
pub fn escape_harmful(json: &str) -> String {
    // Line breaks between the values are the document's own.
    let escape = |character: char| match character {
        '\n' => "\n".to_owned(),
        harmful if is_harmful(harmful) => format!("\\u{:04x}", u32::from(harmful)),
        harmless => harmless.to_string(),
    };
    json.chars().map(escape).collect()
}

/// Says whether a character could move the cursor, change the terminal or hide what stands around it.
fn is_harmful(character: char) -> bool {
    let is_directional =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_line_break = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || is_directional || is_line_break
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_overrides_lose_their_power() {
        assert_eq!(printable("\u{1b}[2Jgone\r\n"), "�[2Jgone��");
        assert_eq!(printable("a\u{202e}b\u{9b}c"), "a�b�c");
    }

    #[test]
    fn json_stays_the_same_document() {
        let document = "{\n \"title\": \"a\u{9b}b\u{202e}\"\n}";
        let escaped = escape_harmful(document);
        assert_eq!(escaped, "{\n \"title\": \"a\\u009bb\\u202e\"\n}");
        let values = [document, escaped.as_str()].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(values[0], values[1]);
    }

    #[test]
    fn letters_of_every_script_stay() {
        assert_eq!(printable("Amélie – 千と千尋 – Ночь 🎬"), "Amélie – 千と千尋 – Ночь 🎬");
    }
}
