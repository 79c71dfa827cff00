//! The real fetch-yts as a process of its own, to be killed, stopped and typed again.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::database::Database;

/// A command that was started. One that still runs is killed when this is dropped, so that a test that fails leaves no
/// process behind.
#[derive(Debug)]
pub(crate) struct Running(Option<Child>);

/// Starts the command that is typed each time: pages of `limit` movies, so many workers.
pub(crate) fn fetch_yts(database: &Database, base_url: &str, limit: u64, workers: u64) -> Running {
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
    Running(Some(command.spawn().expect("the command starts")))
}

impl Running {
    /// Waits for its end.
    pub(crate) async fn output(mut self) -> Output {
        let child = self.0.take().expect("it was not waited for");
        let waiting = tokio::task::spawn_blocking(move || child.wait_with_output());
        waiting.await.expect("no panic").expect("the command is ours")
    }

    /// Says whether it has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child().try_wait().expect("the command is ours").is_some()
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        assert!(!self.is_over(), "it is where it is to be killed");
    }

    /// Sends it a signal, such as STOP.
    pub(crate) fn signal(&mut self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child().id().to_string()]).status();
        assert!(status.expect("there is a kill").success(), "the command still runs");
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it was not waited for")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended by itself, which is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Returns what it printed at its end.
pub(crate) fn summary_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no summary ({error}): {}", String::from_utf8_lossy(&output.stderr)))
}
