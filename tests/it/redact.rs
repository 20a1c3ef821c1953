//! The client never reads a secret that hushpipe injected: in any place of a frame, in any form, on stderr too.

use std::fs;

use serde_json::{Value, json};

use crate::context::{Outcome, TestContext, path_text};

const TABLES: &str = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";

/// What a client gets of these bytes when the server's secret has this value.
pub(crate) fn relayed(value: &str, script: &[u8]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, script).unwrap();
    let context = TestContext::with_example("misbehave", &["raw", &path_text(&path)], TABLES);
    context.set_secret("local://token", value);
    context.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"go\"}\n")
}

fn assert_hidden(value: &str, frame: &Value) -> Outcome {
    let outcome = relayed(value, format!("{frame}\n").as_bytes());
    assert!(!outcome.everything().contains(value), "{frame} gave {}", outcome.everything());
    outcome
}

#[test]
fn a_value_is_replaced_wherever_a_server_puts_text() {
    let value = "canary-place-0d5f6b2a91";
    let text = json!({"type": "text", "text": value});
    let places = [
        json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [text], "isError": true}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": {"deep": [{"er": value}]}}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"contents": [{"uri": "file:///a", "text": value}]}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "t", "description": value}]}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"messages": [{"role": "user", "content": text}]}}),
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": value, "data": {"x": value}}}),
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": value}}),
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1, "message": value}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"_meta": {"vendor/x": value}, "instructions": value}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": {(value): "a key the server chose"}}}),
    ];
    for frame in places {
        let outcome = assert_hidden(value, &frame);
        let got = &outcome.messages()[0];
        assert!(got.to_string().contains("[hushpipe:TOKEN]"), "{frame} gave {got}");
        assert_eq!(got["id"], frame["id"]);
        assert_eq!(got["method"], frame["method"]);
    }
}

/// A program that reads the JSON in a text goes on reading it.
#[test]
fn json_in_a_text_stays_json_and_keeps_every_member() {
    let (value, pin) = ("canary-inner-7c1e90", "908172635");
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let keys = json!({(value): 1, (hex): 2, "other": [3]}).to_string();
    for (secret, said) in [(value, keys), (pin, format!("{{\"pin\":{pin},\"a\":1,\"b\":2}}"))] {
        let content = json!([{"type": "text", "text": said}]);
        let frame = json!({"jsonrpc": "2.0", "id": 1, "result": {"content": content}});
        let got = &assert_hidden(secret, &frame).messages()[0];
        let text = got["result"]["content"][0]["text"].as_str().unwrap();
        let inner: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(inner.as_object().unwrap().len(), 3, "{inner}");
        assert!(text.contains("[hushpipe:TOKEN]"), "{text}");
    }
}

#[test]
fn a_value_with_zero_width_characters_in_it_is_found_under_every_setting() {
    let value = "canary-unseen-41d7ab";
    let split: String = value.chars().flat_map(|c| [c, '\u{200b}']).collect();
    for setting in ["off", "flag", "strip"] {
        let tables = format!("{TABLES}[servers.server.redact]\ninstructions = \"{setting}\"\n");
        let context = TestContext::with_example("echo_server", &[], &tables);
        context.set_secret("local://token", value);
        let mut session = context.start();
        session.initialize();
        let answer = session.call("echo", &json!({"text": split}));
        assert!(answer.to_string().contains("[hushpipe:TOKEN]"), "{setting}: {answer}");
        session.call("complain", &json!({"text": split}));
        let stderr = session.finish().stderr;
        assert!(stderr.contains("[hushpipe:TOKEN]"), "{setting}: {stderr}");
        assert!(!format!("{answer}{stderr}").contains(&split[..24]), "{setting}");
    }
}

#[test]
fn a_key_that_a_server_logs_one_line_a_record_is_withheld() {
    let kind = "PRIVATE KEY";
    let body =
        ["MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu", "8jNbvJZHtC6d9w=="];
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let lines = ["ready", &begin, body[0], body[0], body[1], &end, "listening"];
    let records =
        lines.map(|line| json!({"level": "info", "msg": line}).to_string() + "\n").concat();
    let context = TestContext::with_example("echo_server", &[], "");
    let mut session = context.start();
    session.initialize();
    session.call("complain", &json!({"text": records}));
    let stderr = session.finish().stderr;
    let msg =
        |line: &str| serde_json::from_str::<Value>(line).ok()?["msg"].as_str().map(str::to_owned);
    let left: Vec<String> = stderr.lines().filter_map(msg).collect();
    let marker = "[hushpipe:private-key]";
    assert_eq!(left, ["ready", &begin, marker, marker, marker, &end, "listening"], "{stderr}");
}

