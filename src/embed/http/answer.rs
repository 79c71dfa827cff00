//! What a service's answer must be to be believed: one vector for each text, all numbers, none of them empty.
//!
//! How the answer arrived is [`super`]'s concern; whether the dimension is the model's, too.

use serde::Deserialize;

use crate::embed::vector;

/// Highest dimension accepted, that of pgvector's `vector`.
const MAX_DIMENSION: usize = 16_000;

#[derive(Debug, Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

/// Reads an answer: vectors of length 1 in the order of the texts, whatever the order of the answer.
pub(super) fn read(body: &[u8], text_count: usize) -> Result<Vec<Vec<f32>>, String> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| described(body, &error))?;
    let count = answer.data.len();
    if count != text_count {
        return Err(format!("{count} vectors for {text_count} texts"));
    }
    let mut vectors = vec![Vec::new(); text_count];
    for Item { index, embedding } in answer.data {
        let dimension = embedding.len();
        if !(1..=MAX_DIMENSION).contains(&dimension) {
            return Err(format!("vector {index} has {dimension} numbers"));
        }
        let vector = vector::unit(embedding).map_err(|reason| format!("vector {index}: {reason}"))?;
        match vectors.get_mut(index) {
            Some(place) if place.is_empty() => *place = vector,
            _ => return Err(format!("vector {index} is there twice or answers no text")),
        }
    }
    Ok(vectors)
}

/// Says what is wrong with a body: where its JSON fails, and how it begins.
fn described(body: &[u8], error: &serde_json::Error) -> String {
    if body.is_empty() {
        return "it is empty".to_owned();
    }
    let head = String::from_utf8_lossy(&body[..body.len().min(80)]);
    format!("{error}, in {head}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(data: &str) -> String {
        read(format!(r#"{{"data":{data}}}"#).as_bytes(), 2).unwrap_err()
    }

    #[test]
    fn puts_vectors_in_the_order_of_the_texts() {
        let body =
            br#"{"object":"list","data":[{"index":1,"embedding":[0,-3]},{"index":0,"embedding":[3,4]}],"model":"m"}"#;
        assert_eq!(read(body, 2).unwrap(), [[0.6, 0.8], [0.0, -1.0]]);
    }

    #[test]
    fn refuses_what_is_not_one_vector_a_text() {
        let one = r#"{"index":0,"embedding":[1]}"#;
        for (data, reason) in [
            ("[]".to_owned(), "0 vectors for 2 texts"),
            (format!("[{one},{one},{one}]"), "3 vectors for 2 texts"),
            (format!("[{one},{one}]"), "vector 0 is there twice"),
            (format!(r#"[{one},{{"index":2,"embedding":[1]}}]"#), "vector 2 is there twice or answers no text"),
            (format!(r#"[{one},{{"embedding":[1]}}]"#), "missing field `index`"),
            (format!(r#"[{one},{{"index":1}}]"#), "missing field `embedding`"),
            (format!(r#"[{one},{{"index":1,"embedding":[]}}]"#), "vector 1 has 0 numbers"),
            (format!(r#"[{one},{{"index":1,"embedding":"AACAPw=="}}]"#), "expected a sequence"),
        ] {
            assert!(refusal(&data).contains(reason), "{data}: {}", refusal(&data));
        }
        assert!(refusal(&format!(r#"[{one},{{"index":1,"embedding":[{}1]}}]"#, "1,".repeat(16_000))).contains("16001"));
    }

    #[test]
    fn refuses_what_is_no_number() {
        for (number, reason) in [
            ("null", "invalid type: null"),
            ("NaN", "expected value"),
            ("\"NaN\"", "invalid type: string"),
            ("Infinity", "expected value"),
            ("1e39", "component 1 is not a finite number"),
            ("-1e999", "out of range"),
        ] {
            let data = format!(r#"[{{"index":1,"embedding":[1,{number}]}},{{"index":0,"embedding":[1,0]}}]"#);
            assert!(refusal(&data).contains(reason), "{number}: {}", refusal(&data));
        }
        assert!(
            refusal(r#"[{"index":0,"embedding":[0,0]},{"index":1,"embedding":[1,0]}]"#)
                .contains("all components are 0")
        );
    }

    #[test]
    fn says_how_other_answers_begin() {
        assert_eq!(read(b"", 1).unwrap_err(), "it is empty");
        assert!(read(b"<html>", 1).unwrap_err().ends_with(", in <html>"));
        assert!(read(br#"{"error":"no such model"}"#, 1).unwrap_err().contains("no such model"));
    }
}
