//! No call of a tool writes a marker over the secret it stands for, and none carries a credential unnoticed. What goes
//! on goes on byte for byte; what does not reaches no server, and the model reads why.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::envelope::{
    SECRET, STATEFUL, assert_nothing_came, assert_nothing_went, stateless, stateless_request,
};
use crate::session::Session;
use crate::stage::{Puppet, Stage, opened, request, text};

const VALUE: &str = "canary-call-3e81f0c79a";
const MARKER: &str = "[hushpipe:TOKEN]";

/// A user whose server has a secret, and these settings of redaction.
fn stage(redact: &str) -> Stage {
    let stage = Stage::new(&format!("{SECRET}[servers.server.redact]\n{redact}"));
    stage.context.set_secret("local://token", VALUE);
    stage
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

/// A token in the format of an issuer, put together here, so that no scanner finds one in this file.
fn token() -> String {
    ["gh", "p_", "9aB3xQ7kLm2PvR8sTu", "4WyZ6cDf1GhJ5nKb0E"].concat()
}

/// Asserts that a line of the client is answered as a tool that failed, and reaches no server; returns what the model
/// reads.
fn refused(client: &mut Session, server: &mut Puppet, line: &str) -> String {
    client.send(format!("{line}\n").as_bytes());
    let answer = client.receive_json();
    assert_eq!(answer["result"]["isError"], true, "{line} gave {answer}");
    assert_nothing_went(client, server);
    answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
}

/// Asserts that a line of the client reaches the server as it is.
fn passes(client: &mut Session, server: &mut Puppet, line: &str) {
    client.send(format!("{line}\n").as_bytes());
    assert_eq!(text(&server.receive()), format!("{line}\n"));
}

#[test]
fn a_marker_is_not_written_back_and_the_model_is_told_why() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    let arguments = json!({"path": ".env", "content": format!("A=1\nTOKEN={MARKER}\n")});
    let line = request(7, "tools/call", &call("write_file", &arguments)).to_string();
    let said = refused(&mut client, &mut server, &line);
    for words in [
        "`write_file`",
        MARKER,
        "`/params/arguments/content`",
        "ask the user",
        "`write_back = \"warn\"` under `[servers.server.redact.tools.write_file]`",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    refused(&mut client, &mut server, &line);
    refused(&mut client, &mut server, &line);
    let stderr = client.finish().stderr;
    let once = "refused a call of `write_file` with a marker in the place of a value: `[hushpipe:TOKEN]` at \
                `/params/arguments/content`";
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains(once)).collect();
    assert_eq!(lines, [format!("hushpipe: {once}"), format!("hushpipe: 3 times: {once}")]);
}

#[test]
fn a_marker_is_known_in_every_spelling_and_place() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    let escaped: String = MARKER.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
    let nested = |text: &str| json!(json!({"x": text}).to_string()).to_string();
    for arguments in [
        format!("\"{MARKER}\""),
        format!("[1,[\"a {MARKER}\"]]"),
        format!("{{\"{MARKER}#2\":1}}"),
        format!("{{\"a\":\"{escaped}\"}}"),
        r#"{"a":"\u005bhushpipe:TOKEN\u005D"}"#.to_owned(),
        r#"{"a":"[\u0068ushpipe:TOKEN]"}"#.to_owned(),
        r#"{"a":"[hushpipe:TOKE\u004e]"}"#.to_owned(),
        format!("{{\"a\":{}}}", nested(MARKER)),
        format!("{{\"a\":{}}}", nested(&nested(MARKER))),
        format!("{{\"a\":{}}}", json!(format!("{{\"x\":\"{escaped}\"}}"))),
        json!({"data": STANDARD.encode(MARKER)}).to_string(),
        json!({"text": "[hushpipe:github-pat]"}).to_string(),
        json!({"text": format!("{}{MARKER}", "x".repeat(3_000_000))}).to_string(),
        format!("{}\"{MARKER}\"{}", "[".repeat(40_000), "]".repeat(40_000)),
    ] {
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{{"arguments":{arguments},"name":"w"}}}}"#
        );
        refused(&mut client, &mut server, &line);
    }
}

