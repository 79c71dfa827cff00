//! A source on loopback whose every movie the test writes itself, down to the JSON, and whose answers it can spoil.
//! The demo API cannot do that: its catalogue follows from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// The source; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Source {
    base_url: String,
    script: Arc<Mutex<Script>>,
    acceptor: JoinHandle<()>,
}

/// What the source answers.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The list, in its order. Details are the same, with `cast` and `like_count`.
    pub(crate) movies: Vec<Value>,
    /// What the list says of movies otherwise than the details do.
    pub(crate) listed_otherwise: BTreeMap<u64, Value>,
    /// List pages that are answered with status 500.
    pub(crate) broken_pages: BTreeSet<u64>,
    /// Movies whose details are answered with status 500.
    pub(crate) broken_details: BTreeSet<u64>,
    /// List pages that are not answered as long as they stand here.
    pub(crate) held_pages: BTreeSet<u64>,
    /// Movies whose details are not answered as long as they stand here.
    pub(crate) held_details: BTreeSet<u64>,
    /// Movies a page at most, however many are asked for.
    pub(crate) max_limit: Option<u64>,
    /// Movies that the source counts and does not list.
    pub(crate) hidden: usize,
    /// Movies that go when a list page has been answered: by the page.
    pub(crate) removed_after: BTreeMap<u64, u64>,
    /// List pages that were asked for, in order.
    pub(crate) asked_pages: Vec<u64>,
    /// Movies whose details were asked for, in order.
    pub(crate) asked_details: Vec<u64>,
}

/// What a request asks for.
enum Asked {
    Page { page: u64, limit: u64 },
    Details(u64),
}

/// How long until it is looked again whether a held answer may go.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

impl Source {
    pub(crate) async fn start(movies: Vec<Value>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
        let base_url = format!("http://{}/api/v2/", listener.local_addr().expect("the port is known"));
        let script = Arc::new(Mutex::new(Script { movies, ..Script::default() }));
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&script)));
        Self { base_url, script, acceptor }
    }

    pub(crate) fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Returns what the source answers, to be changed.
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        locked(&self.script)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// Returns the JSON of a movie with a genre, two roles and a torrent.
pub(crate) fn movie_json(id: u64) -> Value {
    json!({
        "id": id,
        "imdb_code": format!("tt{id:07}"),
        "title": format!("Movie {id}"),
        "title_long": format!("Movie {id} (2001)"),
        "slug": format!("movie-{id}-2001"),
        "year": 2001,
        "rating": 6.5,
        "runtime": 90,
        "genres": ["Drama"],
        "description_full": "A movie.",
        "language": "en",
        "like_count": 3,
        "cast": [
            {"name": format!("Lead {id}"), "character_name": "Lead", "imdb_code": format!("{id:07}")},
            {"name": "Everywhere", "character_name": "Guest", "imdb_code": "9000000"},
        ],
        "torrents": [torrent_json(&format!("A{id}"), 10)],
        "date_uploaded_unix": 1_600_000_000 + id,
    })
}

/// Returns the JSON of a torrent with so many seeds.
pub(crate) fn torrent_json(hash: &str, seeds: u64) -> Value {
    json!({
        "hash": hash, "url": format!("https://yts.example/{hash}"), "quality": "1080p", "type": "web",
        "seeds": seeds, "peers": 1, "size": "1 GB", "size_bytes": 1_073_741_824_u64, "date_uploaded_unix": 1_600_000_000,
    })
}

async fn accept(listener: TcpListener, script: Arc<Mutex<Script>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&script)));
    }
}

/// Answers one request. A client that goes away in the middle is its own affair.
async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let asked = Asked::of(target);
    locked(&script).note(asked.as_ref());
    while locked(&script).holds(asked.as_ref()) {
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
    let (status, body) = match asked.and_then(|asked| locked(&script).answer(&asked)) {
        Some(data) => ("200 OK", json!({"status": "ok", "status_message": "fine", "data": data}).to_string()),
        None => ("500 Internal Server Error", "spoilt on purpose".to_owned()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

impl Asked {
    fn of(target: &str) -> Option<Self> {
        let url = Url::parse("http://loopback").and_then(|base| base.join(target)).ok()?;
        let number = |name: &str| url.query_pairs().find(|(key, _)| key == name)?.1.parse::<u64>().ok();
        if url.path().ends_with("list_movies.json") {
            return Some(Self::Page { page: number("page")?, limit: number("limit")? });
        }
        number("movie_id").map(Self::Details)
    }
}

impl Script {
    fn note(&mut self, asked: Option<&Asked>) {
        match asked {
            Some(Asked::Page { page, .. }) => self.asked_pages.push(*page),
            Some(Asked::Details(id)) => self.asked_details.push(*id),
            None => {}
        }
    }

    fn holds(&self, asked: Option<&Asked>) -> bool {
        match asked {
            Some(Asked::Page { page, .. }) => self.held_pages.contains(page),
            Some(Asked::Details(id)) => self.held_details.contains(id),
            None => false,
        }
    }

    fn answer(&mut self, asked: &Asked) -> Option<Value> {
        match asked {
            Asked::Page { page, limit } => {
                let list = self.list(*page, *limit);
                if let Some(removed) = self.removed_after.remove(page) {
                    self.movies.retain(|movie| movie["id"] != removed);
                }
                list
            }
            Asked::Details(id) => self.details(*id),
        }
    }

    fn list(&self, page: u64, limit: u64) -> Option<Value> {
        if self.broken_pages.contains(&page) {
            return None;
        }
        let limit = self.max_limit.map_or(limit, |most| most.min(limit));
        let skipped = usize::try_from((page - 1) * limit).ok()?;
        let of_page = self.movies.iter().skip(skipped).take(usize::try_from(limit).ok()?);
        let movies: Vec<Value> = of_page.map(|movie| self.listed(movie)).collect();
        Some(
            json!({"movie_count": self.movies.len() + self.hidden, "limit": limit, "page_number": page, "movies": movies}),
        )
    }

    fn details(&self, id: u64) -> Option<Value> {
        if self.broken_details.contains(&id) {
            return None;
        }
        let known = self.movies.iter().find(|movie| movie["id"] == id);
        Some(json!({"movie": known.cloned().unwrap_or_else(|| json!({"id": 0}))}))
    }

    /// Returns a movie as it stands in a list.
    fn listed(&self, movie: &Value) -> Value {
        let mut listed = movie.clone();
        if let Some(fields) = listed.as_object_mut() {
            fields.remove("cast");
            fields.remove("like_count");
            let otherwise = movie["id"].as_u64().and_then(|id| self.listed_otherwise.get(&id)?.as_object());
            fields.extend(otherwise.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        }
        listed
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
