//! A proxy before `PostgreSQL` that swallows what connections say, or breaks one off at a moment of the test's choice.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// When a connection is broken off that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// Before the server hears it.
    Before,
    /// When the server has answered, but before the answer arrives.
    BeforeTheAnswer,
}

/// A proxy; its connections end with it.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
    acceptor: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    /// Connections up to this number are silent.
    silent_up_to: AtomicU64,
    swallows_all: AtomicBool,
    /// How many more messages of clients pass before one breaks its connection off; below zero, none does.
    left: AtomicI64,
    /// What a message says that breaks its connection off.
    word: Mutex<Option<&'static str>>,
    breaks_before: AtomicBool,
    connections: AtomicU64,
}

impl Proxy {
    /// Starts a proxy before the server of this URL.
    pub(crate) async fn start(url: &str) -> Self {
        let url = Url::parse(url).expect("the database has a URL");
        let server = (url.host_str().expect("it names a host").to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let state = Arc::new(State { left: AtomicI64::new(-1), ..State::default() });
        let acceptor = tokio::spawn(accept(listener, server, Arc::clone(&state)));
        Self { port, state, acceptor }
    }

    /// Returns the URL of the same database behind the proxy.
    pub(crate) fn url(&self, of: &str) -> String {
        let mut url = Url::parse(of).expect("the database has a URL");
        url.set_host(Some("127.0.0.1")).expect("the URL takes a host");
        url.set_port(Some(self.port)).expect("the URL takes a port");
        url.into()
    }

    /// Swallows for ever what is said on the connections there are; new ones work.
    pub(crate) fn silence_those_there(&self) {
        self.state.silent_up_to.store(self.state.connections.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Swallows whatever anybody says, or no longer.
    pub(crate) fn swallow_all(&self, is_wanted: bool) {
        self.state.swallows_all.store(is_wanted, Ordering::SeqCst);
    }

    /// Breaks off the connection that says the `number`th thing from now, from 0, and that one alone.
    pub(crate) fn break_at(&self, number: u32, when: Break) {
        self.state.breaks_before.store(when == Break::Before, Ordering::SeqCst);
        self.state.left.store(number.into(), Ordering::SeqCst);
    }

    /// Breaks off the first connection from now that says this, and that one alone.
    pub(crate) fn break_at_word(&self, word: &'static str, when: Break) {
        self.state.breaks_before.store(when == Break::Before, Ordering::SeqCst);
        *self.state.word.lock().expect("nobody panics with it") = Some(word);
    }

    /// Says whether a connection is still to be broken off, and no longer does it.
    pub(crate) fn gives_up_breaking(&self) -> bool {
        let word = self.state.word.lock().expect("nobody panics with it").take();
        self.state.left.swap(-1, Ordering::SeqCst) >= 0 || word.is_some()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, server: (String, u16), state: Arc<State>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let number = state.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let (server, state) = (server.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            // A server that is away is the client's to notice.
            let Ok(server) = TcpStream::connect(server).await else { return };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let (lose, is_lost) = watch::channel(false);
            let asking = tokio::spawn(ask(from_client, to_server, (number, Arc::clone(&state)), lose));
            answer(from_server, to_client, (number, state), is_lost).await;
            asking.abort();
        });
    }
}

impl State {
    fn is_silent(&self, number: u64) -> bool {
        self.swallows_all.load(Ordering::SeqCst) || number <= self.silent_up_to.load(Ordering::SeqCst)
    }

    /// Says whether it is this message that breaks its connection off.
    fn breaks_now(&self, message: &[u8]) -> bool {
        let mut word = self.word.lock().expect("nobody panics with it");
        let says = |word: &mut &str| message.windows(word.len()).any(|bytes| bytes == word.as_bytes());
        word.take_if(says).is_some()
            || self.left.load(Ordering::SeqCst) >= 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 0
    }
}

/// Passes on what the client says.
async fn ask(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (number, state): (u64, Arc<State>),
    lose: watch::Sender<bool>,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if state.is_silent(number) {
            continue;
        }
        if state.breaks_now(&bytes[..count]) {
            if state.breaks_before.load(Ordering::SeqCst) {
                return;
            }
            lose.send_replace(true);
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Passes on what the server says; its first words after a message whose answer is to be lost end the connection.
async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (number, state): (u64, Arc<State>),
    is_lost: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if state.is_silent(number) {
            continue;
        }
        if *is_lost.borrow() || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
    if state.is_silent(number) {
        // The end is swallowed too.
        std::future::pending::<()>().await;
    }
}
