//! Short names for long contents: the first digits of a SHA-256, the same on every platform and in every version.
//!
//! What is hashed is up to the caller: a text in [`super::text`], the files of a model in the providers.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Returns `2 * bytes` hexadecimal digits that stand for the parts, one after the other.
pub(super) fn of_parts(parts: &[&[u8]], bytes: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().iter().take(bytes).fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_beginning_of_a_sha_256() {
        assert_eq!(of_parts(&[b"ab", b"c"], 4), "ba7816bf");
        assert_eq!(of_parts(&[], 4), "e3b0c442");
    }
}
