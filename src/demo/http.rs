//! HTTP/1.1 of the demo API: reads request heads from a kept-alive connection and writes answers, whole or broken as
//! told. Only what a crawler needs: GET, no bodies, no compression. What is answered is in `service`.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::bytes::Buf;

use super::answer::{Answer, Delivery};
use super::service::Service;

const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// How long a stalled connection stays silent before it is closed.
const STALL: Duration = Duration::from_mins(1);

/// Lets a client read the part of a body before the reset, which throws away what is not read yet.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// Lets connections in until its task is aborted, which ends them all.
pub(super) async fn accept(listener: TcpListener, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => _ = connections.spawn(serve(stream, Arc::clone(&service))),
                // Out of file descriptors, most likely: some will be given back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection. A client that goes away in the middle is a normal end, so errors are only traced.
async fn serve(stream: TcpStream, service: Arc<Service>) {
    let mut connection = Connection { stream, input: Vec::with_capacity(4096), head: Vec::new(), body: Vec::new() };
    if let Err(error) = connection.run(&service).await {
        tracing::trace!(%error, "demo connection ended");
    }
}

/// A connection and its buffers, which are used again for each answer.
struct Connection {
    stream: TcpStream,
    /// What was read and is not answered yet.
    input: Vec<u8>,
    head: Vec<u8>,
    body: Vec<u8>,
}

/// A request's head as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    target: String,
    keep_alive: bool,
    head_bytes: usize,
}

/// What the input begins with.
#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Incomplete,
    Complete(Request),
    /// Answered with this status, and the connection closed.
    Refused(u16),
}

impl Connection {
    async fn run(&mut self, service: &Arc<Service>) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        loop {
            match parse(&self.input) {
                Parsed::Complete(request) => {
                    self.input.drain(..request.head_bytes);
                    let answer = service.answer(&request.target, Instant::now(), &mut self.body).await;
                    let goes_on = self.deliver(&answer, request.keep_alive).await?;
                    service.note_sent(&answer);
                    if !goes_on {
                        return Ok(());
                    }
                }
                Parsed::Incomplete if self.stream.read_buf(&mut self.input).await? == 0 => return Ok(()),
                Parsed::Incomplete => {}
                Parsed::Refused(status) => return self.refuse(status).await,
            }
        }
    }

    /// Sends an answer; returns whether the connection goes on.
    async fn deliver(&mut self, answer: &Answer, keep_alive: bool) -> io::Result<bool> {
        self.write_head(answer, keep_alive)?;
        let sent_bytes = match answer.delivery {
            Delivery::Stall => {
                tokio::time::sleep(STALL).await;
                return Ok(false);
            }
            Delivery::Reset(sent_bytes) => sent_bytes,
            Delivery::Whole => self.body.len(),
        };
        // Both buffers go out in one vectored write.
        self.stream.write_all_buf(&mut Buf::chain(&self.head[..], &self.body[..sent_bytes])).await?;
        if let Delivery::Reset(_) = answer.delivery {
            tokio::time::sleep(BEFORE_RESET).await;
            // Closing a socket that must not linger sends RST instead of FIN.
            self.stream.set_zero_linger()?;
            return Ok(false);
        }
        Ok(keep_alive)
    }

    fn write_head(&mut self, answer: &Answer, keep_alive: bool) -> io::Result<()> {
        let Answer { status, content_type, retry_after, .. } = answer;
        self.head.clear();
        write!(self.head, "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\n", reason(*status))?;
        write!(self.head, "Content-Length: {}\r\n", self.body.len())?;
        if let Some(retry_after) = retry_after {
            write!(self.head, "Retry-After: {retry_after}\r\n")?;
        }
        if !keep_alive {
            self.head.extend_from_slice(b"Connection: close\r\n");
        }
        self.head.extend_from_slice(b"\r\n");
        Ok(())
    }

    async fn refuse(&mut self, status: u16) -> io::Result<()> {
        let head = format!("HTTP/1.1 {status} {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", reason(status));
        self.stream.write_all(head.as_bytes()).await
    }
}

fn parse(input: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(input) {
        Ok(httparse::Status::Complete(head_bytes)) if head_bytes <= MAX_HEAD_BYTES => {
            let (Some("GET"), Some(target)) = (request.method, request.path) else { return Parsed::Refused(405) };
            let closes = request.headers.iter().any(|header| {
                header.name.eq_ignore_ascii_case("connection") && header.value.eq_ignore_ascii_case(b"close")
            });
            let keep_alive = request.version == Some(1) && !closes;
            Parsed::Complete(Request { target: target.to_owned(), keep_alive, head_bytes })
        }
        Ok(httparse::Status::Partial) if input.len() < MAX_HEAD_BYTES => Parsed::Incomplete,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Parsed::Refused(431),
        Err(_) => Parsed::Refused(400),
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        522 => "Connection Timed Out",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_complete() {
        let head = b"GET /api/v2/x?y=1 HTTP/1.1\r\nHost: h\r\n\r\nGET /next";
        assert_eq!(parse(&head[..20]), Parsed::Incomplete);
        let request = Request { target: "/api/v2/x?y=1".to_owned(), keep_alive: true, head_bytes: 39 };
        assert_eq!(parse(head), Parsed::Complete(request));
    }

    #[test]
    fn what_is_no_small_get_request_is_refused() {
        assert_eq!(parse(b"POST / HTTP/1.1\r\n\r\n"), Parsed::Refused(405));
        assert_eq!(parse(b"\x16\x03\x01\x02\x00"), Parsed::Refused(400));
        let endless = [b"GET / HTTP/1.1\r\nCookie: ".as_slice(), &[b'x'; MAX_HEAD_BYTES]].concat();
        assert_eq!(parse(&endless), Parsed::Refused(431));
    }

    #[test]
    fn a_client_that_wants_to_close_is_not_kept() {
        for head in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"] {
            assert!(matches!(parse(head.as_bytes()), Parsed::Complete(Request { keep_alive: false, .. })));
        }
    }
}
