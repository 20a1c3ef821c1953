//! `run --record FILE`: what it writes down, and that it is never in the way.

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::context::{Outcome, TestContext, finish};

const VALUE: &str = "canary-recorded-58d0c3a1";

fn context() -> TestContext {
    let secret = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";
    let context = TestContext::with_example("echo_server", &[], secret);
    context.set_secret("local://token", VALUE);
    context
}

/// A session in which the client sends these lines, and where it was recorded.
fn record(context: &TestContext, lines: &[&[u8]]) -> (Outcome, PathBuf) {
    let file = context.home().join("recording.jsonl");
    let command = context.command(["run", "server", "--record", file.to_str().unwrap()]);
    (finish(command, &lines.concat()), file)
}

fn entries(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_frame_is_written_down_as_it_was_relayed() {
    let context = context();
    let call: &[u8] =
        br#" {"id":1,"jsonrpc":"2.0","method":"tools/call","params":{"name":"environment"}}"#;
    let odd: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":\"\xff\"}";
    let ping: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}";
    // What is no UTF-8 ends this server, so it comes last, without its line feed.
    let (outcome, file) = record(&context, &[call, b"\r\n", ping, b"\n", odd]);
    let entries = entries(&file);
    let of = |side| entries.iter().filter(move |entry| entry["from"] == side);
    let sent: Vec<_> = of("client").collect();
    assert_eq!(sent[0]["text"], String::from_utf8_lossy(call).into_owned() + "\r");
    assert_eq!(sent[1]["text"], String::from_utf8_lossy(ping).into_owned());
    assert_eq!(sent[2]["bytes"], STANDARD.encode(odd));
    let got: String =
        of("server").map(|entry| format!("{}\n", entry["text"].as_str().unwrap())).collect();
    assert_eq!(got, outcome.text());
    assert!(got.contains("[hushpipe:TOKEN]"), "{got}");
    let times: Vec<u64> = entries.iter().map(|entry| entry["at"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times.iter().all(|at| *at < 60_000), "{times:?}");
    let asked =
        |entry: &Value| entry["text"].as_str().is_some_and(|text| text.contains("\"id\":1"));
    let sides: Vec<_> = entries.iter().filter(|e| asked(e)).map(|e| e["from"].clone()).collect();
    assert_eq!(sides, ["client", "server"], "an answer stands behind what it answers");
}

#[test]
fn what_the_client_sent_is_redacted_in_the_recording_and_nowhere_else() {
    let context = context();
    let call = |id: Value| {
        let params = json!({"name": "complain", "arguments": {"text": VALUE}});
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()
            + "\n"
    };
    let (told, fixed) = (call(json!(1)), call(json!(VALUE)));
    let stray = format!("no message, {VALUE}");
    let lines = [told.as_bytes(), fixed.as_bytes(), stray.as_bytes(), b"\n"];
    let (outcome, file) = record(&context, &lines);
    // The server had it: it is gone only from what it printed.
    assert!(outcome.stderr.contains("[hushpipe:TOKEN]"), "{}", outcome.stderr);
    assert!(!fs::read_to_string(&file).unwrap().contains(VALUE));
    let entries = entries(&file);
    assert_eq!(entries[0]["text"], told.trim_end().replace(VALUE, "[hushpipe:TOKEN]"));
    let text = |entry: &Value| entry["text"] == stray.replace(VALUE, "[hushpipe:TOKEN]");
    assert!(entries.iter().any(text), "{entries:?}");
    let withheld = entries.iter().find_map(|entry| entry["withheld"].as_str());
    assert!(withheld.unwrap().contains("`TOKEN` at `/id`"), "{entries:?}");
}

#[test]
fn an_answer_of_our_own_is_told_from_one_of_the_server() {
    let twice = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"tools/list\"}\n";
    let context = context();
    let (outcome, file) = record(&context, &[twice]);
    let answers = outcome.messages();
    assert_eq!(answers[0]["error"]["data"]["source"], "hushpipe", "{answers:?}");
    let entries = entries(&file);
    assert_eq!(entries.len(), 1, "what reached nobody is not there: {entries:?}");
    assert_eq!((&entries[0]["from"], &entries[0]["to"]), (&json!("hushpipe"), &json!("client")));
    assert_eq!(entries[0]["text"], outcome.text().trim_end());
}

#[test]
fn a_file_that_is_there_is_kept_and_nothing_is_started() {
    let context = context();
    fs::write(context.home().join("recording.jsonl"), "mine").unwrap();
    let (outcome, file) =
        record(&context, &[b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n"]);
    assert_eq!(outcome.code, Some(74), "{}", outcome.everything());
    assert!(outcome.stderr.contains("hushpipe: error: cannot record to `"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("hint: name a file that is not there yet"),
        "{}",
        outcome.stderr
    );
    let answers = outcome.messages();
    assert_eq!(answers.len(), 1);
    assert!(answers[0]["error"]["message"].as_str().unwrap().contains("cannot record"));
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn a_recording_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let context = context();
    let (_, file) = record(&context, &[b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n"]);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The disk is full, here by the shell's limit of one block a file: the session goes on, and is told once.
#[cfg(unix)]
#[test]
fn a_recording_that_fails_ends_and_the_session_does_not() {
    let context = context();
    let relayed = context.command(["run", "server", "--record"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"]);
    command.arg(relayed.get_program()).args(relayed.get_args());
    command.arg(context.home().join("recording.jsonl")).env_clear();
    command.envs(relayed.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let long = "x".repeat(2000);
    let call = |id| {
        let params = json!({"name": "echo", "arguments": {"text": long}});
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()
            + "\n"
    };
    let outcome = finish(command, (1..=3).map(call).collect::<String>().as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    assert_eq!(outcome.messages().len(), 3, "{}", outcome.everything());
    assert_eq!(outcome.stderr.matches("recording to `").count(), 1, "{}", outcome.stderr);
}