/// Readers differ about what a second name is, and about what is no object.
#[test]
fn whatever_a_server_could_take_for_arguments_is_looked_at() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for params in [
        r#"{"name":"w","arguments":{"a":"MARKER"},"arguments":{}}"#,
        r#"{"name":"w","arguments":{},"arguments":{"a":"MARKER"}}"#,
        r#"{"name":"w","Arguments":{"a":"MARKER"}}"#,
        r#"{"name":"w","\u0061rguments":{"a":"MARKER"}}"#,
        r#"{"name":"w","arguments":{"a":1,"a":"MARKER","a":2}}"#,
        r#"{"name":"w","task":{"ttl":60000},"arguments":{"a":"MARKER"}}"#,
        r#"["w",{"a":"MARKER"}]"#,
    ] {
        let line = format!(r#"{{"id":1,"method":"tools/call","params":{params},"jsonrpc":"2.0"}}"#);
        refused(&mut client, &mut server, &line.replace("MARKER", MARKER));
    }
    // No answer could carry this id, and nobody waits for an answer to the other.
    let long = "9".repeat(2000);
    let nameless = request(0, "tools/call", &call("w", &json!([MARKER]))).to_string();
    client
        .send(format!("{}\n", nameless.replace("\"id\":0", &format!("\"id\":{long}"))).as_bytes());
    let answer = client.receive_json();
    assert_eq!((answer.get("id"), &answer["error"]["data"]["kind"]), (None, &json!("refused")));
    client.send(format!("{}\n", nameless.replace("\"id\":0,", "")).as_bytes());
    assert_nothing_went(&mut client, &mut server);
    assert_nothing_came(&mut client, &mut server);
}

#[test]
fn what_is_no_marker_or_no_call_goes_on_byte_for_byte() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for text in [
        "[hushpipe:",
        "[hushpipe:NAME]",
        "see [hushpipe:TOKEN",
        "hushpipe:TOKEN]",
        "[hushpipe:token]",
        r"\u005b",
    ] {
        passes(
            &mut client,
            &mut server,
            &format!(
                r#"{{"id" :1,"method":"tools/call","params":{{"name":"w","arguments":{{"a":"{text}","b":1e0}}}}}}"#
            ),
        );
    }
    let arguments = json!({"a": MARKER});
    for (method, params) in [
        ("prompts/get", json!({"name": "p", "arguments": arguments})),
        ("completion/complete", json!({"argument": {"name": "a", "value": MARKER}})),
        ("resources/read", json!({"uri": format!("x://{MARKER}")})),
        ("tools/call", json!({"name": MARKER, "arguments": {}, "_meta": {"a": MARKER}})),
    ] {
        passes(&mut client, &mut server, &request(2, method, &params).to_string());
    }
    server.send_json(&request(5, "sampling/createMessage", &json!({"messages": []})));
    client.receive();
    let answer =
        json!({"jsonrpc": "2.0", "id": 5, "result": {"content": {"type": "text", "text": MARKER}}});
    passes(&mut client, &mut server, &answer.to_string());
}

#[test]
fn a_refused_call_is_answered_in_the_words_of_its_era() {
    let stage = stage("");
    let (mut client, mut server) = stateless(&stage);
    let line = stateless_request("x", "tools/call", call("w", &json!({"a": MARKER})));
    client.send_json(&line);
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!("x"), &json!(true)));
    assert_eq!(answer["result"]["resultType"], "complete");
    assert_nothing_went(&mut client, &mut server);
    drop((client, server));
    // The very first request of a session.
    let (mut client, _server) = stage.start();
    client.send_json(&line);
    assert_eq!(client.receive_json()["result"]["resultType"], "complete");
}

#[test]
fn of_a_batch_with_a_refused_call_nothing_goes_on_and_everything_is_answered() {
    let stage = stage("");
    let (mut client, mut server) = stage.open("2025-03-26");
    server.send_json(&request(9, "roots/list", &json!({})));
    client.receive();
    let batch = json!([
        request(1, "tools/call", &call("w", &json!({"a": 1}))),
        request(2, "tools/call", &call("w", &json!({"a": MARKER}))),
        {"jsonrpc": "2.0", "id": 9, "result": {"roots": []}},
        {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
    ]);
    client.send_json(&batch);
    let beside = client.receive_json();
    assert_eq!((&beside["id"], &beside["error"]["data"]["kind"]), (&json!(1), &json!("refused")));
    let answer = client.receive_json();
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(2), &json!(true)));
    let told = server.receive_json();
    assert_eq!((&told["id"], &told["error"]["data"]["kind"]), (&json!(9), &json!("refused")));
    assert_nothing_went(&mut client, &mut server);
    let fine = json!([request(1, "tools/call", &call("w", &json!({"a": 1})))]).to_string();
    passes(&mut client, &mut server, &fine);
}

