//! A host whose certificate is not to be trusted: refused before anything is asked, with the remedy.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::command::{Ended, FETCH_YTS, Folder, run};

/// What the server answers where it is trusted: a list of one movie, and that movie.
const LIST: &str = r#"{"status":"ok","data":{"movie_count":1,"movies":[{"id":7,"title":"Seven"}]}}"#;
const DETAILS: &str = r#"{"status":"ok","data":{"movie":{"id":7,"title":"Seven"}}}"#;

/// A server with a certificate; it counts the requests that get through.
struct Server {
    port: u16,
    requests: Arc<AtomicU64>,
}

impl Server {
    fn start(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        // The error means that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
        let config = Arc::new(config.expect("the certificate is the key's"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let requests = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tls = ServerConnection::new(Arc::clone(&config)).expect("the config is whole");
                let (stream, counted) = (StreamOwned::new(tls, stream), Arc::clone(&counted));
                std::thread::spawn(move || answer(stream, &counted));
            }
        });
        Self { port, requests }
    }
}

/// Answers one request, if the client gets as far as to ask.
fn answer(mut stream: StreamOwned<ServerConnection, std::net::TcpStream>, requests: &AtomicU64) -> Option<()> {
    let mut lines = BufReader::new(&mut stream).lines();
    let first = lines.next()?.ok()?;
    while !lines.next()?.ok()?.is_empty() {}
    requests.fetch_add(1, Ordering::SeqCst);
    let body = if first.contains("list_movies") { LIST } else { DETAILS };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).ok()
}

/// Asks a server on this machine, which is trusted where an authority that the user has named vouches for it.
fn fetch(folder: &Folder, server: &Server, authority: &CertifiedIssuer<'_, KeyPair>) -> Ended {
    folder.write("authority.pem", &authority.pem());
    let base_url = format!("https://localhost:{}/api/v2/", server.port);
    let mut command = folder.command(FETCH_YTS, &["--base-url", &base_url, "--rate", "0", "--embeddings", "off"]);
    command.env("SSL_CERT_FILE", folder.path("authority.pem"));
    run(command)
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Two of them are not mistaken for each other.
    params.distinguished_name.push(DnType::CommonName, format!("authority {:x}", rand::random::<u64>()));
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// Has the authority vouch for a host.
fn vouched_for(
    host: &str,
    authority: &CertifiedIssuer<'_, KeyPair>,
    change: impl FnOnce(&mut CertificateParams),
) -> Server {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a host's name");
    change(&mut params);
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    Server::start(certificate.der().clone(), &key)
}

#[track_caller]
fn refused(server: &Server, authority: &CertifiedIssuer<'_, KeyPair>, named: &[&str]) {
    let folder = Folder::new();
    let ended = fetch(&folder, server, authority);
    ended.expect_code(4);
    for name in ["https://localhost:", "certificate is refused"].iter().chain(named) {
        assert!(ended.stderr.contains(name), "{name:?} is not named: {ended}");
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 0, "nothing is asked of it: {ended}");
}

#[test]
fn a_certificate_of_an_authority_that_the_user_names_is_trusted() {
    let authority = authority();
    let server = vouched_for("localhost", &authority, |_| {});
    let folder = Folder::new();
    fetch(&folder, &server, &authority).expect_code(0);
    assert!(server.requests.load(Ordering::SeqCst) >= 2, "the list and the movie");
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = authority();
    let server = vouched_for("localhost", &authority, |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    refused(&server, &authority, &["expired", "clock"]);
}

#[test]
fn the_certificate_of_another_host_is_refused() {
    let authority = authority();
    let server = vouched_for("elsewhere.example", &authority, |_| {});
    refused(&server, &authority, &["another host's", "--base-url"]);
}

#[test]
fn a_certificate_that_nobody_known_vouches_for_is_refused() {
    let server = vouched_for("localhost", &authority(), |_| {});
    refused(&server, &authority(), &["nobody whom this machine trusts", "SSL_CERT_FILE"]);
}

#[test]
fn a_certificate_that_vouches_for_itself_is_refused() {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a host's name");
    let certificate = params.self_signed(&key).expect("a certificate");
    let server = Server::start(certificate.der().clone(), &key);
    refused(&server, &authority(), &["SSL_CERT_FILE"]);
}
