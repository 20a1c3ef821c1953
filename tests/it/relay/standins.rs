//! Servers that are hard to live with: the client sees a working session each time, and memory stays bounded.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::context::TestContext;
use crate::process::{below, wait_until_gone};
use crate::session::Session;
use crate::stage::{Stage, opened, request};
use crate::tree;

/// The session ends well and leaves nothing behind; what stderr said.
fn ends_well(client: Session) -> String {
    let tree = tree::of(client.pid());
    let outcome = client.finish();
    assert_eq!((outcome.code, outcome.text()), (Some(0), ""), "{}", outcome.stderr);
    wait_until_gone(&tree);
    outcome.stderr
}

/// The most memory a process has held at once, in bytes.
fn peak(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

#[test]
fn banners_and_escapes_around_the_answers_go_to_the_log() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.start();
    server.send(b"\x1b[2J\x1b[H\x1b[1;32mWelcome\x1b[0m to the server\n\n  * * *  \r\n");
    client.send_json(&request(1, "initialize", &json!({"protocolVersion": "2025-11-25"})));
    server.send(b"loading 10%\rloading 100%\r\n\x1b]0;title\x07\n");
    server.answer("initialize", &opened("2025-11-25"));
    server.send(b"\x1b[33mwarn\x1b[0m: {\"jsonrpc\":\"2.0\"} is what we speak\n");
    assert_eq!(client.receive_json()["result"], opened("2025-11-25"));
    client.send_json(&request(2, "tools/call", &json!({"name": "any"})));
    server.send(b"calling any\n");
    server.answer("tools/call", &json!({"content": []}));
    assert_eq!(client.receive_json()["id"], 2);
    let log = ends_well(client);
    for said in ["Welcome", "* * *", "loading 100%", "is what we speak", "calling any"] {
        let line = log.lines().find(|line| line.contains(said));
        assert!(line.is_some_and(|line| line.starts_with("[server stdout] ")), "{said}: {log}");
    }
    assert!(!log.contains(['\x1b', '\x07']), "{log}");
}

/// 60 MiB in one line: below the default limit, so it arrives as it was written.
#[test]
fn an_image_of_sixty_mebibytes_passes_in_bounded_memory() {
    let secret = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";
    let stage = Stage::new(secret);
    stage.context.set_secret("local://token", "canary-image-5b1d7c20e9");
    let (mut client, mut server) = stage.open("2025-11-25");
    client.send_json(&request(1, "tools/call", &json!({"name": "photograph"})));
    assert_eq!(server.receive_json()["id"], 1);
    let image: Vec<u8> = [b"\x89PNG\r\n\x1a\n", &[7; 1015][..]].concat();
    let image = STANDARD.encode(image.repeat(46 << 10));
    let line = format!(
        r#"{{"result":{{"content":[{{"type":"image","mimeType":"image/png","data":"{image}"}}]}},"jsonrpc":"2.0","id":1}}"#
    ) + "\n";
    assert!(line.len() >= 60 << 20, "{}", line.len());
    let hushpipe = client.pid();
    let sent = line.clone().into_bytes();
    let writer = std::thread::spawn(move || {
        server.send(&sent);
        server
    });
    assert!(client.receive() == line.as_bytes(), "the image was changed");
    let held = peak(hushpipe);
    assert!(held < 4 * line.len(), "{} MiB for a frame of {} MiB", held >> 20, line.len() >> 20);
    let mut server = writer.join().unwrap();
    client.send_json(&request(2, "tools/call", &json!({"name": "any"})));
    server.answer("tools/call", &json!({"content": []}));
    assert_eq!(client.receive_json()["id"], 2);
    ends_well(client);
}

/// Who asks once and closes its end, as a script does, still hears what became of it.
#[test]
fn a_server_that_never_reads_does_not_hold_the_client() {
    let context = TestContext::with_example("misbehave", &["deaf"], "drain = \"500ms\"\n");
    let mut client = context.start();
    for id in 1..=3 {
        client.send_json(&request(id, "tools/call", &json!({"name": "any"})));
    }
    let tree = tree::of(client.pid());
    let outcome = client.finish();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let mut answered = outcome.messages();
    answered.sort_by_key(|answer| answer["id"].as_u64());
    let ids: Vec<_> = answered.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert!(answered.iter().all(|answer| answer["error"]["data"]["source"] == "hushpipe"));
    wait_until_gone(&tree);
}

/// The server has ended and the client has not: everything that it asked for is answered.
#[test]
fn a_server_that_never_read_and_died_leaves_no_request_open() {
    let context = TestContext::with_example("misbehave", &["deaf"], "");
    let mut client = context.start();
    for id in 1..=3 {
        client.send_json(&request(id, "tools/list", &json!({})));
    }
    // One that is answered by us shows that those before it have been read.
    let ambiguous = b"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\",\"method\":\"ping\"}\n";
    client.send(ambiguous);
    assert_eq!(client.receive_json()["id"], 4);
    let tree = tree::of(client.pid());
    let server = below(client.pid(), "misbehave");
    crate::process::signal(server, nix::sys::signal::Signal::SIGKILL);
    let mut answered: Vec<Value> = (1..=3).map(|_| client.receive_json()).collect();
    answered.sort_by_key(|answer| answer["id"].as_u64());
    for (answer, id) in answered.iter().zip(1..) {
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32603)));
    }
    assert_eq!(client.finish().code, Some(128 + 9));
    wait_until_gone(&tree);
}

/// A hundred megabytes, while it answers.
#[test]
fn a_flood_of_the_log_delays_no_answer_and_fills_no_memory() {
    const FLOODS: usize = 5;
    // A line has a thousand bytes.
    let lines = 100_000 / FLOODS;
    let context = TestContext::with_example("misbehave", &["flood-calls", &lines.to_string()], "");
    let mut client = context.start();
    client.initialize();
    for _ in 0..FLOODS {
        let answer = client.call("any", &json!({}));
        assert_eq!(answer["result"]["content"][0]["text"], "well", "{answer}");
    }
    let held = peak(client.pid());
    assert!(held < 60 << 20, "{} MiB", held >> 20);
    let log = ends_well(client);
    assert!(log.contains("line 0 of a very talkative server"));
}