#[test]
fn the_manifest_says_what_is_done_with_a_marker_by_tool() {
    let stage = stage(
        "[servers.server.redact.tools.template]\nwrite_back = \"off\"\n\
         [servers.server.redact.tools.\"we.ird\"]\nwrite_back = \"warn\"\n",
    );
    let (mut client, mut server) = stage.open(STATEFUL);
    let line =
        |tool: &str| request(1, "tools/call", &call(tool, &json!({"a": MARKER}))).to_string();
    passes(&mut client, &mut server, &line("template"));
    passes(&mut client, &mut server, &line("we.ird"));
    refused(&mut client, &mut server, &line("Template"));
    let said = refused(&mut client, &mut server, &line("odd.one"));
    assert!(said.contains(r#"[servers.server.redact.tools."odd.one"]"#), "{said}");
    let stderr = client.finish().stderr;
    assert!(!stderr.contains("`template`"), "{stderr}");
    assert_eq!(stderr.matches("a call of `we.ird` went on with a marker").count(), 1, "{stderr}");
}

#[test]
fn a_credential_in_arguments_is_told_once_and_goes_on() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    let arguments = json!({"body": format!("see {}", token()), "to": [{"x": VALUE}], (VALUE): 1});
    let line = request(1, "tools/call", &call("create_issue", &arguments)).to_string();
    for _ in 0..3 {
        passes(&mut client, &mut server, &line);
    }
    passes(
        &mut client,
        &mut server,
        &request(1, "tools/call", &call("x", &json!({"a": 1}))).to_string(),
    );
    let outcome = client.finish();
    let stderr = &outcome.stderr;
    assert!(!outcome.everything().contains(VALUE) && !stderr.contains(&token()), "{stderr}");
    let told: Vec<_> = stderr.lines().filter(|line| line.contains("create_issue")).collect();
    assert_eq!(told.len(), 2, "{stderr}");
    assert!(
        told[0].starts_with("hushpipe: a call of `create_issue` went on with a credential"),
        "{stderr}"
    );
    assert!(told[0].contains("` at `/params/arguments/body`"), "{stderr}");
    assert!(told[0].contains("`TOKEN` at `/params/arguments/to/0/x`"), "{stderr}");
    assert!(told[1].contains("3 times: "), "{stderr}");
    assert!(!stderr.contains("`x`"), "{stderr}");
}

#[test]
fn the_manifest_can_refuse_credentials_in_arguments_by_tool() {
    let stage =
        stage("arguments = \"deny\"\n[servers.server.redact.tools.login]\narguments = \"off\"\n");
    let (mut client, mut server) = stage.open(STATEFUL);
    for credential in [VALUE.to_owned(), token(), STANDARD.encode(format!("user:{VALUE}"))] {
        let arguments = json!({"deep": [{"text": credential}]});
        let line = |tool| request(1, "tools/call", &call(tool, &arguments)).to_string();
        let said = refused(&mut client, &mut server, &line("post"));
        assert!(
            said.contains("`/params/arguments/deep/0/text`") && said.contains("ask the user"),
            "{said}"
        );
        assert!(!said.contains(&credential), "{said}");
        passes(&mut client, &mut server, &line("login"));
    }
    let stderr = client.finish().stderr;
    assert!(!stderr.contains("`login`") && stderr.contains("refused a call of `post`"), "{stderr}");
}

#[test]
fn what_the_manifest_lets_pass_is_no_credential() {
    let stage = stage(
        "arguments = \"deny\"\n\
         allow = [{ rule = \"github-pat\", tool = \"post\", pointer = \"/params/arguments/text\" }]\n",
    );
    let (mut client, mut server) = stage.open(STATEFUL);
    let line = |tool, arguments| request(1, "tools/call", &call(tool, &arguments)).to_string();
    passes(&mut client, &mut server, &line("post", json!({"text": token()})));
    for (tool, arguments) in [
        ("post", json!({"body": token()})),
        ("other", json!({"text": token()})),
        ("post", json!({"text": VALUE})),
        ("post", json!({"text": format!("{} {VALUE}", token())})),
    ] {
        refused(&mut client, &mut server, &line(tool, arguments));
    }
}

/// Names are the model's: they drive no terminal, forge no line and hold no value.
#[test]
fn what_is_said_of_a_call_is_safe_to_show() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    let tool = format!("w\n\u{1b}[31mhushpipe: error: {VALUE}{}", "x".repeat(5000));
    let arguments = json!({"k\nhushpipe: \u{1b}[0m": MARKER});
    let line = request(1, "tools/call", &call(&tool, &arguments)).to_string();
    let said = refused(&mut client, &mut server, &line);
    assert!(!said.contains(VALUE) && said.len() < 2000, "{said}");
    let stderr = client.finish().stderr;
    assert!(!stderr.contains(VALUE) && !stderr.contains('\u{1b}'), "{stderr}");
    assert!(
        stderr.lines().all(|line| line.len() < 1000 && !line.starts_with("hushpipe: error")),
        "{stderr}"
    );
}

