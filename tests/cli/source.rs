//! A source on loopback that answers as a test tells it to; it dies when dropped.
//!
//! The demo API behaves; this one does not have to.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a source answers to one request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// A running source.
pub(crate) struct Source {
    address: SocketAddr,
    is_dead: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Source {
    /// Starts a source that answers each request's path and query.
    pub(crate) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that can be stopped");
        let address = listener.local_addr().expect("the listener's address");
        let (is_dead, streams) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let acceptor = {
            let (is_dead, streams, answer) = (Arc::clone(&is_dead), Arc::clone(&streams), Arc::new(answer));
            std::thread::spawn(move || {
                while !is_dead.load(Ordering::SeqCst) {
                    let Ok((stream, _)) = listener.accept() else {
                        std::thread::sleep(Duration::from_millis(2));
                        continue;
                    };
                    stream.set_nonblocking(false).expect("a stream that waits");
                    let own = stream.try_clone().expect("a second handle");
                    streams.lock().unwrap_or_else(PoisonError::into_inner).push(own);
                    let answer = Arc::clone(&answer);
                    std::thread::spawn(move || serve(stream, &*answer));
                }
            })
        };
        Self { address, is_dead, streams, acceptor: Some(acceptor) }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/api/v2/", self.address)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.is_dead.store(true, Ordering::SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            // With the acceptor goes the listener: from here on, connections are refused.
            let _ = acceptor.join();
        }
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Answers the requests of one connection until either side has had enough.
fn serve(stream: TcpStream, answer: &dyn Fn(&str) -> Answer) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        // The head ends with an empty line; a GET has no body.
        while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
        let Answer { status, content_type, body } = answer(request.split(' ').nth(1).unwrap_or_default());
        let head = format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if writer.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return;
        }
    }
}
