//! A signal is heard while a long message is searched, whatever it holds; long messages keep their order.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::context::TestContext;
use crate::process::signal;
use crate::session::Session;

/// As long as a search may take minutes in, where it does not take linear time.
const LONG: usize = 4 << 20;

/// Far longer than it takes a session to end, and far shorter than such a search.
const SOON: Duration = Duration::from_secs(10);

/// A token of GitHub, made here so that the repository holds none.
fn token() -> String {
    format!("ghp_{}", "16C7e42F292c6912E7710c838347Ae178B4a")
}

/// A message of the server about as long as [`LONG`], whose result repeats something.
fn answer(before: &str, repeated: &str, after: &str) -> String {
    let result = [before, &repeated.repeat(LONG / repeated.len()), after].concat();
    format!("{{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{result}}}\n")
}

/// A session with a server that answers a request with these bytes, which are in a file, and has been asked.
fn asked(file: &NamedTempFile, bytes: &str) -> Session {
    fs::write(file.path(), bytes).unwrap();
    let context =
        TestContext::with_example("misbehave", &["raw", file.path().to_str().unwrap()], "");
    let mut session = context.start();
    session.initialize();
    let params = json!({"name": "a"});
    session
        .send_json(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}));
    session
}

#[test]
fn a_signal_ends_the_session_while_a_long_message_is_searched() {
    let held =
        json!({"type": "resource", "mimeType": "text/plain", "data": STANDARD.encode(token())});
    let text = |unit: &str| answer("{\"content\":[{\"type\":\"text\",\"text\":\"", unit, "\"}]}");
    let depth = "}".repeat(LONG / r#"{"data":"QUJDREVGR0g=","in":"#.len() + 1);
    let file = NamedTempFile::new().unwrap();
    for (what, bytes) in [
        ("keys", answer("{", r#""data":"QUJDREVGR0g=","#, "\"a\":0}")),
        (
            "objects in objects",
            answer("", r#"{"data":"QUJDREVGR0g=","in":"#, &format!("{{{depth}")),
        ),
        ("blocks", answer("{\"content\":[", &format!("{held},"), "0]}")),
        ("cookies", text("Set-Cookie: session=")),
        ("connection strings", text("server=")),
        ("passwords", text("password=")),
        ("tokens", text(&format!("{} ", token()))),
        ("no message", format!("{}\n", "password=".repeat(LONG / 9))),
    ] {
        let mut session = asked(&file, &bytes);
        // Time to read the message and to begin with it.
        sleep(Duration::from_millis(700));
        let begin = Instant::now();
        signal(session.pid(), Signal::SIGTERM);
        let outcome = session.wait();
        assert!(begin.elapsed() < SOON, "{what}: {:?}", begin.elapsed());
        assert!(!outcome.everything().contains(&token()), "{what}");
    }
}

#[test]
fn a_long_message_is_redacted_whole_and_comes_before_what_follows_it() {
    let unit = format!("{} and {} ", "words ".repeat(1000), token());
    let long = "{\"content\":[{\"type\":\"text\",\"text\":\"";
    let long = [long, &unit.repeat(100), "\"}]}"].concat();
    let message = |id: u32, result: &str| {
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n")
    };
    let log = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"data\":\"later\"}}\n";
    let bytes = message(7, &long) + log;
    let file = NamedTempFile::new().unwrap();
    let mut session = asked(&file, &bytes);
    let first: Value = session.receive_json();
    let text = first["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, unit.replace(&token(), "[hushpipe:github-pat]").repeat(100));
    assert_eq!(session.receive_json()["params"]["data"], "later");
    assert_eq!(session.finish().code, Some(0));
}
