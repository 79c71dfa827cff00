//! A demo API on loopback: a YTS-style movie API whose catalogue is drawn from a seed, for trying the crawler out, for
//! tests and for benchmarks, without a single request to a real server. Its quirks are those of the real API; its
//! faults come on demand. Nothing here knows the crawler or a database.

mod answer;
mod backstage;
mod catalogue;
mod draw;
mod endpoints;
mod faults;
mod generator;
mod http;
mod json;
mod people;
mod plots;
mod prose;
mod query;
mod render;
mod service;
mod stats;
mod stock;
mod throttle;
mod torrents;
mod words;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::endpoints::BASE_PATH;
use self::service::Service;

pub use self::catalogue::{CastMember, Catalogue, Movie, Torrent};
pub use self::faults::{Faults, FaultsError};
pub use self::stats::Stats;

/// What a demo server serves, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many movies the catalogue has; each takes about 4.5 KB of memory.
    pub movies: u32,
    /// Which catalogue it is: see `Catalogue::generate`.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { movies: 2000, seed: 1, faults: Faults::default(), port: 0 }
    }
}

/// A running demo API; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    service: Arc<Service>,
    acceptor: JoinHandle<()>,
}

impl Server {
    /// Starts a server in the current runtime; it accepts requests when this returns. Fails if the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        // A large catalogue takes seconds to draw, which would hold up the runtime's other tasks.
        let service = Arc::new(tokio::task::spawn_blocking(move || Service::new(&options)).await?);
        let acceptor = tokio::spawn(http::accept(listener, Arc::clone(&service)));
        Ok(Self { address, service, acceptor })
    }

    /// Returns the base URL for clients, with a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE_PATH}", self.address)
    }

    /// Returns what the server has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.service.stats()
    }

    /// Returns the ids in the list at this moment, the newest first: what a mirror must hold once the list has stopped
    /// changing.
    #[must_use]
    pub fn listed_ids(&self) -> Vec<u32> {
        self.service.listed_ids()
    }

    /// Stops the server. When this returns its port is free and its connections are closed or closing.
    pub async fn stop(mut self) {
        self.acceptor.abort();
        // The task was aborted: that is all it can report.
        let _ = (&mut self.acceptor).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn start(movies: u32, faults: &str) -> Server {
        Server::start(Options { movies, faults: faults.parse().unwrap(), ..Options::default() }).await.unwrap()
    }

    async fn connect(server: &Server) -> TcpStream {
        TcpStream::connect(server.address).await.unwrap()
    }

    async fn ask(stream: &mut TcpStream, path: &str) {
        stream.write_all(format!("GET /api/v2/{path} HTTP/1.1\r\nHost: demo\r\n\r\n").as_bytes()).await.unwrap();
    }

    /// Reads until the server closes or resets the connection; returns the text and how that ended.
    async fn read_to_end(stream: &mut TcpStream) -> (String, io::Result<usize>) {
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes).await;
        (String::from_utf8_lossy(&bytes).into_owned(), end)
    }

    #[tokio::test]
    async fn a_connection_serves_several_requests_sent_at_once() {
        let server = start(30, "").await;
        let mut stream = connect(&server).await;
        ask(&mut stream, "movie_details.json?movie_id=1").await;
        ask(&mut stream, "list_movies.json").await;
        stream.write_all(b"GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
        let (text, _) = read_to_end(&mut stream).await;
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2);
        assert_eq!(text.matches("HTTP/1.1 404 Not Found").count(), 1);
        assert_eq!(server.stats(), Stats { requests: 3, list: 1, details: 1, other: 1, ..Stats::default() });
    }

    #[tokio::test]
    async fn a_reset_comes_in_the_middle_of_the_body() {
        let server = start(30, "reset=100").await;
        let mut stream = connect(&server).await;
        ask(&mut stream, "list_movies.json").await;
        let (text, end) = read_to_end(&mut stream).await;
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let announced: usize = head.split_once("Content-Length: ").unwrap().1.lines().next().unwrap().parse().unwrap();
        assert!(!body.is_empty() && body.len() < announced, "{} of {announced}", body.len());
    }

    #[tokio::test]
    async fn a_stalled_request_gets_no_byte_and_latency_delays_the_rest() {
        let server = start(30, "stall=100").await;
        let mut stream = connect(&server).await;
        ask(&mut stream, "list_movies.json").await;
        let silence = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
        assert!(silence.is_err());

        let slow_server = start(30, "latency=60ms").await;
        let mut slow_stream = connect(&slow_server).await;
        let asked_at = Instant::now();
        ask(&mut slow_stream, "list_movies.json").await;
        slow_stream.read_u8().await.unwrap();
        assert!(asked_at.elapsed() >= Duration::from_millis(60));
    }

    #[tokio::test]
    async fn a_stopped_server_frees_its_port_and_closes_its_connections() {
        let server = start(30, "").await;
        let port = server.address.port();
        let mut stream = connect(&server).await;
        ask(&mut stream, "movie_details.json?movie_id=1").await;
        stream.read_u8().await.unwrap();
        server.stop().await;
        read_to_end(&mut stream).await.1.unwrap();
        let again = Server::start(Options { movies: 30, port, ..Options::default() }).await.unwrap();
        assert_eq!(again.base_url(), format!("http://127.0.0.1:{port}/api/v2/"));
    }

    #[tokio::test]
    async fn a_growing_catalogue_tells_what_the_server_inserts() {
        let server = start(30, "insert=1").await;
        let mut stream = connect(&server).await;
        ask(&mut stream, "list_movies.json").await;
        stream.read_u8().await.unwrap();
        let mut catalogue = Catalogue::generate(1, 30);
        catalogue.grow();
        let ids: Vec<u32> = catalogue.movies().iter().rev().map(|movie| movie.id).collect();
        assert_eq!(server.listed_ids(), ids);
    }
}
