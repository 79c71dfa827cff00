//! How many requests a process may have in flight, by the files that the system lets it open. A request beyond that
//! would take the descriptor that the answer to another one needs, and wait for it until it is given up.

use std::fs;

use anyhow::bail;
use rustix::process::{Resource, getrlimit};

/// A request has a connection, and one more may be opened beside it that comes free at the same moment. With the demo API
/// in the same process, both ends of both are here.
const FOR_A_REQUEST: usize = 4;

/// What is open before there is a database, where the system does not say.
const TYPICALLY_OPEN: usize = 16;

/// Returns as many requests in flight as were asked for, or fewer where this process may open few files
/// and the database takes its part of them.
pub(super) fn affordable(requests: usize, for_the_store: usize) -> anyhow::Result<usize> {
    let Some(files) = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok()) else {
        return Ok(requests);
    };
    let open = fs::read_dir("/dev/fd").map_or(TYPICALLY_OPEN, Iterator::count);
    let others = open + for_the_store;
    let affordable = files.saturating_sub(others) / FOR_A_REQUEST;
    if affordable == 0 {
        let needed = others + FOR_A_REQUEST;
        bail!("this process may open {files} files and needs {needed}: raise the number by ulimit -n");
    }
    if affordable < requests {
        tracing::warn!("requests at a time: {affordable}, since this process may open {files} files (see ulimit -n)");
    }
    Ok(requests.min(affordable))
}
