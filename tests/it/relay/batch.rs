//! A batch passes the same checks as its messages do. One refusal stops the whole batch, and every open request in it is
//! answered. Batches are legal in revision 2025-03-26 only, and while the revision is not known yet.

use serde_json::{Value, json};

use super::envelope::{assert_nothing_came, assert_nothing_went, stateless_request};
use crate::session::Session;
use crate::stage::{Puppet, Stage, opened, request, text};

const BATCHES: &str = "2025-03-26";

/// A session whose revision has batches, and one whose revision is not known yet.
const REVISIONS: [Option<&str>; 2] = [Some(BATCHES), None];

fn start(stage: &Stage, revision: Option<&str>) -> (Session, Puppet) {
    revision.map_or_else(|| stage.start(), |revision| stage.open(revision))
}

fn result(id: impl Into<Value>) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "result": {}})
}

/// The client calls a tool under each of these ids, and the server has the calls.
fn call(client: &mut Session, server: &mut Puppet, ids: &[u64]) {
    for id in ids {
        client.send_json(&request(*id, "tools/call", &json!({"name": "t"})));
        assert_eq!(server.receive_json()["id"], *id);
    }
}

/// The server asks under this id, and the client has the request.
fn ask(client: &mut Session, server: &mut Puppet, id: u64) {
    server.send_json(&request(id, "roots/list", &json!({})));
    assert_eq!(client.receive_json()["id"], id);
}

/// A message is an error of hushpipe's of this kind, under this id.
fn assert_refused(answer: &Value, id: &Value, kind: &str) {
    let data = &answer["error"]["data"];
    assert_eq!((&answer["id"], &data["source"]), (id, &json!("hushpipe")), "{answer}");
    assert_eq!(data["kind"], kind, "{answer}");
}

#[test]
fn a_batch_of_the_server_with_an_ambiguous_message_is_refused_whole() {
    let stage = Stage::new("");
    for revision in REVISIONS {
        let (mut client, mut server) = start(&stage, revision);
        call(&mut client, &mut server, &[1, 2]);
        server.send(
            b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},\
              {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{},\"Method\":\"x\"},\
              {\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}]\n",
        );
        assert_refused(&client.receive_json(), &json!(1), "refused");
        assert_refused(&client.receive_json(), &json!(2), "ambiguous");
        assert_refused(&server.receive_json(), &json!(9), "refused");
        call(&mut client, &mut server, &[3]);
        server.send(
            b"[{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}},\
              {\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"a\",\"params\":{\"name\":1,\"Name\":2}}]\n",
        );
        assert_refused(&client.receive_json(), &json!(3), "refused");
        assert_refused(&server.receive_json(), &json!(9), "ambiguous");
        assert_nothing_came(&mut client, &mut server);
        let stderr = client.finish().stderr;
        assert!(stderr.contains("2 times: a message of the server with a name twice"), "{stderr}");
    }
}

#[test]
fn a_batch_of_the_server_with_an_unsolicited_answer_is_refused_whole() {
    let stage = Stage::new("");
    for revision in REVISIONS {
        let (mut client, mut server) = start(&stage, revision);
        for unasked in [json!(77), json!(1), json!("1"), json!({})] {
            call(&mut client, &mut server, &[1]);
            server.send_json(&json!([result(1), result(unasked.clone())]));
            assert_refused(&client.receive_json(), &json!(1), "refused");
            // The request is closed: a second answer to it is unsolicited as well.
            server.send_json(&json!([result(1)]));
            server.send_json(&json!([result(unasked)]));
            assert_nothing_came(&mut client, &mut server);
        }
        let stderr = client.finish().stderr;
        let said = "dropped 12 times: an answer of the server that nobody asked for";
        assert!(stderr.contains(said), "{stderr}");
    }
}

