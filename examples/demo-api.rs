//! Runs the demo API as a process of its own until it is interrupted: arguments, one call, a line of statistics at the end.
//! `cargo run --release --example demo-api -- --movies 20000 --port 8080 --faults 5xx=10,latency=20ms`

use std::io;

use clap::Parser;
use yts_ingest::demo::{Faults, Options, Server};

/// Serves a YTS-style movie API with made-up movies on 127.0.0.1.
#[derive(Parser)]
struct Arguments {
    /// How many movies there are.
    #[arg(long, default_value_t = 2000)]
    movies: u32,
    /// Which catalogue it is: the same seed and number of movies give the same one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The port; 0 for any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What goes wrong, for example 5xx=10,reset=5,429=1,latency=50ms.
    #[arg(long, default_value_t)]
    faults: Faults,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let Arguments { movies, seed, port, faults } = Arguments::parse();
    let server = Server::start(Options { movies, seed, faults, port }).await?;
    println!("listening on {}", server.base_url());
    interruption().await?;
    println!("{:?}", server.stats());
    server.stop().await;
    Ok(())
}

/// Waits for Ctrl-C, or for SIGTERM where there is one.
#[cfg(unix)]
async fn interruption() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn interruption() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
