//! A frame over the limit, in both directions; back-pressure; floods.

use serde_json::json;

use crate::context::TestContext;

const LIMIT: &str = "frame_limit = \"64KiB\"\n";

#[test]
fn an_answer_over_the_limit_becomes_an_error_for_its_id_and_the_session_goes_on() {
    let context = TestContext::with_example("misbehave", &["huge", "1000000"], LIMIT);
    let mut session = context.start();
    session.initialize();
    for _ in 0..2 {
        let answer = session.request("tools/call", &json!({"name": "big"}));
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        assert_eq!(answer["error"]["data"]["source"], "hushpipe", "{answer}");
    }
    assert_eq!(session.finish().code, Some(0));
}

#[test]
fn an_answer_below_the_limit_passes_whole() {
    let context = TestContext::with_example("misbehave", &["huge", "60000"], LIMIT);
    let mut session = context.start();
    session.initialize();
    let answer = session.request("tools/call", &json!({"name": "big"}));
    assert_eq!(answer["result"]["content"][0]["text"].as_str().map(str::len), Some(60_000));
}

#[test]
fn a_request_over_the_limit_is_refused_and_the_session_goes_on() {
    let context = TestContext::with_example("echo_server", &[], LIMIT);
    let mut session = context.start();
    session.initialize();
    let answer = session.call("echo", &json!({"text": "a".repeat(100_000)}));
    assert_eq!(answer["error"]["data"]["source"], "hushpipe", "{answer}");
    let answer = session.call("echo", &json!({"text": "a".repeat(1_000)}));
    assert_eq!(answer["result"]["content"][0]["text"].as_str().map(str::len), Some(1_000));
}

#[test]
fn a_notification_over_the_limit_is_dropped_and_the_session_goes_on() {
    let context = TestContext::with_example("echo_server", &[], LIMIT);
    let mut session = context.start();
    session.initialize();
    let note =
        json!({"jsonrpc": "2.0", "method": "notifications/x", "params": "a".repeat(100_000)});
    session.send(format!("{note}\n").as_bytes());
    let answer = session.call("echo", &json!({"text": "still here"}));
    assert_eq!(answer["result"]["content"][0]["text"], "still here");
}

/// 10 MiB in one answer with the default limit: far over any pipe's and any first buffer's size.
#[test]
fn a_large_answer_passes_whole() {
    let bytes = 10 << 20;
    let context = TestContext::with_example("misbehave", &["huge", &bytes.to_string()], "");
    let mut session = context.start();
    session.initialize();
    let answer = session.request("tools/call", &json!({"name": "big"}));
    assert_eq!(answer["result"]["content"][0]["text"].as_str().map(str::len), Some(bytes));
}

#[test]
fn a_server_that_floods_stderr_before_it_reads_is_not_stuck() {
    let context = TestContext::with_example("misbehave", &["flood-stderr", "50000"], "");
    let mut session = context.start();
    assert_eq!(session.initialize()["result"]["serverInfo"]["name"], "misbehave");
    let outcome = session.finish();
    assert!(outcome.stderr.contains("line 49999 of a very talkative server"));
}

/// Nothing that we have to tell a server piles up while it does not read.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_asks_and_never_reads_takes_no_memory() {
    let context = TestContext::with_example("misbehave", &["ask-much", "300000"], "");
    let mut session = context.start();
    session.initialize();
    let peak = |session: &crate::session::Session| -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let before = peak(&session);
    session.request("tools/call", &json!({"name": "x"}));
    let more = peak(&session) - before;
    assert!(more < 16 << 10, "{more} KiB more");
}

/// The client writes requests without reading answers until far more than all pipes hold has piled up, then reads.
#[test]
fn a_client_that_reads_late_gets_every_answer_in_order() {
    let context = TestContext::with_example("echo_server", &[], "");
    let text = "x".repeat(2_000);
    let requests: String = (0..2_000)
        .map(|id| {
            let params = json!({"name": "echo", "arguments": {"text": text}});
            format!(
                "{}\n",
                json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
            )
        })
        .collect();
    let outcome = context.relay(requests.as_bytes());
    let ids: Vec<_> = outcome.messages().iter().map(|answer| answer["id"].as_i64()).collect();
    assert_eq!(ids, (0..2_000).map(Some).collect::<Vec<_>>());
}
