//! A server that dies before, during and after `initialize`: every request is answered, the exit code is the server's.

use serde_json::{Value, json};

use crate::context::TestContext;

fn context(manner: &str, value: &str) -> TestContext {
    TestContext::with_example("misbehave", &[manner, value], "")
}

/// The answer says that it is hushpipe's and is valid in both eras: no code from the range the protocol reserves.
fn assert_ours(answer: &Value) {
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    assert_eq!(answer["error"]["data"]["source"], "hushpipe", "{answer}");
}

#[test]
fn a_server_that_ends_at_once_leaves_an_answer_and_its_code() {
    let mut session = context("exit-first", "3").start();
    // Long after its end: a client may take its time to start writing.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_ours(&session.request("initialize", &json!({})));
    assert_eq!(session.finish().code, Some(3));
}

#[test]
fn a_server_that_ends_at_initialize_leaves_an_answer_and_its_code() {
    let mut session = context("exit-at-initialize", "4").start();
    assert_ours(&session.request("initialize", &json!({})));
    assert_eq!(session.finish().code, Some(4));
}

#[test]
fn a_server_that_ends_during_a_call_leaves_an_answer_for_it_and_its_code() {
    for manner in ["exit-at-call", "half-answer"] {
        let mut session = context(manner, "5").start();
        session.initialize();
        assert_ours(&session.call("any", &json!({})));
        assert_eq!(session.finish().code, Some(5), "{manner}");
    }
}

#[cfg(unix)]
#[test]
fn a_server_killed_by_a_signal_gives_128_and_the_signal() {
    let mut session = context("die-at-call", "").start();
    session.initialize();
    assert_ours(&session.call("any", &json!({})));
    assert_eq!(session.finish().code, Some(128 + 9));
}

#[test]
fn all_requests_in_flight_are_answered_when_the_server_dies() {
    let mut session = context("exit-at-call", "6").start();
    session.initialize();
    let ids = [json!(10), json!("ten"), json!(123_456_789_012_345_678_u64)];
    let requests: String = ids
        .iter()
        .map(|id| format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "method": "tools/call"})))
        .collect();
    session.send(requests.as_bytes());
    let mut answered: Vec<Value> = (0..3).map(|_| session.receive_json()["id"].clone()).collect();
    answered.sort_by_key(Value::to_string);
    let mut expected = ids.to_vec();
    expected.sort_by_key(Value::to_string);
    assert_eq!(answered, expected);
}
