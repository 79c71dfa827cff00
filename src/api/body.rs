//! Reading a body piece by piece, counted after decompression: a few compressed kilobytes can hold gigabytes.
//!
//! What the bytes mean is [`super::wire`]'s.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Response;

/// What is read of the body of an error answer; enough to see what it is, and mostly the whole of it, so that the
/// connection can be used again.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// Most room that is made for a body because of what its header says of its length; a long list page fits.
const MAX_ROOM_BYTES: u64 = 512 * 1024;

/// Why a body did not arrive.
#[derive(Debug)]
pub(super) enum Problem {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads a whole body of at most `max_bytes`, adding its size to `counted`.
///
/// Bytes that are not UTF-8 become U+FFFD, so that they spoil the text they stand in and not the whole page.
pub(super) async fn read(mut response: Response, max_bytes: u64, counted: &AtomicU64) -> Result<String, Problem> {
    let expected = response.content_length().unwrap_or_default().min(MAX_ROOM_BYTES);
    let mut body = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    let mut left = max_bytes;
    while let Some(piece) = response.chunk().await.map_err(Problem::Broken)? {
        let piece_bytes = piece.len() as u64;
        counted.fetch_add(piece_bytes, Ordering::Relaxed);
        left = left.checked_sub(piece_bytes).ok_or(Problem::TooLarge)?;
        body.extend_from_slice(&piece);
    }
    Ok(into_text(body))
}

/// Reads the beginning of a body, whatever becomes of the rest.
pub(super) async fn read_head(mut response: Response, counted: &AtomicU64) -> String {
    let mut head = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        counted.fetch_add(piece.len() as u64, Ordering::Relaxed);
        head.extend_from_slice(&piece);
        if head.len() >= MAX_HEAD_BYTES {
            break;
        }
    }
    into_text(head)
}

/// Returns bytes as text.
pub(super) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        tracing::warn!("an answer is not UTF-8; its broken characters are replaced by U+FFFD");
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_characters_spoil_only_themselves() {
        assert_eq!(into_text(b"a\xFFb \xC3\xBC".to_vec()), "a\u{FFFD}b ü");
    }
}
