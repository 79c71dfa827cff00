//! What of a source file is code: not its comments, not the insides of its strings, and not its own tests.
//!
//! It is no parser: it knows as much of Rust as this takes. Paths are found in `paths`.

/// Returns the code of a file, with its lines where they were.
pub(crate) fn code_of(text: &str) -> String {
    without_tests(&blank(text))
}

/// Replaces comments and the insides of strings and characters by spaces.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => end_of(bytes, at, b"\n"),
            [b'/', b'*', ..] => end_of(bytes, at + 2, b"*/"),
            [b'r', rest @ ..] if is_raw_string(rest) && !follows_name(bytes, at) => {
                let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
                let close = [&b"\""[..], &b"#".repeat(hashes)].concat();
                end_of(bytes, at + 2 + hashes, &close)
            }
            [b'"', ..] => end_of_string(bytes, at + 1),
            [b'\'', b'\\', ..] => end_of(bytes, at + 3, b"'"),
            [b'\'', _, b'\'', ..] => at + 3,
            _ => {
                at += 1;
                continue;
            }
        };
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn is_raw_string(rest: &[u8]) -> bool {
    rest.iter().find(|byte| **byte != b'#') == Some(&b'"')
}

fn follows_name(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| is_in_name(bytes[before]))
}

pub(crate) fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the offset behind the next `close` from an offset on.
fn end_of(bytes: &[u8], from: usize, close: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(close.len()).position(|window| window == close).map_or(bytes.len(), |at| from + at + close.len())
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

/// Cuts off a file's own tests, which are its last item.
fn without_tests(code: &str) -> String {
    let tests = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"];
    let end = tests.iter().filter_map(|start| code.find(start)).min().unwrap_or(code.len());
    code[..end].to_owned()
}
