//! Ctrl-C and SIGTERM: the first finishes the pages in hand, the second ends at once.

use std::io::Write;
use std::time::Duration;

use super::Exit;
use crate::crawl::Stop;
use crate::progress::LogWriter;

/// Listens for signals from now on. After the first, the pages in hand have `drain` to finish.
pub fn stop_on_signals(stop: Stop, drain: Duration) {
    tokio::spawn(async move {
        wait_for_signal().await;
        say("stopping: finishing the pages in hand; Ctrl-C again stops at once");
        stop.gently();
        tokio::select! {
            () = wait_for_signal() => end_at_once(),
            () = tokio::time::sleep(drain) => stop.now(),
        }
        wait_for_signal().await;
        end_at_once();
    });
}

/// Waits for a signal that stops what has no pages in hand.
pub async fn wait_for_stop() {
    wait_for_signal().await;
    say("stopping");
}

/// Lets a write beyond the allowed file size (`ulimit -f`) fail as an error, instead of killing the process.
pub(super) fn take_full_disk_as_an_error() {
    #[cfg(target_os = "linux")]
    {
        const SIGXFSZ: i32 = 25;
        let kind = tokio::signal::unix::SignalKind::from_raw(SIGXFSZ);
        if let Err(error) = tokio::signal::unix::signal(kind) {
            tracing::debug!("cannot take SIGXFSZ: {error}");
        }
    }
}

/// Ends the process: what is committed is safe, and the pages in hand are due again.
fn end_at_once() {
    say("stopped; the same command goes on where this one was");
    std::process::exit(Exit::Interrupted as i32);
}

fn say(text: &str) {
    // A closed stderr must not keep the signal from being obeyed.
    let _ = LogWriter.write_all(format!("{text}\n").as_bytes());
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!("cannot listen for SIGTERM: {error}");
            wait_for_ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    wait_for_ctrl_c().await;
}

async fn wait_for_ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!("cannot listen for Ctrl-C: {error}");
        std::future::pending::<()>().await;
    }
}
