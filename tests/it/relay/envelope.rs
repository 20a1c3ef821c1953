//! What a message says of itself is kept as it was spelled; what readers could take for different messages, or what nobody
//! asked for, goes no further, and whoever waits is told.

use serde_json::{Value, json};

use crate::session::Session;
use crate::stage::{Puppet, Stage, request, text};

pub(super) const STATEFUL: &str = "2025-11-25";
pub(super) const SECRET: &str = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";
const VALUE: &str = "canary-envelope-7e02c9d4b1";

/// A client and a server in a session of the stateless era.
pub(super) fn stateless(stage: &Stage) -> (Session, Puppet) {
    let (mut client, mut server) = stage.start();
    client.send_json(&stateless_request("open", "tools/list", json!({})));
    server.answer("tools/list", &json!({"resultType": "complete", "tools": []}));
    assert_eq!(client.receive_json()["id"], "open");
    (client, server)
}

pub(super) fn stateless_request(id: &str, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    request(id, method, &params)
}

/// Nothing has reached the client since: the next it reads is what the server says now.
pub(super) fn assert_nothing_came(client: &mut Session, server: &mut Puppet) {
    let mark = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": 1}});
    server.send_json(&mark);
    assert_eq!(client.receive_json(), mark);
}

/// Nothing has reached the server since: the next it reads is what the client says now.
pub(super) fn assert_nothing_went(client: &mut Session, server: &mut Puppet) {
    let mark = json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"});
    client.send_json(&mark);
    assert_eq!(server.receive_json(), mark);
}

/// The session ends well, and stderr says this so often.
fn assert_said(client: Session, words: &str, times: usize) {
    let outcome = client.finish();
    assert_eq!((outcome.code, outcome.text()), (Some(0), ""), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches(words).count(), times, "{}", outcome.stderr);
}

#[test]
fn an_id_comes_back_as_it_was_spelled() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for id in
        ["1.0", "1e2", "-0", "123456789012345678901234567890", r#""a\/b\u00e9\ud800""#, r#""""#]
    {
        let line = format!("{{\"id\":{id},\"jsonrpc\":\"2.0\",\"method\":\"tools/list\"}}\n");
        client.send(line.as_bytes());
        assert_eq!(text(&server.receive()), line);
        let line = format!("{{\"result\":{{}},\"jsonrpc\":\"2.0\",\"id\":{id}}}\n");
        server.send(line.as_bytes());
        assert_eq!(text(&client.receive()), line);
        // An answer of ours too.
        let twice = format!("{{\"id\":{id},\"method\":\"a\",\"method\":\"b\"}}\n");
        client.send(twice.as_bytes());
        let answer = text(&client.receive());
        assert!(
            answer.starts_with(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":")),
            "{answer}"
        );
        // And in the other direction, where this id is the server's own.
        let line = format!("{{\"id\":{id},\"jsonrpc\":\"2.0\",\"method\":\"roots/list\"}}\n");
        server.send(line.as_bytes());
        assert_eq!(text(&client.receive()), line);
        let line = format!("{{\"id\":{id},\"jsonrpc\":\"2.0\",\"result\":{{\"roots\":[]}}}}\n");
        client.send(line.as_bytes());
        assert_eq!(text(&server.receive()), line);
    }
}

/// A server that keeps all numbers as doubles, and one that keeps all ids as text.
#[test]
fn an_answer_is_known_by_what_its_id_means() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for (asked, answered) in [("7", "7.0"), ("8", "\"8\""), (r#""a/b""#, r#""a\/b""#)] {
        client.send(format!("{{\"id\":{asked},\"method\":\"tools/list\"}}\n").as_bytes());
        server.receive();
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{answered},\"result\":{{}}}}\n");
        server.send(line.as_bytes());
        assert_eq!(text(&client.receive()), line);
    }
}

