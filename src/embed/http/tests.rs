//! Asking a service that behaves, and one that does not: a small server on loopback goes through a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::*;

/// What the service does with one request.
#[derive(Clone, Debug)]
enum Act {
    /// Answers each text with its length in bytes and 1, last text first.
    Embed,
    /// Sends a status line, further headers and a body.
    Send(&'static str, &'static str, String),
    /// Says nothing.
    Stall,
}

impl Act {
    fn answer(self, request: &Value) -> Option<String> {
        let (status, headers, body) = match self {
            Self::Embed => ("200 OK", "", embeddings(request)),
            Self::Send(status, headers, body) => (status, headers, body),
            Self::Stall => return None,
        };
        let length = body.len();
        Some(format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"))
    }
}

fn ok(body: &str) -> Act {
    Act::Send("200 OK", "", body.to_owned())
}

fn broken() -> Act {
    Act::Send("500 Internal Server Error", "", "out of\nmemory".to_owned())
}

fn embeddings(request: &Value) -> String {
    let texts = request["input"].as_array().unwrap().iter().enumerate().rev();
    let data: Vec<_> =
        texts.map(|(index, text)| json!({ "index": index, "embedding": [text.as_str().unwrap().len(), 1] })).collect();
    json!({ "data": data }).to_string()
}

#[derive(Clone, Debug, Default)]
struct Seen {
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Seen {
    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn inputs(&self, request: usize) -> usize {
        self.requests.lock().unwrap()[request].1["input"].as_array().unwrap().len()
    }
}

/// Opens a server that answers the n-th request by the n-th act, and all further ones by the last.
async fn service(script: Vec<Act>) -> (HttpOptions, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let shared = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_one(stream, shared.clone(), script.clone()));
        }
    });
    let quick = Duration::from_millis(1);
    let options = HttpOptions { base_delay: quick, max_delay: quick * 20, ..HttpOptions::new(&base, "tiny") };
    (HttpOptions { total_timeout: Duration::from_secs(5), ..options }, seen)
}

async fn answer_one(mut stream: TcpStream, seen: Seen, script: Vec<Act>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let number = seen.count();
    seen.requests.lock().unwrap().push((head, body.clone()));
    let act = script[number.min(script.len() - 1)].clone();
    let Some(answer) = act.answer(&body) else {
        return tokio::time::sleep(Duration::from_mins(1)).await;
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Embeds one text and returns the error and how often the service was asked.
async fn failure(script: Vec<Act>) -> (Error, usize) {
    let (options, seen) = service(script).await;
    let error = HttpModel::new(options).unwrap().embed(&texts(&["a"])).await.unwrap_err();
    (error, seen.count())
}

#[tokio::test]
async fn asks_in_batches_and_keeps_the_order() {
    let (options, seen) = service(vec![Act::Embed]).await;
    let model = HttpModel::new(options).unwrap();
    assert_eq!(model.dimension(), None);
    let mut many: Vec<String> = (1..=40).map(|length| "x".repeat(length)).collect();
    many[3] = " \n".to_owned();
    let embeddings = model.embed(&many).await.unwrap();
    for (place, embedding) in embeddings.iter().enumerate() {
        let Some(vector) = embedding else {
            assert_eq!(place, 3);
            continue;
        };
        let expected = crate::embed::vector::unit(vec![f32::from(u8::try_from(place + 1).unwrap()), 1.0]).unwrap();
        assert_eq!(vector, &expected);
    }
    assert_eq!((seen.inputs(0), seen.inputs(1), seen.count()), (32, 7, 2));
    assert_eq!(model.dimension(), Some(2));
    assert!(model.model_id().starts_with("http:tiny@127.0.0.1:"));
}

#[tokio::test]
async fn blank_texts_ask_nobody() {
    let (options, seen) = service(vec![broken()]).await;
    let model = HttpModel::new(options).unwrap();
    assert_eq!(model.embed(&texts(&["", " "])).await.unwrap(), [None, None]);
    assert_eq!(model.embed(&[]).await.unwrap(), Vec::<Embedding>::new());
    assert_eq!(seen.count(), 0);
}

#[tokio::test]
async fn long_texts_are_cut() {
    let (options, seen) = service(vec![Act::Embed]).await;
    HttpModel::new(options).unwrap().embed(&["é".repeat(9_000)]).await.unwrap();
    let sent = seen.requests.lock().unwrap()[0].1["input"][0].as_str().unwrap().chars().count();
    assert_eq!(sent, 8_000);
}

#[tokio::test]
async fn asks_again_what_may_pass() {
    let (options, seen) =
        service(vec![broken(), Act::Send("429 Too Many Requests", "", String::new()), Act::Embed]).await;
    assert!(HttpModel::new(options).unwrap().embed(&texts(&["a"])).await.unwrap()[0].is_some());
    assert_eq!(seen.count(), 3);
}

#[tokio::test]
async fn gives_up_after_the_last_attempt() {
    let (error, count) = failure(vec![broken()]).await;
    assert_eq!(count, 4);
    assert!(error.is_transient());
    assert!(error.to_string().contains("status 500: out of�memory"), "{error}");
}

#[tokio::test]
async fn waits_as_asked_within_the_limit() {
    let slow_down = Act::Send("429 Too Many Requests", "Retry-After: 3600\r\n", String::new());
    let (options, seen) = service(vec![slow_down, Act::Embed]).await;
    let options = HttpOptions { max_delay: Duration::from_millis(300), ..options };
    let begin = Instant::now();
    HttpModel::new(options).unwrap().embed(&texts(&["a"])).await.unwrap();
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&begin.elapsed()));
    assert_eq!(seen.count(), 2);
}

