//! Runs a command in a folder of its own, with a clean environment and a deadline.
//!
//! What no run may ever do is checked here, once for all tests.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a run may take that has no reason to take long.
pub(crate) const SOON: Duration = Duration::from_mins(1);

pub(crate) const FETCH_YTS: &str = env!("CARGO_BIN_EXE_fetch-yts");
pub(crate) const MONITOR_PROGRESS: &str = env!("CARGO_BIN_EXE_monitor-progress");
pub(crate) const TEST_DB: &str = env!("CARGO_BIN_EXE_test-db");
pub(crate) const YTS_CATALOG: &str = env!("CARGO_BIN_EXE_yts-catalog");

/// A folder to run commands in; gone when dropped.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder for the test"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file in the test's folder");
        path
    }

    /// Names what lies in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("the test's folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A command in this folder. A backtrace is asked for, since even then none may be shown.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).env_clear().env("RUST_BACKTRACE", "1");
        command
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        run(self.command(program, arguments))
    }

    /// Runs a command that must succeed, and returns its JSON.
    pub(crate) fn json(&self, program: &str, arguments: &[&str]) -> Value {
        let ended = self.run(program, &[arguments, &["--json"]].concat());
        ended.expect_code(0);
        ended.json()
    }

    /// Reads the totals of the catalogue in `./yts.db`.
    pub(crate) fn totals(&self) -> Value {
        self.json(MONITOR_PROGRESS, &[])["totals"].take()
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ended {
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self}");
    }

    /// Expects an error with this exit code, which names all of these things on stderr and nothing on stdout.
    #[track_caller]
    pub(crate) fn expect_error(&self, code: i32, named: &[&str]) {
        self.expect_code(code);
        assert_eq!(self.stdout, "", "an error has no result: {self}");
        for name in named {
            assert!(self.stderr.contains(name), "{name:?} is not named: {self}");
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON document ({error}): {self}"))
    }

    /// Says whether a text stands anywhere in the outputs.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    /// What holds for every run off a terminal.
    #[track_caller]
    fn check(&self) {
        for never in ["panicked", "stack backtrace", "RUST_BACKTRACE", "\u{1b}", "\u{9b}"] {
            assert!(!self.shows(never), "{never:?} is shown: {self}");
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, took } = self;
        write!(f, "code {code:?} after {took:?}\nstdout: {stdout}\nstderr: {stderr}")
    }
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(command: Command) -> Ended {
    Running::start(command).end_within(SOON)
}

/// A command that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    started: Instant,
    stdout: Output,
    stderr: Output,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let stdout = Output::read(child.stdout.take().expect("a pipe"));
        let stderr = Output::read(child.stderr.take().expect("a pipe"));
        Self { child, started: Instant::now(), stdout, stderr }
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "cannot send {name}");
    }

    /// Waits until a text stands in the outputs.
    #[track_caller]
    pub(crate) fn wait_for_words(&self, words: &str) {
        wait_until(words, || [&self.stdout, &self.stderr].into_iter().any(|output| output.so_far().contains(words)));
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child to look at").is_some()
    }

    /// Waits for the end, which must come in time.
    #[track_caller]
    pub(crate) fn end_within(mut self, deadline: Duration) -> Ended {
        let asked = Instant::now();
        let mut is_late = false;
        while !self.has_ended() {
            std::thread::sleep(Duration::from_millis(5));
            if asked.elapsed() > deadline && !is_late {
                is_late = true;
                self.child.kill().expect("a child to kill");
            }
        }
        let status = self.child.wait().expect("a child that ended");
        let took = self.started.elapsed();
        let (stdout, stderr) = (self.stdout.whole(), self.stderr.whole());
        let ended = Ended { code: status.code(), stdout, stderr, took };
        assert!(!is_late, "not ended within {deadline:?}: {ended}");
        ended.check();
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An output that is read while the command runs, so that a full pipe cannot stop it.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn read(mut output: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut part = [0; 4096];
            loop {
                match output.read(&mut part).expect("the output of a child") {
                    0 => break,
                    count => read.lock().expect("the other side never panics").extend_from_slice(&part[..count]),
                }
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("the other side never panics")).into_owned()
    }

    /// Waits for the end of it.
    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("its output");
        }
        self.so_far()
    }
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < SOON, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The names in a JSON object, sorted.
#[track_caller]
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// A `SQLite` URL for a file.
pub(crate) fn sqlite_url(path: &Path, mode: &str) -> String {
    format!("sqlite://{}?mode={mode}", path.display())
}