#[test]
fn a_message_of_the_client_with_two_meanings_is_refused() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for odd in [
        r#""id":1,"method":"ping","method":"tools/call""#,
        r#""id":1,"method":"ping","METHOD":"tools/call""#,
        r#""id":1,"id":1,"method":"ping""#,
        r#""id":1,"method":"ping","Params":{}"#,
        r#""id":1,"method":"ping","jsonrpc":"2.0""#,
        r#""id":1,"method":"tools/call","params":{"name":"a","name":"b"}"#,
        r#""id":1,"method":"tools/call","params":{"name":"a","Name":"b"}"#,
        r#""id":1,"method":"tools/call","params":{"name":"a","n\u0061me":"b"}"#,
    ] {
        client.send(format!("{{\"jsonrpc\":\"2.0\",{odd}}}\n").as_bytes());
        let answer = client.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32600)), "{odd}");
    }
    client.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"method\":\"y\"}\n");
    assert_nothing_went(&mut client, &mut server);
    // What stands in the arguments is the tool's own.
    let arguments = r#"{"name":"a","name":"b","Method":1,"id":2,"id":3}"#;
    let line = format!(
        "{{\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"t\",\"arguments\":{arguments}}}}}\n"
    );
    client.send(line.as_bytes());
    assert_eq!(text(&server.receive()), line);
}

#[test]
fn a_message_of_the_server_with_two_meanings_is_stopped_and_answered() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for odd in
        [r#""id":5,"id":5,"result":{}"#, r#""id":5,"result":{},"Method":"x","jsonRPC":"2.0""#]
    {
        client.send_json(&request(5, "tools/call", &json!({"name": "t"})));
        server.receive();
        server.send(format!("{{\"jsonrpc\":\"2.0\",{odd}}}\n").as_bytes());
        let answer = client.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(5), &json!(-32600)), "{odd}");
    }
    for odd in [
        r#""id":5,"method":"roots/list","method":"sampling/createMessage""#,
        r#""id":5,"method":"roots/list","params":{"Name":1}"#,
    ] {
        server.send(format!("{{\"jsonrpc\":\"2.0\",{odd}}}\n").as_bytes());
        let answer = server.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(5), &json!(-32600)), "{odd}");
    }
    server.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"method\":\"y\"}\n");
    assert_nothing_came(&mut client, &mut server);
    // A result is data: only its envelope is watched.
    client.send_json(&request(6, "tools/call", &json!({"name": "t"})));
    server.receive();
    let line =
        "{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":{\"name\":1,\"name\":2,\"Params\":3,\"id\":4}}\n";
    server.send(line.as_bytes());
    assert_eq!(text(&client.receive()), line);
}

#[test]
fn answers_that_nobody_asked_for_are_dropped_and_counted() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(STATEFUL);
    client.send_json(&request(1, "tools/list", &json!({})));
    server.answer("tools/list", &json!({"tools": []}));
    assert_eq!(client.receive_json()["id"], 1);
    for id in [json!(1), json!(2), json!("open"), json!({})] {
        server.send_json(&json!({"jsonrpc": "2.0", "id": id, "result": {}}));
        client.send_json(&json!({"jsonrpc": "2.0", "id": id, "result": {}}));
    }
    assert_nothing_came(&mut client, &mut server);
    // An id that nobody can have given cannot be mistaken for one, and the server may judge it.
    assert_eq!(server.receive_json()["id"], json!({}));
    assert_nothing_went(&mut client, &mut server);
    let outcome = client.finish();
    for (whose, times) in [("server", 4), ("client", 3)] {
        let what = format!("an answer of the {whose} that nobody asked for");
        for words in [format!("dropped {what}\n"), format!("dropped {times} times: {what}\n")] {
            assert_eq!(outcome.stderr.matches(&words).count(), 1, "{words}: {}", outcome.stderr);
        }
    }
}

#[test]
fn the_answer_to_a_cancelled_request_may_still_come() {
    let stage = Stage::new("");
    let (mut client, mut server) = stage.open(STATEFUL);
    client.send_json(&request("gone", "tools/call", &json!({"name": "t"})));
    let cancelled = json!({"requestId": "gone"});
    let method = "notifications/cancelled";
    client.send_json(&json!({"jsonrpc": "2.0", "method": method, "params": cancelled}));
    assert_eq!(server.receive_json()["id"], "gone");
    assert_eq!(server.receive_json()["params"], cancelled);
    let late = json!({"jsonrpc": "2.0", "id": "gone", "result": {"content": []}});
    server.send_json(&late);
    assert_eq!(client.receive_json(), late);
    // Once.
    server.send_json(&late);
    assert_nothing_came(&mut client, &mut server);
    assert_said(client, "dropped an answer of the server that nobody asked for", 1);
}

#[test]
fn a_server_of_the_stateless_era_asks_in_vain() {
    let stage = Stage::new("");
    let (mut client, mut server) = stateless(&stage);
    server.send_json(&request(0, "sampling/createMessage", &json!({"messages": []})));
    let answer = server.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(0), &json!(-32601)));
    assert_nothing_came(&mut client, &mut server);
    assert_said(client, "dropped a request of the server", 1);
}

