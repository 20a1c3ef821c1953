//! JSON on stdout that is no message: it goes to stderr and settles nothing.

use serde_json::json;

use crate::stage::{Stage, request};

const BATCHES: &str = "2025-03-26";

/// Lines that loggers print on stdout. Each is about the request under the id `q`.
const LOG_LINES: &[&str] = &[
    r#"{"id":"q","status":"queued"}"#,
    r#"{"jsonrpc":"2.0","id":"q"}"#,
    r#"{"jsonrpc":"2.0","id":"q","error":null}"#,
    r#"{"id":"q","result":"ok","level":"info"}"#,
    r#"{"id":"q","error":{"code":1,"message":"slow"},"level":"warn"}"#,
    r#"{"jsonrpc":"1.0","id":"q","result":{}}"#,
    r#"{"jsonrpc":2.0,"id":"q","result":{}}"#,
    r#"{"method":"GET","path":"/items","id":"q"}"#,
    r#"{"method":"GET","path":"/items"}"#,
    r#"{"level":30,"msg":"started"}"#,
    r#"[{"id":"q","status":"queued"}]"#,
    r#"[{"level":30},{"level":40}]"#,
];

#[test]
fn a_log_line_on_stdout_goes_to_stderr_and_its_id_settles_no_request() {
    for revision in [BATCHES, "2025-11-25"] {
        let stage = Stage::new("");
        let (mut client, mut server) = stage.open(revision);
        for line in LOG_LINES {
            client.send_json(&request("q", "tools/call", &json!({"name": "x"})));
            assert_eq!(server.receive_json()["id"], "q");
            server.send(format!("{line}\n").as_bytes());
            let answer = json!({"jsonrpc": "2.0", "id": "q", "result": {"content": []}});
            server.send_json(&answer);
            assert_eq!(client.receive_json(), answer, "{line}");
        }
        let stderr = client.finish().stderr;
        for line in LOG_LINES {
            assert!(stderr.contains(line), "{line} in {stderr}");
        }
    }
}

#[test]
fn an_answer_over_the_limit_is_given_to_who_asked_and_to_nobody_else() {
    let stage = Stage::new("frame_limit = \"64KiB\"\n");
    let (mut client, mut server) = stage.open(BATCHES);
    client.send_json(&request(1, "tools/call", &json!({"name": "x"})));
    server.receive_json();
    let long = |id: serde_json::Value| json!({"jsonrpc": "2.0", "id": id, "result": {"text": "a".repeat(70_000)}});
    server.send_json(&long(json!(77)));
    let mut log = long(json!(1));
    log.as_object_mut().unwrap().remove("jsonrpc");
    server.send_json(&log);
    server.send_json(&long(json!("1")));
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["data"]["kind"]), (&json!(1), &json!("too_long")));
    let start = std::time::Instant::now();
    let outcome = client.finish();
    assert!(outcome.stdout.is_empty(), "{outcome:?}");
    assert!(start.elapsed().as_secs() < 20, "the request was still open at the end");
}

#[test]
fn a_batch_longer_than_any_real_one_is_refused_message_by_message() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(BATCHES);
    let pings = |n: u32| (0..n).map(|id| request(id, "ping", &json!({}))).collect::<Vec<_>>();
    client.send_json(&json!(pings(1001)));
    for id in 0..1001 {
        let answer = client.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32600)));
    }
    server.send_json(&json!(pings(1001)));
    for id in 0..1001 {
        let answer = server.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32600)));
    }
    client.send_json(&json!(pings(1000)));
    assert_eq!(server.receive_json().as_array().map(Vec::len), Some(1000));
}

/// A client that answers nothing is not asked without end.
#[test]
fn requests_of_a_server_that_nobody_answers_are_refused_beyond_a_bound() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open("2025-11-25");
    for id in 0..4100 {
        server.send_json(&request(id, "ping", &json!({})));
    }
    for id in 0..4096 {
        assert_eq!(client.receive_json()["id"], id);
    }
    for id in 4096..4100 {
        let answer = server.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32600)));
    }
    client.send_json(&json!({"jsonrpc": "2.0", "id": 0, "result": {}}));
    assert_eq!(server.receive_json()["id"], 0);
    server.send_json(&request("again", "ping", &json!({})));
    assert_eq!(client.receive_json()["id"], "again");
}
