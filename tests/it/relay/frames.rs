//! Frames as odd as real servers write them, in both directions, and what is no frame.

use std::fs;

use serde_json::json;

use crate::context::{TestContext, path_text};
use crate::fixture::example;

/// Armed in every test here, so that each frame is really searched.
const SECRET: &str = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";
const VALUE: &str = "canary-relay-93b1f47c2e";

fn context(example: &str, args: &[&str]) -> TestContext {
    let context = TestContext::with_example(example, args, SECRET);
    context.set_secret("local://token", VALUE);
    context
}

/// Each is one line that a lenient or strict JSON library of some server has been seen to write, or may.
fn odd_frames() -> Vec<Vec<u8>> {
    let deep = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    let mut frames: Vec<Vec<u8>> = [
        r#"{"jsonrpc":"2.0","method":"n","params":{"lone":"\ud800","pair":"\ud83d\ude00","back":"\udc00\ud800"}}"#,
        r#"{"jsonrpc":"2.0","method":"n","params":{"n":NaN,"i":Infinity,"j":-Infinity}}"#,
        r#"{"jsonrpc":"2.0","method":"n","params":[1e999,123456789012345678901234567890,1.0,-0,1E+5,0.1e-7]}"#,
        r#"  { "jsonrpc" : "2.0" , "params" : { "b" : 1 , "a" : 2 } , "method" : "n" }  "#,
        r#"{"jsonrpc":"2.0","m\u0065thod":"n","params":{"\u0061":"\/\b\f\n\r\t\u007f"}}"#,
        r#"{"jsonrpc":"2.0","method":"n","params":{"twice":1,"twice":2}}"#,
        r#"[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","method":"m"}]"#,
        r#"{"jsonrpc":"2.0","method":"n","params":{"emoji":"🦀","line separator":" "}}"#,
    ]
    .iter()
    .map(|frame| frame.as_bytes().to_vec())
    .collect();
    frames.push(
        b"{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":\"\xff\xfe\xc3\xed\xa0\x80\"}".to_vec(),
    );
    frames.push(b"{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":\"nul\0 bell\x07\"}".to_vec());
    frames.push([b"{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":", &deep[..], b"}"].concat());
    frames.push(b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"method\":\"n\"}".to_vec());
    frames.push(b"{\"jsonrpc\":\"2.0\",\"method\":\"n\"}\r".to_vec());
    frames
}

fn lines(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().flat_map(|frame| [&frame[..], b"\n"].concat()).collect()
}

#[test]
fn odd_frames_of_a_server_reach_the_client_as_the_same_bytes() {
    let context = TestContext::new();
    let script = context.home().join("script");
    fs::write(&script, lines(&odd_frames())).unwrap();
    let context = self::context("misbehave", &["raw", &path_text(&script)]);
    let outcome = context.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"go\"}\n");
    for (sent, got) in odd_frames().iter().zip(outcome.stdout.split(|byte| *byte == b'\n')) {
        assert_eq!(String::from_utf8_lossy(got), String::from_utf8_lossy(sent));
        assert_eq!(got, sent);
    }
    assert!(outcome.stdout.starts_with(&lines(&odd_frames())), "{}", outcome.stderr);
}

#[test]
fn odd_frames_of_a_client_reach_the_server_as_the_same_bytes() {
    // Servers are the ones to judge a client that leaves the version out.
    let odd_frames = || [odd_frames(), vec![b"{\"method\":\"n\"}".to_vec()]].concat();
    let folder = tempfile::tempdir().unwrap();
    let swallow = path_text(&example("misbehave"));
    let context = context("tee", &[&path_text(folder.path()), &swallow, "swallow"]);
    context.relay(&lines(&odd_frames()));
    let arrived = fs::read(folder.path().join("to-server")).unwrap();
    assert_eq!(String::from_utf8_lossy(&arrived), String::from_utf8_lossy(&lines(&odd_frames())));
    assert_eq!(arrived, lines(&odd_frames()));
}

#[test]
fn what_a_server_prints_beside_its_messages_goes_to_stderr_redacted() {
    let banner = format!("Server ready, token {VALUE}\n\n{{ not json\n\"json\"\n17\n");
    let context = context("misbehave", &["banner", &banner]);
    let mut session = context.start();
    assert_eq!(session.initialize()["result"]["serverInfo"]["name"], "misbehave");
    let outcome = session.finish();
    assert_eq!(outcome.text(), "");
    assert!(outcome.stderr.contains("Server ready, token [hushpipe:TOKEN]"), "{}", outcome.stderr);
    for line in ["{ not json", "\"json\"", "17"] {
        assert!(outcome.stderr.contains(line), "`{line}` is missing: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains(VALUE), "{}", outcome.stderr);
}

#[test]
fn half_a_message_at_the_end_is_not_forwarded_as_one() {
    let context = context("misbehave", &["half-line", "{\"jsonrpc\":\"2.0\",\"id\":1,\"resu"]);
    let outcome = context.relay(b"");
    assert_eq!(outcome.text(), "");
    assert!(outcome.stderr.contains("\"resu"), "{}", outcome.stderr);
}

#[test]
fn a_whole_message_without_a_line_break_at_the_end_is_forwarded() {
    let last = r#"{"jsonrpc":"2.0","method":"bye"}"#;
    let outcome = context("misbehave", &["half-line", last]).relay(b"");
    assert_eq!(outcome.messages(), [json!({"jsonrpc": "2.0", "method": "bye"})]);
}

#[test]
fn a_request_in_pieces_is_one_request() {
    let context = context("echo_server", &[]);
    let mut session = context.start();
    session.initialize();
    for byte in br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"echo","arguments":{"text":"slowly"}}}"# {
        session.send(&[*byte]);
    }
    session.send(b"\n");
    let answer = session.receive_json();
    assert_eq!(answer["id"], "a");
    assert_eq!(answer["result"]["content"][0]["text"], "slowly");
}

#[test]
fn one_request_and_the_end_of_input_still_gets_its_answer() {
    let request = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"one shot"}}}"#;
    // Without a line break too: `printf … | hushpipe run x`.
    for ending in ["\n", ""] {
        let outcome =
            context("echo_server", &[]).relay(&[&request[..], ending.as_bytes()].concat());
        assert_eq!(outcome.messages()[0]["result"]["content"][0]["text"], "one shot");
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
}

/// Of no kind that the specification allows, or longer than any on record: some server and client understand each other.
#[test]
fn an_answer_arrives_whatever_the_id_is() {
    let context = context("echo_server", &[]);
    let long = format!("\"{}\"", "i".repeat(5_000));
    let ids = [&long, "true", "[1]"];
    let requests =
        ids.map(|id| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}\n"));
    let outcome = context.relay(requests.concat().as_bytes());
    let answered: Vec<_> =
        outcome.messages().iter().map(|answer| answer["id"].to_string()).collect();
    assert_eq!(answered, ids);
}