/// A model that goes on and on does not fill the log of its host.
#[test]
fn a_flood_of_different_calls_is_counted() {
    let stage = stage("");
    let (mut client, mut server) = stage.open(STATEFUL);
    for number in 0..200 {
        let arguments = json!({(format!("a{number}")): VALUE});
        passes(
            &mut client,
            &mut server,
            &request(number, "tools/call", &call("t", &arguments)).to_string(),
        );
    }
    let stderr = client.finish().stderr;
    assert_eq!(stderr.matches("went on with a credential").count(), 64, "{stderr}");
    assert!(stderr.contains("hushpipe: 136 times: more of this kind"), "{stderr}");
}

#[test]
fn a_server_that_only_reports_is_sent_every_call() {
    let stage = stage("mode = \"report\"\narguments = \"deny\"\n");
    let (mut client, mut server) = stage.start();
    client.send_json(&request("open", "initialize", &json!({"protocolVersion": STATEFUL})));
    server.answer("initialize", &opened(STATEFUL));
    client.receive();
    for content in [MARKER, &token()] {
        passes(
            &mut client,
            &mut server,
            &request(1, "tools/call", &call("w", &json!({"a": content}))).to_string(),
        );
    }
    let stderr = client.finish().stderr;
    assert_eq!(stderr.matches("a call of `w` went on").count(), 2, "{stderr}");
}

/// A pointer spells `/` as `~1`, and a long name is cut: neither may hide a value from the redaction of what is said.
#[test]
fn no_name_of_a_tool_or_an_argument_shows_a_value_on_stderr() {
    let value = "canary/call/71~d0e5+b3a89c24f6";
    let stage = Stage::new(SECRET);
    stage.context.set_secret("local://token", value);
    let (mut client, mut server) = stage.open(STATEFUL);
    let cut = format!("{}{value}", "x".repeat(68));
    let long = format!("{}{value}", "x".repeat(245));
    for arguments in [json!({(value): MARKER}), json!({(long): MARKER}), json!({"a": MARKER})] {
        let line = request(7, "tools/call", &call(&cut, &arguments)).to_string();
        let said = refused(&mut client, &mut server, &line);
        assert!(!said.contains("canary"), "{said}");
    }
    let stderr = client.finish().stderr;
    assert_eq!(stderr.matches("refused a call of `x").count(), 3, "{stderr}");
    assert!(stderr.contains("at `/params/arguments/[withheld]`"), "{stderr}");
    assert!(!stderr.contains("canary"), "{stderr}");
}

/// What one server's answer held is written by another one, which has no such secret.
#[test]
fn the_marker_of_another_server_is_not_written_either() {
    let stage = Stage::new(
        "[servers.other]\ncommand = [\"other\"]\n[servers.other.secrets]\nTHEIRS = \"local://theirs\"\n\
         [[servers.other.redact.rules]]\nid = \"acme\"\nkeywords = [\"acme\"]\npattern = \"acme[0-9]+\"\n",
    );
    let (mut client, mut server) = stage.open(STATEFUL);
    for marker in ["[hushpipe:THEIRS]", "[hushpipe:acme]"] {
        let arguments = json!({"content": marker});
        let line = request(7, "tools/call", &call("write_file", &arguments)).to_string();
        assert!(refused(&mut client, &mut server, &line).contains(marker));
    }
    let mention = json!({"content": "[hushpipe:OURS]"});
    let line = request(8, "tools/call", &call("write_file", &mention)).to_string();
    passes(&mut client, &mut server, &line);
}
