//! A server on loopback that answers once as an API would, and from then on badly.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What the first request is answered with.
pub(super) const PAGE: &str = r#"{"status":"ok","data":{"movie_count":1,"movies":[{"id":7,"title":"Seven"}]}}"#;

/// A bad answer: its beginning, and what follows it for ever, so long after one another.
#[derive(Clone, Debug, Default)]
pub(super) struct Bad {
    pub(super) beginning: Vec<u8>,
    pub(super) rest: Vec<u8>,
    pub(super) between: Duration,
}

/// The server.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) base: Url,
    pub(super) sent_bytes: Arc<AtomicU64>,
    requests: Arc<Mutex<Vec<String>>>,
    bad: Bad,
}

impl Server {
    pub(super) async fn start(bad: Bad) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/api/v2/", listener.local_addr().unwrap())).unwrap();
        let server = Self { base, sent_bytes: Arc::default(), requests: Arc::default(), bad };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        server
    }

    /// The paths that were asked for.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    async fn answer(self, mut stream: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
        let is_first = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(path);
            requests.len() == 1
        };
        let good = ok(PAGE);
        let bad = if is_first { &good } else { &self.bad };
        self.send(&mut stream, &bad.beginning).await?;
        while !bad.rest.is_empty() {
            tokio::time::sleep(bad.between).await;
            self.send(&mut stream, &bad.rest).await?;
        }
        Some(())
    }

    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
        stream.write_all(bytes).await.ok()?;
        self.sent_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Some(())
    }
}

/// An answer that has an end, with further headers and a body.
pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Bad {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n");
    Bad { beginning: [head.as_bytes(), body].concat(), ..Bad::default() }
}

pub(super) fn ok(body: &str) -> Bad {
    answer("200 OK", "", body.as_bytes())
}
