//! `SQLite`'s file while it is in use: locked beside, and watched, since a file that is removed goes on to be written to.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::Error;

/// A database file that this process alone writes to.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    identity: (u64, u64),
    _lock: File,
}

impl WatchedFile {
    /// Locks a file beside the database. The system frees the lock when the process ends; that file stays.
    pub(super) fn lock(path: PathBuf) -> Result<Self, Error> {
        let mut beside = path.clone().into_os_string();
        beside.push(".lock");
        let beside = PathBuf::from(beside);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&beside);
        let file = file.map_err(|error| opening(&beside, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::InUse { path: beside }),
            Err(fs::TryLockError::Error(error)) => return Err(opening(&beside, &error)),
        }
        let identity = identity(&path).map_err(|error| opening(&path, &error))?;
        Ok(Self { path, identity, _lock: file })
    }

    /// Makes sure that the file is still the one that was opened.
    pub(super) fn make_sure_of(&self) -> Result<(), Error> {
        let is_same = identity(&self.path).is_ok_and(|identity| identity == self.identity);
        if is_same { Ok(()) } else { Err(Error::Removed { path: self.path.clone() }) }
    }
}

/// Returns the error for a file that could not be opened or locked.
fn opening(path: &Path, error: &io::Error) -> Error {
    Error::Open { url: path.display().to_string(), reason: error.to_string(), transient: false }
}

/// Returns what tells a file from another under the same name.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|_| (0, 0))
}
