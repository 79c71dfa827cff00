//! What the client makes of servers that do harm below the level of JSON, or that point elsewhere.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use yts_ingest::api::{Client, Error, ListQuery, Options};

use crate::server::{Bad, PAGE, Server, answer, ok};

/// Largest body accepted here.
const CAP: u64 = 1024 * 1024;
/// What may be read beyond it: one piece, as the decoder hands it out.
const PIECE: u64 = 128 * 1024;

fn options(servers: &[&Server]) -> Options {
    Options {
        base_urls: servers.iter().map(|server| server.base.clone()).collect(),
        max_body_bytes: CAP,
        max_attempts: 1,
        base_delay: Duration::from_millis(1),
        read_timeout: Duration::from_millis(400),
        total_timeout: Duration::from_secs(1),
        rate: 0.0,
        ..Options::default()
    }
}

/// A client that has had one good answer, so that errors keep their own names.
async fn seasoned(servers: &[&Server]) -> Client {
    let client = Client::new(options(servers)).unwrap();
    client.list(&ListQuery::default(), 1).await.unwrap();
    client
}

async fn second_page(client: &Client) -> Error {
    client.list(&ListQuery::default(), 1).await.unwrap_err()
}

#[tokio::test]
async fn bombs_are_left_at_the_cap_in_whatever_they_are_packed() {
    for (coding, bomb) in [("gzip", gzip_bomb()), ("zstd", zstd_bomb()), ("br", BROTLI_BOMB.to_vec())] {
        let server = Server::start(answer("200 OK", &format!("Content-Encoding: {coding}\r\n"), &bomb)).await;
        let client = seasoned(&[&server]).await;
        assert_eq!(second_page(&client).await.kind(), "too-large", "{coding}");
        let bytes = client.traffic().bytes;
        assert!(bytes <= PAGE.len() as u64 + CAP + PIECE, "{coding}: {bytes}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_left_at_the_cap() {
    let endless =
        Bad { beginning: b"HTTP/1.1 200 OK\r\n\r\n{".to_vec(), rest: vec![b' '; 16 * 1024], ..Bad::default() };
    let server = Server::start(endless).await;
    let client = seasoned(&[&server]).await;
    assert_eq!(second_page(&client).await.kind(), "too-large");
    assert!(client.traffic().bytes <= PAGE.len() as u64 + CAP + PIECE);
    // Beyond what was read there is only what the sockets hold.
    assert!(server.sent_bytes.load(Ordering::Relaxed) < 32 * CAP);
}

#[tokio::test]
async fn a_body_that_drips_ends_by_the_total_timeout() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{".to_vec();
    let dripping = Bad { beginning: head, rest: b" ".to_vec(), between: Duration::from_millis(50) };
    let server = Server::start(dripping).await;
    let client = seasoned(&[&server]).await;
    let asked_at = Instant::now();
    assert_eq!(second_page(&client).await.kind(), "timeout");
    let waited = asked_at.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(5), "{waited:?}");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let filler = b"X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n".repeat(100);
    let endless = Bad { beginning: b"HTTP/1.1 200 OK\r\n".to_vec(), rest: filler, ..Bad::default() };
    let server = Server::start(endless).await;
    let client = seasoned(&[&server]).await;
    assert_eq!(second_page(&client).await.kind(), "transfer");
    assert!(server.sent_bytes.load(Ordering::Relaxed) < 32 * CAP);
}

#[tokio::test]
async fn no_redirect_leads_to_another_origin() {
    let bystander = Server::start(Bad::default()).await;
    let port = bystander.base.port().unwrap();
    for target in [
        format!("http://127.0.0.1:{port}/api/v2/list_movies.json"),
        format!("http://localhost:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://me:secret@127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://elsewhere.example/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1:70/".to_owned(),
    ] {
        let server = Server::start(answer("302 Found", &format!("Location: {target}\r\n"), b"")).await;
        let error = second_page(&seasoned(&[&server]).await).await;
        assert_eq!(error.kind(), "foreign-redirect", "{target}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(server.requests().len(), 2, "{target}");
    }
    assert_eq!(bystander.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mirror_that_answers_with_other_movies_is_not_believed() {
    let liar = Server::start(ok(r#"{"status":"ok","data":{"movie":{"id":8,"title":"Eight"}}}"#)).await;
    let client = seasoned(&[&liar]).await;
    assert_eq!(client.details(7).await.unwrap_err().kind(), "wrong-movie");

    let honest = Server::start(ok(r#"{"status":"ok","data":{"movie":{"id":7,"title":"Seven"}}}"#)).await;
    // Its first answer is a page; that one is for itself.
    seasoned(&[&honest]).await;
    let both = Client::new(Options { max_attempts: 8, ..options(&[&liar, &honest]) }).unwrap();
    assert_eq!(both.details(7).await.unwrap().movie.title.as_deref(), Some("Seven"));
}

/// A brace and half a gigabyte of blanks in gzip: of the zeros in the middle each is four matches of 258 bytes.
fn gzip_bomb() -> Vec<u8> {
    let beginning =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x21\x01\x00\x00\x00\x02\xa0\x2b\xfe\xf4\xbc\x37\x0c\x40\x03";
    [beginning.as_slice(), &vec![0; 500_000]].concat()
}

/// Half a gigabyte of blanks in 16 KB of zstd: a frame header with a window of 128 KB, and 4,096 blocks of the kind
/// "this byte, so many times".
fn zstd_bomb() -> Vec<u8> {
    let block = [0x02, 0x00, 0x10, b' '];
    [b"\x28\xb5\x2f\xfd\x00\x38".as_slice(), &block.repeat(4_096)].concat()
}

/// The first 64 of the 405 bytes that are half a gigabyte of blanks in brotli.
const BROTLI_BOMB: &[u8] = b"\xcf\xff\xff\x7f\x00\x24\x40\xe2\xb1\x40\x72\xef\xff\xf9\xff\xff\x0f\x80\x04\x40\x1c\x16\
    \x80\xee\xfd\x3f\xff\xff\xff\x01\x90\x00\x88\xc3\x02\xd0\xbd\xff\xe7\xff\xff\x3f\x00\x12\x00\x71\x58\x00\xba\xf7\
    \xff\xfc\xff\xff\x07\x40\x02\x20\x0e\x0b\x40\xf7\xfe\x9f\xff\xff";