#[test]
fn a_batch_of_the_client_with_an_unsolicited_answer_is_refused_whole() {
    let stage = Stage::new("");
    for revision in REVISIONS {
        let (mut client, mut server) = start(&stage, revision);
        for unasked in [json!(77), json!(9), json!("9")] {
            ask(&mut client, &mut server, 9);
            client.send_json(&json!([
                result(9),
                result(unasked),
                request(5, "tools/list", &json!({})),
            ]));
            assert_refused(&server.receive_json(), &json!(9), "refused");
            assert_refused(&client.receive_json(), &json!(5), "refused");
            client.send_json(&json!([result(9)]));
            assert_nothing_went(&mut client, &mut server);
        }
        let stderr = client.finish().stderr;
        let said = "dropped 6 times: an answer of the client that nobody asked for";
        assert!(stderr.contains(said), "{stderr}");
    }
}

#[test]
fn a_request_with_an_unusable_id_in_a_batch_of_the_client_may_be_answered_once() {
    let stage = Stage::new("");
    for revision in REVISIONS {
        let (mut client, mut server) = start(&stage, revision);
        client.send_json(&json!([request(json!({}), "tools/list", &json!({}))]));
        server.receive();
        server.send_json(&result(json!({})));
        assert_eq!(client.receive_json(), result(json!({})));
        server.send_json(&result(json!({})));
        assert_nothing_came(&mut client, &mut server);
    }
}

#[test]
fn a_probe_in_a_batch_is_handled_as_a_probe_of_its_own() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.start();
    client.send_json(&json!([request(1, "server/discover", &json!({}))]));
    server.receive();
    drop(server);
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32601)), "{answer}");
    client.send_json(&json!([request(2, "server/discover", &json!({}))]));
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(2), &json!(-32601)), "{answer}");
    client.send_json(&json!([request(3, "tools/list", &json!({}))]));
    let mut fresh = stage.next();
    assert_eq!(fresh.receive_json()[0]["id"], 3);
    fresh.send_json(&json!([result(3)]));
    assert_eq!(client.receive_json(), json!([result(3)]));
}

#[test]
fn a_probe_that_the_server_answers_with_its_own_error_in_a_batch_is_answered_as_unknown() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.start();
    client.send_json(&request(1, "server/discover", &json!({})));
    server.receive();
    server.send_json(
        &json!([{"jsonrpc": "2.0", "id": 1, "error": {"code": -32600, "message": "what?"}}]),
    );
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32601)), "{answer}");
    client.send_json(&request(2, "initialize", &json!({"protocolVersion": BATCHES})));
    let mut fresh = stage.next();
    fresh.answer("initialize", &opened(BATCHES));
    assert_eq!(client.receive_json()["result"], opened(BATCHES));
}

#[test]
fn a_stateless_request_in_a_batch_settles_the_era() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.start();
    client.send_json(&json!([stateless_request("a", "tools/list", json!({}))]));
    server.receive();
    server.send_json(&request(9, "roots/list", &json!({})));
    let answer = server.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(9), &json!(-32601)), "{answer}");
    server.send_json(&result("a"));
    assert_eq!(client.receive_json(), result("a"));
}

#[test]
fn a_revision_negotiated_in_a_batch_is_the_revision_of_the_session() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.start();
    client.send_json(&json!([request(1, "initialize", &json!({"protocolVersion": BATCHES}))]));
    server.receive();
    let answer = json!([{"jsonrpc": "2.0", "id": 1, "result": opened("2025-11-25")}]);
    server.send_json(&answer);
    assert_eq!(client.receive_json(), answer);
    call(&mut client, &mut server, &[2]);
    server.send_json(&json!([result(2)]));
    assert_refused(&client.receive_json(), &json!(2), "illegal_batch");
}

#[test]
fn an_array_of_which_only_a_part_are_messages_goes_to_stderr_and_answers_nothing() {
    let stage = Stage::new("");
    for revision in REVISIONS {
        let (mut client, mut server) = start(&stage, revision);
        let array = r#"[{"jsonrpc":"2.0","id":1,"result":{"part":1}},{"level":30,"msg":"x"}]"#;
        call(&mut client, &mut server, &[1]);
        server.send(format!("{array}\n").as_bytes());
        server.send_json(&result(1));
        assert_eq!(client.receive_json(), result(1));
        let stderr = client.finish().stderr;
        assert!(stderr.contains(&format!("[server stdout] {array}")), "{stderr}");
    }
}