#[test]
fn a_value_is_found_in_every_spelling_of_json() {
    let value = "päss/word\"with\\all<&>\u{1F980}";
    let everything_escaped: String =
        value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let spellings = [
        serde_json::to_string(value).unwrap(),
        format!("\"{everything_escaped}\""),
        serde_json::to_string(value).unwrap().replace('/', "\\/").replace('<', "\\u003C"),
        // JSON in a text, and that once more.
        json!(json!({"x": value}).to_string()).to_string(),
        json!(json!({"y": json!({"x": value}).to_string()}).to_string()).to_string(),
    ];
    for spelling in spellings {
        let frame =
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"text\":{spelling}}}}}\n");
        let outcome = relayed(value, frame.as_bytes());
        let got = outcome.messages().remove(0);
        let text = got["result"]["text"].as_str().unwrap();
        assert!(text.contains("[hushpipe:TOKEN]"), "{spelling} gave {text}");
        assert!(!text.contains("all<&>") && !text.contains("u003c"), "{spelling} gave {text}");
    }
}

/// Everything around a replaced value is as the server wrote it: spelling of numbers, white space, order of keys.
#[test]
fn only_the_value_is_replaced() {
    let value = "canary-splice-7a3e10";
    let before = r#"{"id" : 1.0, "result":{ "z":1e5,"a":"\u0041\/ "#;
    let after = r#" \ud800","n":NaN } ,"jsonrpc":"2.0"}"#;
    let outcome = relayed(value, format!("{before}{value}{after}\n").as_bytes());
    let stdout = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(stdout.starts_with(&format!("{before}[hushpipe:TOKEN]{after}")), "{stdout}");
}

#[test]
fn stderr_never_holds_a_value_however_it_is_written() {
    let value = "canary-stderr-5c8f42d0";
    let context = TestContext::with_example("echo_server", &[], TABLES);
    context.set_secret("local://token", value);
    let mut session = context.start();
    session.initialize();
    for text in
        [value.to_owned(), format!("a{value}b{value}"), format!("{}{value}", "x".repeat(70_000))]
    {
        session.call("complain", &json!({"text": text}));
    }
    let outcome = session.finish();
    assert!(!outcome.everything().contains(value), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("[hushpipe:TOKEN]").count(), 4, "{}", outcome.stderr);
}

/// Formats are known without knowing the value: a token that the server got elsewhere.
#[test]
fn a_credential_that_is_not_ours_is_known_by_its_format() {
    // Put together here, so that no scanner finds a token in this file.
    let token = ["gh", "p_", "9aB3xQ7kLm2PvR8sTu", "4WyZ6cDf1GhJ5nKb0E"].concat();
    let key = [
        "-----BEGIN ",
        "PRIVATE KEY-----\\n",
        &"MIIEvQ".repeat(30),
        "\\n-----END ",
        "PRIVATE KEY-----",
    ]
    .concat();
    for credential in [&token, &key] {
        let frame = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"text\":\"see {credential} there\"}}}}\n"
        );
        let outcome = relayed("canary-not-in-the-frame", frame.as_bytes());
        let text = outcome.messages()[0]["result"]["text"].as_str().unwrap().to_owned();
        assert!(text.starts_with("see [hushpipe:") && text.ends_with("] there"), "{text}");
    }
}

/// What only looks random must pass: agents work with these all day.
#[test]
fn hashes_and_identifiers_are_not_credentials() {
    let benign = [
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "https://example.com/path?cursor=eyJwIjoxMDB9&sig=2Kp",
        "AKIAIOSFODNN7EXAMPLE",
    ];
    let frame = format!("{}\n", json!({"jsonrpc": "2.0", "id": 1, "result": {"list": benign}}));
    let outcome = relayed("canary-not-in-the-frame", frame.as_bytes());
    assert!(outcome.stdout.starts_with(frame.as_bytes()), "{}", outcome.text());
}
