//! A server that cannot bear to be asked for its era does not end the session: the probe gets the answer that every client
//! understands, and the `initialize` behind it a server that has seen nothing.

use serde_json::{Value, json};

use crate::process::{below, runs, wait_until_gone};
use crate::session::Session;
use crate::stage::{Puppet, Stage, opened, request};
use crate::tree;

const REVISION: &str = "2025-11-25";

/// The request by which a client asks for a server's era.
pub(super) fn probe(id: impl Into<Value>) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "hushpipe-tests", "version": "1.0.0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    request(id, "server/discover", &json!({"_meta": meta}))
}

/// A client whose probe has reached a server.
fn probing(stage: &Stage) -> (Session, Puppet) {
    let (mut client, mut server) = stage.start();
    client.send_json(&probe("probe"));
    assert_eq!(server.receive_json()["method"], "server/discover");
    (client, server)
}

/// The probe was answered as one to a method that is not there.
pub(super) fn assert_refused(client: &mut Session) {
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("probe"), &json!(-32601)));
}

/// The client opens a stateful session and works; the server behind it is a fresh one and the only one.
fn assert_works(stage: &Stage, mut client: Session, before: u32) {
    let params = json!({"protocolVersion": REVISION, "capabilities": {}});
    client.send_json(&request(1, "initialize", &params));
    let mut server = stage.next();
    assert_ne!(server.pid, before);
    server.answer("initialize", &opened(REVISION));
    let answer = client.receive_json();
    assert_eq!(
        (&answer["id"], &answer["result"]["serverInfo"]["name"]),
        (&json!(1), &json!("puppet"))
    );
    client.send_json(&request(2, "tools/call", &json!({"name": "any"})));
    server.answer("tools/call", &json!({"content": []}));
    assert_eq!(
        client.receive_json(),
        json!({"jsonrpc": "2.0", "id": 2, "result": {"content": []}})
    );
    assert!(!runs(before), "the first server is still there");
    assert_eq!(below(client.pid(), "puppet"), server.pid);
    assert_ends(client, stage);
}

/// The session ends well and leaves nothing behind.
fn assert_ends(client: Session, stage: &Stage) {
    let tree = tree::of(client.pid());
    let outcome = client.finish();
    assert_eq!((outcome.code, outcome.text()), (Some(0), ""), "{}", outcome.stderr);
    wait_until_gone(&tree);
    stage.no_more();
}

/// As every server does that was made with the Rust SDK before 3.0.
#[test]
fn a_server_that_ends_on_the_probe_is_replaced() {
    let stage = Stage::new("");
    let (mut client, server) = probing(&stage);
    let before = server.pid;
    drop(server);
    assert_refused(&mut client);
    assert_works(&stage, client, before);
}

/// The end of the process may be noticed before its last words or after them.
#[test]
fn a_server_that_errs_on_the_probe_and_ends_is_replaced() {
    for _ in 0..5 {
        let stage = Stage::new("");
        let (mut client, mut server) = probing(&stage);
        let before = server.pid;
        let error = json!({"code": -32600, "message": "expected initialize"});
        server.send_json(&json!({"jsonrpc": "2.0", "id": "probe", "error": error}));
        drop(server);
        assert_refused(&mut client);
        assert_works(&stage, client, before);
    }
}

/// And hangs on to what it half understood.
#[test]
fn a_server_that_answers_the_probe_with_an_error_of_its_own_is_replaced() {
    for code in [-32600, -32000, -32602, 0] {
        let stage = Stage::new("");
        let (mut client, mut server) = probing(&stage);
        let error = json!({"code": code, "message": "Server not initialized"});
        server.send_json(&json!({"jsonrpc": "2.0", "id": "probe", "error": error}));
        assert_refused(&mut client);
        assert_works(&stage, client, server.pid);
    }
}

#[test]
fn a_server_that_refuses_the_probe_as_it_should_stays() {
    let stage = Stage::new("");
    let (mut client, mut server) = probing(&stage);
    let error = json!({"code": -32601, "message": "Method not found"});
    server.send_json(&json!({"jsonrpc": "2.0", "id": "probe", "error": error}));
    assert_eq!(client.receive_json()["error"], error, "its own words");
    client.send_json(&request(1, "initialize", &json!({"protocolVersion": REVISION})));
    server.answer("initialize", &opened(REVISION));
    assert_eq!(client.receive_json()["id"], 1);
    assert_eq!(below(client.pid(), "puppet"), server.pid);
    assert_ends(client, &stage);
}

/// A client that has waited long enough falls back; the answer to the probe it gave up must never reach it.
#[test]
fn a_late_answer_to_the_probe_never_reaches_the_client() {
    let stage = Stage::new("");
    let (mut client, mut server) = probing(&stage);
    client.send_json(&request(1, "initialize", &json!({"protocolVersion": REVISION})));
    let late = json!({"jsonrpc": "2.0", "id": "probe", "result": {"supportedVersions": []}});
    // Not sooner: an answer that hushpipe reads before the fallback is in time.
    wait_until_gone(&[server.pid]);
    server.try_send_json(&late);
    let mut fresh = stage.next();
    fresh.send_json(&late);
    fresh.answer("initialize", &opened(REVISION));
    assert_eq!(client.receive_json()["id"], 1);
    fresh.send_json(&late);
    client.send_json(&request(2, "tools/call", &json!({"name": "any"})));
    fresh.answer("tools/call", &json!({"content": []}));
    assert_eq!(client.receive_json()["id"], 2);
    assert_eq!(below(client.pid(), "puppet"), fresh.pid);
    assert_ends(client, &stage);
}

#[test]
fn a_server_that_says_nothing_to_the_probe_is_replaced() {
    let stage = Stage::new("");
    let (client, server) = probing(&stage);
    assert_works(&stage, client, server.pid);
}

/// The moments before the server is known to be gone: whatever comes first, the session goes on.
#[test]
fn an_end_that_races_with_the_fallback_is_not_the_end_of_the_session() {
    for delay in 0..30 {
        let stage = Stage::new("");
        let (mut client, server) = probing(&stage);
        let before = server.pid;
        client.send_json(&request(1, "initialize", &json!({"protocolVersion": REVISION})));
        std::thread::sleep(std::time::Duration::from_micros(delay * 100));
        drop(server);
        let mut fresh = stage.next();
        assert_ne!(fresh.pid, before);
        fresh.answer("initialize", &opened(REVISION));
        let mut answers = vec![client.receive_json()];
        if answers[0]["id"] == "probe" {
            answers.push(client.receive_json());
        }
        assert_eq!(answers.last().unwrap()["result"], opened(REVISION), "{answers:?}");
        assert_ends(client, &stage);
    }
}

/// As the TypeScript SDK does with the process that only probes.
#[test]
fn a_client_that_only_probes_is_answered_and_let_go() {
    let stage = Stage::new("");
    let (mut client, server) = probing(&stage);
    drop(server);
    assert_refused(&mut client);
    client.send_json(&probe("probe"));
    assert_refused(&mut client);
    assert_ends(client, &stage);
}
