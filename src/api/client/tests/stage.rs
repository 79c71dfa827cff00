//! A small server on loopback that does as its script says, bad manners included.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use url::Url;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes and then nothing.
    Stall(Vec<u8>),
}

/// A server that goes through a script, one act a request, and repeats the last.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) base: Url,
    requests: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Stage {
    pub(super) async fn open(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/api/v2", listener.local_addr().unwrap())).unwrap();
        let stage = Self { base, requests: Arc::default() };
        let requests = Arc::clone(&stage.requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(play(stream, Arc::clone(&requests), script.clone()));
            }
        });
        stage
    }

    pub(super) fn times(&self) -> Vec<Instant> {
        self.requests.lock().unwrap().iter().map(|(time, _)| *time).collect()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|(_, path)| path.clone()).collect()
    }
}

async fn play(mut stream: TcpStream, requests: Arc<Mutex<Vec<(Instant, String)>>>, script: Vec<Act>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
    let number = {
        let mut requests = requests.lock().unwrap();
        requests.push((Instant::now(), path));
        requests.len() - 1
    };
    match script[number.min(script.len() - 1)].clone() {
        Act::Send(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
        Act::Reset(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.set_zero_linger().unwrap();
        }
        Act::Stall(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
    }
}

/// An answer with a status line, further headers and a body.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    Act::Send(text.into_bytes())
}

pub(super) fn ok(body: &str) -> Act {
    answer("200 OK", "", body)
}

/// A brace and a hundred thousand blanks, in 133 bytes of gzip.
pub(super) fn packed() -> Act {
    let beginning =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x21\x01\x00\x00\x00\x02\xa0\x2b\xfe\xf4\xbc\x37\x0c\x40\x03";
    let end = b"\xdc\x1a\xa2\x47\xc2\x11\xa1\x86\x01\x00";
    let body = [beginning.as_slice(), &[0; 96], end].concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    Act::Send([head.into_bytes(), body].concat())
}
