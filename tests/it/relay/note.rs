//! A result in which something was withheld says so to the model, once, and is otherwise what the server said; every
//! client takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::envelope::{SECRET, STATEFUL, stateless, stateless_request};
use crate::client::{Client, Entry};
use crate::context::TestContext;
use crate::stage::{Stage, request, text};

const VALUE: &str = "canary-note-c47d19e0b3";
const MARKER: &str = "[hushpipe:TOKEN]";

fn stage() -> Stage {
    let stage = Stage::new(SECRET);
    stage.context.set_secret("local://token", VALUE);
    stage
}

/// What is said in `line` about what it holds, and the line without that.
fn take_note(line: &str) -> (Value, String) {
    const END: &str = r#""annotations":{"audience":["assistant"]}}"#;
    let place = line.find(r#"{"type":"text","text":"hushpipe withheld"#).zip(line.find(END));
    let (start, end) = place.unwrap_or_else(|| panic!("{line}"));
    let end = end + END.len();
    let note = serde_json::from_str(&line[start..end]).unwrap_or_else(|e| panic!("{e}: {line}"));
    let before = line[..start].strip_suffix(',').unwrap_or(&line[..start]);
    (note, format!("{before}{}", &line[end..]))
}

#[test]
fn a_result_with_a_marker_has_one_note_and_is_otherwise_as_it_was() {
    let stage = stage();
    for era in [Some(STATEFUL), None] {
        let (mut client, mut server) = era.map_or_else(|| stateless(&stage), |it| stage.open(it));
        for (result, noted) in [
            (
                r#"{"content":[{"type":"text","text":"VALUE"},{"type":"text","text":"VALUE"}],"isError":true}"#,
                true,
            ),
            (
                r#"{ "structuredContent" : {"a":1.0e0,"b":"VALUE"}, "content":[ "x" ] ,"resultType":"complete"}"#,
                true,
            ),
            (
                r#"{"content":[{"type":"text","text":"nothing"}],"structuredContent":{"a":1e2}}"#,
                false,
            ),
        ] {
            let call = json!({"name": "t"});
            client.send_json(&match era {
                Some(_) => request("call", "tools/call", &call),
                None => stateless_request("call", "tools/call", call),
            });
            server.receive();
            let line = format!("{{\"result\":{result},\"id\":\"call\",\"jsonrpc\":\"2.0\"}}\n");
            server.send(line.replace("VALUE", VALUE).as_bytes());
            let got = text(&client.receive());
            let expected = line.replace("VALUE", MARKER);
            if !noted {
                assert_eq!(got, expected);
                continue;
            }
            let (note, rest) = take_note(&got);
            assert_eq!(rest, expected);
            let said = note["text"].as_str().unwrap();
            assert!(
                said.starts_with("hushpipe withheld") && said.contains("Do not write it"),
                "{said}"
            );
            assert_eq!(said.matches(MARKER).count(), 1, "{said}");
        }
    }
}

#[test]
fn what_is_no_list_of_content_has_the_markers_in_its_meta() {
    let stage = stage();
    let (mut client, mut server) = stage.open(STATEFUL);
    for (method, result) in [
        ("resources/read", r#"{"contents":[{"uri":"x://a","text":"VALUE"}]}"#),
        (
            "prompts/get",
            r#"{"messages":[{"role":"user","content":{"type":"text","text":"VALUE"}}]}"#,
        ),
        ("tools/call", r#"{"content":[],"structuredContent":{"a":"VALUE"}}"#),
        ("tools/call", r#"{"task":{"taskId":"1","statusMessage":"VALUE"}}"#),
    ] {
        client.send_json(&request(1, method, &json!({})));
        server.receive();
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{result}}}\n")
            .replace("VALUE", VALUE);
        server.send(line.as_bytes());
        let meta = r#""result":{"_meta":{"hushpipe/withheld":["[hushpipe:TOKEN]"]},"#;
        let expected = line.replace(VALUE, MARKER).replacen(r#""result":{"#, meta, 1);
        assert_eq!(text(&client.receive()), expected);
    }
}

#[test]
fn what_is_no_result_for_a_model_has_no_note() {
    let stage = stage();
    let (mut client, mut server) = stage.open(STATEFUL);
    let mut says = |asked: &str, line: &str| {
        client.send_json(&request(1, asked, &json!({})));
        server.receive();
        server.send(format!("{}\n", line.replace("VALUE", VALUE)).as_bytes());
        assert_eq!(text(&client.receive()), format!("{}\n", line.replace("VALUE", MARKER)));
    };
    says(
        "tools/list",
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","description":"VALUE"}],"content":[]}}"#,
    );
    says(
        "tools/call",
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"VALUE","data":{"content":[]}}}"#,
    );
    says(
        "completion/complete",
        r#"{"jsonrpc":"2.0","id":1,"result":{"completion":{"values":["VALUE"]}}}"#,
    );
    let notice = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"VALUE"}}"#;
    server.send(format!("{}\n", notice.replace("VALUE", VALUE)).as_bytes());
    assert_eq!(text(&client.receive()), format!("{}\n", notice.replace("VALUE", MARKER)));
}