#[test]
fn only_the_revision_with_batches_has_them() {
    let stage = Stage::new("");
    let answers = |ids: &[u64]| -> Vec<Value> {
        ids.iter().map(|id| json!({"jsonrpc": "2.0", "id": id, "result": {}})).collect()
    };
    for (revision, legal) in [("2025-03-26", true), (STATEFUL, false), ("2024-11-05", false)] {
        let (mut client, mut server) = stage.open(revision);
        for id in 1..=2 {
            client.send_json(&request(id, "tools/list", &json!({})));
            server.receive();
        }
        let mut batch = answers(&[1, 2]);
        batch.push(request(9, "roots/list", &json!({})));
        let batch = Value::from(batch);
        server.send_json(&batch);
        if legal {
            assert_eq!(client.receive_json(), batch);
            let roots = json!({"jsonrpc": "2.0", "id": 9, "result": {"roots": []}});
            client.send_json(&roots);
            assert_eq!(server.receive_json(), roots, "the client's answer was asked for");
        } else {
            for id in 1..=2 {
                let answer = client.receive_json();
                assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32603)));
            }
            assert_eq!(server.receive_json()["error"]["code"], -32603, "the server goes on");
        }
        assert_nothing_came(&mut client, &mut server);
        assert_said(client, "dropped a batch of the server", usize::from(!legal));
    }
}

/// A result that no longer is what the server said says so to the model.
#[test]
fn a_call_whose_answer_is_blocked_fails_as_a_tool_does() {
    let stage = Stage::new(SECRET);
    stage.context.set_secret("local://token", VALUE);
    let link = json!({"type": "resource_link", "name": "x", "uri": format!("x://{VALUE}")});
    let call = json!({"name": "t"});
    for era in [Some(STATEFUL), None] {
        let (mut client, mut server) = era.map_or_else(|| stateless(&stage), |it| stage.open(it));
        client.send_json(&match era {
            Some(_) => request("call", "tools/call", &call),
            None => stateless_request("call", "tools/call", call.clone()),
        });
        server.answer("tools/call", &json!({"content": [link], "resultType": "complete"}));
        let answer = client.receive_json();
        assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!("call"), &json!(true)));
        assert!(answer["result"]["content"][0]["text"].as_str().unwrap().contains("`TOKEN`"));
        let kind = if era.is_some() { Value::Null } else { "complete".into() };
        assert_eq!(answer["result"]["resultType"], kind);
        assert!(!answer.to_string().contains(VALUE));
        assert_nothing_came(&mut client, &mut server);
    }
}

#[test]
fn a_blocked_item_alone_is_left_out_of_its_list() {
    let stage = Stage::new(SECRET);
    stage.context.set_secret("local://token", VALUE);
    let (mut client, mut server) = stage.open(STATEFUL);
    client.send_json(&request(1, "tools/list", &json!({})));
    server.receive();
    let list = |tools: &str| {
        format!(
            "{{\"result\" :{{\"tools\":[{tools}], \"nextCursor\":\"c\"}},\"jsonrpc\":\"2.0\",\"id\":1}}\n"
        )
    };
    let (one, bad) = (r#"{"name":"one" }"#, format!("{{\"name\":\"{VALUE}\"}}"));
    let said = r#"{"name":"two","description":"for VALUE"}"#;
    let two = said.replace("VALUE", VALUE);
    server.send(list(&[&bad, one, &bad, &two].join(",")).as_bytes());
    let left = [one, &said.replace("VALUE", "[hushpipe:TOKEN]")].join(",");
    assert_eq!(text(&client.receive()), list(&left));
}

#[test]
fn a_blocked_request_of_the_server_is_answered_so_that_it_goes_on() {
    let stage = Stage::new(SECRET);
    stage.context.set_secret("local://token", VALUE);
    let (mut client, mut server) = stage.open(STATEFUL);
    let url = format!("https://example.org/?key={VALUE}");
    let params = json!({"mode": "url", "message": "log in", "url": url, "elicitationId": "e"});
    server.send_json(&request(3, "elicitation/create", &params));
    let answer = server.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(3), &json!(-32603)));
    server.send_json(&json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": url}}));
    assert_nothing_came(&mut client, &mut server);
}
