//! The sources that are looked at, and what a rule asks of a file: where it stands, what it says, what of that is code.
//!
//! What counts as code is in `code`, the rules are in `doors`, `homes` and `style`.

use std::path::Path;

use crate::code::code_of;
use crate::violation::Violation;

/// A source file, as far as the rules look at it.
pub(crate) struct SourceFile {
    /// From the root of the repository, with slashes.
    pub(crate) path: String,
    /// As it is written.
    pub(crate) text: String,
    /// Without comments, the insides of strings, and tests; the lines are where they were.
    pub(crate) code: String,
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = code_of(text);
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// Whether the file is a test, of which only the rules on names and files hold.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.starts_with("tests/")
    }

    pub(crate) fn violation(&self, offset: usize, rule: String) -> Violation {
        let line = self.code[..offset].lines().count().max(1);
        Violation { path: self.path.clone(), line, rule }
    }

    /// Returns the module path of the file within the library: `["api", "wire"]`. Binaries and other crates have none.
    pub(crate) fn module(&self) -> Option<Vec<&str>> {
        let path = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let is_in_library = !path.starts_with("bin/");
        let names = path.split('/').filter(|name| *name != "lib").collect();
        is_in_library.then_some(names)
    }
}

/// Reads the sources of the workspace; tests only where they stand beside the code.
pub(crate) fn sources() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "entity/src", "migration/src"] {
        read_folder(root, &root.join(folder), &mut files);
    }
    assert!(files.len() > 50, "only {} source files were found", files.len());
    files
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root).expect("a path under the root").to_string_lossy().replace('\\', "/");
            files.push(SourceFile::new(&relative, &std::fs::read_to_string(&path).expect("a source file")));
        }
    }
}
