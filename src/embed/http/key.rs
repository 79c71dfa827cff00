//! Where a service's key comes from: a file or an environment variable, never a command line, which others can see.

use std::path::Path;

use secrecy::SecretString;

use crate::embed::error::Error;

/// Reads a key from a file: its first line, blanks around it removed.
pub fn key_from_file(path: &Path) -> Result<SecretString, Error> {
    let refused = |reason: &str| Error::Setup {
        reason: format!("cannot read the key in {} (embeddings.key_file): {reason}", path.display()),
    };
    let text = std::fs::read_to_string(path).map_err(|error| refused(&error.to_string()))?;
    key(&text).ok_or_else(|| refused("the first line is blank"))
}

/// Reads a key from an environment variable; `None` if it is not set or blank.
#[must_use]
pub fn key_from_env(variable: &str) -> Option<SecretString> {
    key(&std::env::var(variable).ok()?)
}

fn key(text: &str) -> Option<SecretString> {
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn reads_the_first_line_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, " sk-secret \r\n# comment\n").unwrap();
        let key = key_from_file(&path).unwrap();
        assert_eq!(key.expose_secret(), "sk-secret");
        assert!(!format!("{key:?}").contains("sk-secret"));

        std::fs::write(&path, "\nsk-secret").unwrap();
        assert!(key_from_file(&path).unwrap_err().to_string().contains("first line is blank"));
        assert!(key_from_file(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }

    #[test]
    fn an_unset_variable_is_no_key() {
        assert!(key_from_env("YTS_INGEST_NO_SUCH_VARIABLE").is_none());
        assert!(key_from_env("PATH").is_some());
    }
}
