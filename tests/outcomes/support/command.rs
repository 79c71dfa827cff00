//! The real fetch-yts as a process of its own, to be killed, stopped and typed again.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::database::Database;

/// Returns the command that is typed each time: pages of `limit` movies, so many workers.
pub(crate) fn fetch_yts(database: &Database, base_url: &str, limit: u64, workers: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fetch-yts"));
    command
        .args(["--database-url", &database.url, "--base-url", base_url, "--rate", "0", "--json"])
        .args(["--limit", &limit.to_string(), "--workers", &workers.to_string(), "--concurrency", "8"])
        .current_dir(database.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YTS__") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
}

/// Waits for its end.
pub(crate) async fn output_of(child: Child) -> Output {
    tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("no panic").expect("the command is ours")
}

/// Returns what it printed at its end.
pub(crate) fn summary_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no summary ({error}): {}", String::from_utf8_lossy(&output.stderr)))
}

/// Sends it a signal, such as STOP.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(status.expect("there is a kill").success(), "the command still runs");
}