#[test]
fn each_answer_of_a_batch_that_takes_a_note_has_one() {
    let stage = stage();
    let (mut client, mut server) = stage.open("2025-03-26");
    for (id, method) in [(1, "tools/call"), (2, "tools/call"), (3, "tools/list")] {
        client.send_json(&request(id, method, &json!({})));
        server.receive();
    }
    let answer =
        |id: u32, text: &str| json!({"id": id, "jsonrpc": "2.0", "result": {"content": [text]}});
    server.send_json(&json!([answer(1, VALUE), answer(2, "plain"), answer(3, VALUE)]));
    let got = client.receive_json();
    let blocks = |index: usize| got[index]["result"]["content"].as_array().map(Vec::len);
    assert_eq!((blocks(0), blocks(1), blocks(2)), (Some(2), Some(1), Some(1)), "{got}");
}

/// A tool with an `outputSchema`, and clients that check its result against it.
#[test]
fn every_client_takes_a_result_with_a_note() {
    let context = TestContext::with_example("echo_server", &[], SECRET);
    context.set_secret("local://token", VALUE);
    let folder = tempfile::tempdir().unwrap();
    let calls = [json!({"name": "environment", "arguments": {}})];
    for client in [Client::TypeScript, Client::TypeScript2, Client::Python] {
        let entry = Entry::hushpipe("server");
        let seen = client.session(context.home(), folder.path(), &entry, &calls);
        let tools = seen.report["tools"]["tools"].as_array().unwrap();
        assert!(tools.iter().any(|tool| tool["outputSchema"].is_object()), "{client:?}: {tools:?}");
        let result = &seen.report["results"][0];
        assert_eq!(result["structuredContent"]["TOKEN"], MARKER, "{client:?}: {result}");
        let content = result["content"].as_array().unwrap();
        assert_eq!(content.len(), 2, "{client:?}: {result}");
        let told: Value = serde_json::from_str(content[0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(told, result["structuredContent"], "{client:?}");
        assert!(content[1]["text"].as_str().unwrap().contains(MARKER), "{client:?}: {result}");
        assert!(!format!("{}{}", seen.report, seen.stderr).contains(VALUE), "{client:?}");
    }
}

/// What is printed is data, with which programs go on; what is said of it goes beside it.
#[test]
fn the_built_in_client_prints_what_the_tool_said_and_says_the_rest() {
    let context = TestContext::with_example("echo_server", &[], SECRET);
    context.set_secret("local://token", VALUE);
    let called = context.run(&["call", "server", "environment"], "");
    let told: Value = serde_json::from_slice(&called.stdout).unwrap();
    assert_eq!(told["TOKEN"], MARKER);
    assert_eq!(
        called.stderr.matches("hushpipe withheld something").count(),
        1,
        "{}",
        called.stderr
    );
    let raw = context.run(&["call", "server", "environment", "--json"], "");
    assert!(raw.text().contains("hushpipe withheld something"), "{}", raw.text());
}

#[test]
fn a_block_of_base64_that_holds_a_value_or_a_token_is_a_text_for_the_client() {
    let stage = stage();
    let (mut client, mut server) = stage.open(STATEFUL);
    let token = format!("ghp_{}", "aB3dE6gH9jK2".repeat(3));
    let image = STANDARD.encode(format!("\u{89}PNG {VALUE} IEND"));
    let file = STANDARD.encode(format!("export GITHUB_TOKEN={token}\n"));
    let clean = STANDARD.encode("nothing");
    client.send_json(&request("call", "tools/call", &json!({"name": "t"})));
    server.receive();
    let content = json!([
        {"type": "image", "mimeType": "image/png", "data": image},
        {"type": "resource", "resource": {"uri": "file:///rc", "mimeType": "text/x-sh", "blob": file}},
        {"type": "audio", "mimeType": "audio/wav", "data": clean},
    ]);
    server.send_json(&json!({"jsonrpc": "2.0", "id": "call", "result": {"content": content}}));
    let got = client.receive_json();
    let got = got["result"]["content"].as_array().unwrap();
    let said = |marker: &str, kind: &str| {
        format!("{marker} stands in place of a block of {kind} that was withheld whole")
    };
    assert_eq!(got[0], json!({"type": "text", "text": said(MARKER, "image/png")}));
    let text = said("[hushpipe:github-pat]", "text/x-sh");
    let resource = json!({"uri": "file:///rc", "mimeType": "text/plain", "text": text});
    assert_eq!(got[1], json!({"type": "resource", "resource": resource}));
    assert_eq!(got[2], content[2]);
    assert_eq!(got.len(), 4, "and the note");
}
