use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::context::TestContext;
use crate::process::{signal, wait_until_gone};

fn line(message: serde_json::Value) -> Vec<u8> {
    format!("{message}\n").into_bytes()
}

/// The answer is larger than any pipe, so once its first byte is there the rest waits for a reader who never comes.
#[test]
fn a_signal_ends_us_although_nobody_reads() {
    let size = (8 << 20).to_string();
    let context = TestContext::with_example("misbehave", &["huge", &size], "");
    let mut command = context.command(["run", "server"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut hushpipe = command.spawn().unwrap();
    let mut stdin = hushpipe.stdin.take().unwrap();
    let mut stdout = hushpipe.stdout.take().unwrap();
    stdin.write_all(&line(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"}))).unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    signal(hushpipe.id(), Signal::SIGTERM);
    let limit = Instant::now() + Duration::from_secs(60);
    let status = loop {
        match hushpipe.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > limit => panic!("it still waits for a reader"),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    assert_eq!(status.code(), Some(0));
    wait_until_gone(&[hushpipe.id()]);
}

#[test]
fn a_cancelled_request_is_not_waited_for() {
    let context = TestContext::with_example("misbehave", &["deaf"], "drain = \"1h\"\n");
    let mut session = context.start();
    session.send(&line(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"})));
    let cancelled = json!({"requestId": 1});
    let method = "notifications/cancelled";
    session.send(&line(json!({"jsonrpc": "2.0", "method": method, "params": cancelled})));
    assert_eq!(session.finish().code, Some(0));
}

#[test]
fn a_batch_of_notifications_is_not_waited_for() {
    let context = TestContext::with_example("misbehave", &["deaf"], "drain = \"1h\"\n");
    let mut session = context.start();
    session.send(&line(json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}])));
    assert_eq!(session.finish().code, Some(0));
}