#[test]
fn a_line_of_the_client_that_is_no_answer_leaves_the_request_of_the_server_open() {
    let stage = Stage::new("");
    for revision in REVISIONS {
        let (mut client, mut server) = start(&stage, revision);
        ask(&mut client, &mut server, 9);
        for line in [
            r#"{"jsonrpc":"2.0","id":9,"status":"queued"}"#,
            r#"{"jsonrpc":"2.0","id":9,"error":null}"#,
            r#"{"jsonrpc":"2.0","id":9}"#,
            r#"{"id":9,"result":"ok","level":"info"}"#,
            r#"[{"jsonrpc":"2.0","id":9,"status":"queued"}]"#,
        ] {
            client.send(format!("{line}\n").as_bytes());
            assert_eq!(text(&server.receive()), format!("{line}\n"));
        }
        client.send_json(&result(9));
        assert_eq!(server.receive_json(), result(9));
    }
}

#[test]
fn open_requests_of_the_client_are_refused_beyond_a_bound() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(BATCHES);
    let ping = |id: u64| request(id, "ping", &json!({}));
    for id in 0..4095 {
        client.send_json(&ping(id));
        assert_eq!(server.receive_json()["id"], id);
    }
    client.send_json(&json!([ping(5000), ping(5001)]));
    assert_refused(&client.receive_json(), &json!(5000), "refused");
    assert_refused(&client.receive_json(), &json!(5001), "refused");
    client.send_json(&ping(4095));
    server.receive();
    // An id that is open already takes a place as well.
    client.send_json(&ping(0));
    assert_refused(&client.receive_json(), &json!(0), "refused");
    server.send_json(&result(0));
    assert_eq!(client.receive_json(), result(0));
    let cancelled =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    client.send_json(&json!([cancelled]));
    server.receive();
    client.send_json(&json!([ping(5000), ping(5001)]));
    assert_eq!(server.receive_json()[1]["id"], 5001);
    assert_nothing_came(&mut client, &mut server);
}

#[test]
fn a_request_that_the_server_cancels_takes_no_place_any_more() {
    let stage = Stage::new("");
    for in_batch in [false, true] {
        let (mut client, mut server) = stage.open(BATCHES);
        for id in 0..4096 {
            ask(&mut client, &mut server, id);
        }
        server.send_json(&request(5000, "roots/list", &json!({})));
        assert_refused(&server.receive_json(), &json!(5000), "refused");
        let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "7"}});
        let cancelled = if in_batch { json!([cancelled]) } else { cancelled };
        server.send_json(&cancelled);
        assert_eq!(client.receive_json(), cancelled);
        ask(&mut client, &mut server, 5000);
        // The answer of a client that had not read the cancellation yet is no violation.
        client.send_json(&result(7));
        assert_eq!(server.receive_json(), result(7));
        client.send_json(&result(7));
        assert_nothing_went(&mut client, &mut server);
    }
}

#[test]
fn a_call_in_a_batch_whose_answer_is_withheld_fails_as_a_tool_does() {
    let stage = Stage::new(super::envelope::SECRET);
    let value = "canary-batch-2f7710c4d9";
    stage.context.set_secret("local://token", value);
    let (mut client, mut server) = stage.open(BATCHES);
    call(&mut client, &mut server, &[1]);
    client.send_json(&request(2, "ping", &json!({})));
    server.receive();
    let link = json!({"type": "resource_link", "name": "x", "uri": format!("x://{value}")});
    let call = json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [link]}});
    server.send_json(&json!([call, result(2)]));
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(1), &json!(true)));
    assert_refused(&client.receive_json(), &json!(2), "withheld");
    assert_nothing_came(&mut client, &mut server);
}
