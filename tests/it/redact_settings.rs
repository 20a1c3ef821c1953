//! What a manifest says of redaction: rules of its own, what may pass, reporting, strictness; and `hushpipe redact`.

use serde_json::{Value, json};

use crate::context::{TestContext, finish};
use crate::session::Session;
use crate::stage::{Stage, request};

const TOKEN: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

const OWN_RULE: &str = r#"
[[servers.server.redact.rules]]
id = "acme-key"
description = "Acme key"
keywords = ["acme_"]
pattern = 'acme_[0-9a-f]{16}'
examples = ["acme_0123456789abcdef"]
non_examples = ["acme_"]
"#;

/// What a client gets when a tool of this name answers with this text, and what stands on stderr at the end.
fn answered(tables: &str, tool: &str, text: &str) -> (Value, String) {
    answered_by(&Stage::new(tables), tool, text)
}

fn answered_by(stage: &Stage, tool: &str, text: &str) -> (Value, String) {
    let (mut client, mut server) = stage.open("2025-11-25");
    client.send_json(&request(1, "tools/call", &json!({"name": tool})));
    server.answer("tools/call", &json!({"content": [{"type": "text", "text": text}]}));
    let answer = client.receive_json();
    drop(server);
    (answer, client.finish().stderr)
}

/// The first text of a result.
fn text_of(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_rule_of_the_manifest_withholds_what_it_finds() {
    let (answer, _) = answered(OWN_RULE, "t", &format!("acme_0123456789abcdef and {TOKEN}"));
    assert_eq!(text_of(&answer), "[hushpipe:acme-key] and [hushpipe:github-pat]");
}

#[test]
fn what_may_pass_does_so_from_that_tool_and_there_alone() {
    let allow = r#"
[servers.server.redact]
allow = [{ rule = "github-pat", tool = "t", pointer = "/result/content/0/text" }]
"#;
    assert_eq!(text_of(&answered(allow, "t", TOKEN).0), TOKEN);
    assert_eq!(text_of(&answered(allow, "u", TOKEN).0), "[hushpipe:github-pat]");
}

#[test]
fn what_may_pass_takes_nothing_else_with_it() {
    let allow = "[servers.server.redact]\nallow = [{ rule = \"note\" }]\n\
                 [[servers.server.redact.rules]]\nid = \"note\"\nkeywords = [\"note:\"]\npattern = 'note:.*'\n";
    assert_eq!(text_of(&answered(allow, "t", "note: well").0), "note: well");
    let (answer, _) = answered(allow, "t", &format!("note: {TOKEN}"));
    assert_eq!(text_of(&answer), "[hushpipe:note]");
    let both = allow.replace("\"note\" }]", "\"note\" }, { rule = \"github-pat\" }]");
    let text = format!("note: {TOKEN}");
    assert_eq!(text_of(&answered(&both, "t", &text).0), text);
}

#[test]
fn a_known_value_never_passes() {
    let tables = "[servers.server.redact]\nallow = [{ rule = \"github-pat\" }]\n\
                  [servers.server.secrets]\nTOKEN = \"local://token\"\n";
    let stage = Stage::new(tables);
    stage.context.set_secret("local://token", TOKEN);
    assert_eq!(text_of(&answered_by(&stage, "t", TOKEN).0), "[hushpipe:TOKEN]");
}

/// A user whose server has this secret, and whose findings are only told.
fn reporting(value: &str) -> Stage {
    let stage = Stage::new(
        "[servers.server.redact]\nmode = \"report\"\n[servers.server.secrets]\nTOKEN = \"local://token\"\n",
    );
    stage.context.set_secret("local://token", value);
    stage
}

#[test]
fn reporting_changes_nothing_and_says_so_wherever_a_person_looks() {
    let value = "canary-report-5f01c2b7d9";
    let stage = reporting(value);
    let (mut client, mut server) = stage.open("2025-11-25");
    for id in 1..=3 {
        client.send_json(&request(id, "tools/call", &json!({"name": "t"})));
        let result = json!({"content": [], "structuredContent": {"a": value}, "nextCursor": value});
        server.answer("tools/call", &result);
        assert_eq!(client.receive_json()["result"], result);
    }
    drop(server);
    let stderr = client.finish().stderr;
    assert!(stderr.contains("redaction of `server` is OFF"), "{stderr}");
    let told = "hushpipe: found and left `TOKEN` of `t` at `/result/structuredContent/a`\n";
    assert_eq!(stderr.matches(told).count(), 1, "{stderr}");
    assert!(stderr.contains("hushpipe: 6 times: found and left `TOKEN` of `t`\n"), "{stderr}");
    assert!(!stderr.contains(value), "{stderr}");

    for verb in [&["check"][..], &["explain", "server"], &["doctor"]] {
        let said = stage.context.run(verb, "").everything();
        assert!(said.contains("OFF"), "{verb:?}: {said}");
    }
}

#[test]
fn a_recording_holds_no_value_where_findings_are_only_told() {
    let value = "canary-recorded-40c1d9a7";
    let stage = reporting(value);
    let file = stage.context.home().join("recording");
    let mut command = stage.context.command(["run", "server", "--record"]);
    command.arg(&file);
    let mut client = Session::start(command);
    let mut server = stage.next();
    let params = json!({"name": "t", "arguments": {"a": value}});
    client.send_json(&request(1, "tools/call", &params));
    server.answer("tools/call", &json!({"structuredContent": {"a": value}, "nextCursor": value}));
    assert_eq!(client.receive_json()["result"]["structuredContent"]["a"], value);
    drop(server);
    client.finish();
    let recording = std::fs::read_to_string(file).unwrap();
    assert!(!recording.contains(value), "{recording}");
    assert!(
        recording.contains("[hushpipe:TOKEN]") && recording.contains("withheld"),
        "{recording}"
    );
}

#[test]
fn strict_withholds_placeholders_and_every_token_and_the_protocol_still_works() {
    let text = "\"next_page_token\": \"opaque-handle-of-the-page\" ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    assert_eq!(text_of(&answered("", "t", text).0), text);
    let strict = "[servers.server.redact]\nlevel = \"strict\"\n";
    let (answer, _) = answered(strict, "t", text);
    assert_eq!(
        text_of(&answer),
        "\"next_page_token\": \"[hushpipe:secret-field]\" [hushpipe:github-pat]"
    );
}

#[test]
fn an_example_that_its_rule_does_not_find_fails_the_check() {
    let context = TestContext::with_example("echo_server", &[], OWN_RULE);
    assert_eq!(context.run(&["check"], "").code, Some(0));
    let wrong = OWN_RULE.replace("[\"acme_0123456789abcdef\"]", "[\"acme_0123456789abcde\"]");
    let outcome = TestContext::with_example("echo_server", &[], &wrong).run(&["check"], "");
    assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
    let said = outcome.everything();
    assert!(
        said.contains("rule `acme-key` finds nothing in the text 1 of its `examples`"),
        "{said}"
    );
}

#[test]
fn redact_cleans_json_lines_and_text_and_leaves_the_rest_alone() {
    let input = format!(
        "start\u{1b}[0m\r\n{{\"a\":  1.0, \"id\": \"\\u0067{}\"}}\nlog {TOKEN}",
        &TOKEN[1..]
    );
    let outcome = TestContext::new().run(&["redact"], &input);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let marker = "[hushpipe:github-pat]";
    let expected = format!("start\u{1b}[0m\r\n{{\"a\":  1.0, \"id\": \"{marker}\"}}\nlog {marker}");
    assert_eq!(outcome.text(), expected);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_report_says_where_and_never_what() {
    let input = format!("nothing\n{{\"a\": [\"{TOKEN}\"]}}\nlog {TOKEN}\n");
    let context = TestContext::new();
    let outcome = context.run(&["redact", "--report"], &input);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert_eq!(
        outcome.text(),
        "line 2: github-pat at /a/0, 40 bytes\nline 3: github-pat, 40 bytes\n"
    );
    let json = context.run(&["redact", "--report", "--json"], &input);
    let lines = json.messages();
    assert_eq!(
        (lines.len(), &lines[0]["line"], &lines[0]["pointer"]),
        (2, &json!(2), &json!("/a/0"))
    );
    assert_eq!(lines[1]["pointer"], Value::Null);
    assert_eq!(lines[0]["hmac"], lines[1]["hmac"]);
    assert_eq!(lines[0]["hmac"].as_str().unwrap().len(), 64);
    assert!(!json.everything().contains(&TOKEN[4..]));
    let clean = context.run(&["redact", "--report"], "nothing\n");
    assert_eq!((clean.code, clean.text()), (Some(0), ""));
    assert_eq!(context.run(&["redact", "--json"], "").code, Some(2));
}

#[test]
fn redact_takes_the_rules_of_a_server_and_its_secrets_when_asked() {
    let tables = format!("{OWN_RULE}[servers.server.secrets]\nTOKEN = \"local://token\"\n");
    let context = TestContext::with_example("echo_server", &[], &tables);
    context.set_secret("local://token", "canary-known-77aa10e3c4");
    let input = "acme_0123456789abcdef canary-known-77aa10e3c4\n";
    let own = context.run(&["redact", "--server", "server"], input);
    assert_eq!(own.text(), "[hushpipe:acme-key] canary-known-77aa10e3c4\n");
    let known = context.run(&["redact", "--server", "server", "--known"], input);
    assert_eq!(known.text(), "[hushpipe:acme-key] [hushpipe:TOKEN]\n");
    assert_eq!(context.run(&["redact", "--server", "sever"], input).code, Some(78));
    assert_eq!(context.run(&["redact", "--known"], input).code, Some(2));
}

#[test]
fn redact_writes_what_is_complete_before_the_input_ends() {
    let mut session = Session::start(TestContext::new().command(["redact"]));
    session.send(format!("first {TOKEN}\n").as_bytes());
    assert_eq!(session.receive(), b"first [hushpipe:github-pat]\n");
    session.send(b"{\"second\": 2}\n");
    assert_eq!(session.receive(), b"{\"second\": 2}\n");
    assert_eq!(session.finish().code, Some(0));
}

/// PowerShell 5.1 writes such files, and a text that passes as it came would be taken for a clean one.
#[test]
fn redact_refuses_what_it_cannot_read() {
    let context = TestContext::new();
    let little: Vec<u8> =
        format!("\u{feff}{TOKEN}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = little.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    for input in [little, big] {
        let outcome = finish(context.command(["redact"]), &input);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(74), &b""[..]));
        assert!(outcome.stderr.contains("convert it to UTF-8 first"), "{}", outcome.stderr);
    }
    let marked = context.run(&["redact"], &format!("\u{feff}{{\"a\": \"{TOKEN}\"}}"));
    assert_eq!(marked.text(), "\u{feff}{\"a\": \"[hushpipe:github-pat]\"}");
}

#[test]
fn a_line_without_end_comes_out_and_a_token_in_it_does_not() {
    let context = TestContext::new();
    let mut input = vec![b'x'; 12 << 20];
    input.splice(9 << 20..9 << 20, format!(" {TOKEN} ").into_bytes());
    let outcome = finish(context.command(["redact"]), &input);
    assert_eq!(outcome.code, Some(0));
    let at = (9 << 20) + 1;
    assert!(outcome.stdout[at..].starts_with(b"[hushpipe:github-pat] xxx"));
    assert_eq!(outcome.stdout.len(), input.len() - TOKEN.len() + "[hushpipe:github-pat]".len());
}