#[test]
fn reads_waits_in_seconds_and_as_dates() {
    let wait = |text: &str| asked_wait(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]));
    assert_eq!(wait(" 7 "), Some(Duration::from_secs(7)));
    let soon = (Utc::now() + Duration::from_secs(100)).to_rfc2822();
    assert!((90..=100).contains(&wait(&soon).unwrap().as_secs()));
    assert_eq!(wait("Sat, 21 Nov 2020 07:28:10 GMT"), None);
    assert_eq!(wait("soon"), None);
}

#[tokio::test]
async fn a_lasting_refusal_is_not_repeated_and_shows_no_key() {
    let wrong_key = Act::Send("401 Unauthorized", "", r#"{"error":"wrong key sk-secret"}"#.to_owned());
    let (options, seen) = service(vec![wrong_key]).await;
    let model = HttpModel::new(HttpOptions { key: Some("sk-secret".into()), ..options }).unwrap();
    assert!(!format!("{model:?}").contains("sk-secret"));
    let error = model.embed(&texts(&["a"])).await.unwrap_err();
    assert_eq!(seen.count(), 1);
    assert!(seen.requests.lock().unwrap()[0].0.contains("authorization: bearer sk-secret"));
    assert!(error.to_string().contains("check the key: {\"error\":\"wrong key ***\"}"), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (error, count) =
        failure(vec![Act::Send("302 Found", "Location: http://127.0.0.1:1/\r\n", String::new())]).await;
    assert_eq!(count, 1);
    assert!(error.to_string().contains("redirects are not followed"), "{error}");
}

#[tokio::test]
async fn a_service_that_stays_silent_is_a_timeout() {
    let (options, seen) = service(vec![Act::Stall]).await;
    let options = HttpOptions { total_timeout: Duration::from_millis(50), max_attempts: 2, ..options };
    let error = HttpModel::new(options).unwrap().embed(&texts(&["a"])).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.is_transient(), "{error}");
    assert_eq!(seen.count(), 2);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named() {
    let (options, _) = service(vec![broken()]).await;
    let options = HttpOptions { base_url: "http://me:secret@127.0.0.1:1/v1".to_owned(), ..options };
    let error = HttpModel::new(options).unwrap().embed(&texts(&["a"])).await.unwrap_err().to_string();
    assert!(error.starts_with("http://127.0.0.1:1/v1/embeddings: ") && error.ends_with("running?"), "{error}");
}

#[tokio::test]
async fn another_dimension_than_the_pinned_is_refused() {
    let three_numbers = ok(r#"{"data":[{"index":0,"embedding":[1,2,3]}]}"#);
    let (options, _) = service(vec![Act::Embed, three_numbers]).await;
    let model = HttpModel::new(options.clone()).unwrap();
    model.embed(&texts(&["a"])).await.unwrap();
    let error = model.clone().embed(&texts(&["a"])).await.unwrap_err();
    assert!(error.to_string().contains("3 numbers from a model of dimension 2"), "{error}");

    let told = HttpModel::new(HttpOptions { dimension: Some(5), ..options }).unwrap();
    assert_eq!(told.dimension(), Some(5));
    assert!(told.embed(&texts(&["a"])).await.unwrap_err().to_string().contains("of dimension 5"));
}

#[tokio::test]
async fn poisoned_answers_are_refused_at_once() {
    let endless = " ".repeat(33 * 1024 * 1024);
    let poison = [
        ("", "it is empty"),
        (r#"{"data":[]}"#, "0 vectors for 1 texts"),
        (r#"{"data":[{"index":0,"embedding":[1,NaN]}]}"#, "expected value"),
        (r#"{"data":[{"index":0,"embedding":[1,null]}]}"#, "null"),
        (&endless, "larger than"),
    ];
    for (body, reason) in poison {
        let (error, count) = failure(vec![ok(body)]).await;
        assert!(error.to_string().contains(reason) && !error.is_transient(), "{error}");
        assert_eq!(count, 1, "{reason}");
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_refused_without_repeating_it() {
    let options = HttpOptions { key: Some("sk\nsecret".into()), ..HttpOptions::new("http://localhost", "m") };
    let error = HttpModel::new(options).unwrap_err().to_string();
    assert!(error.contains("key") && !error.contains("secret"), "{error}");
}

#[test]
fn services_of_one_gateway_are_told_apart_by_their_paths() {
    let id = |base| HttpModel::new(HttpOptions::new(base, "m")).unwrap().model_id().to_owned();
    assert_eq!(id("http://localhost:11434/v1/"), "http:m@localhost:11434");
    assert_eq!(id("https://host.example/minilm"), "http:m@host.example/minilm");
    assert_eq!(id("https://host.example/bge/v1"), "http:m@host.example/bge");
}
