use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::redact::rule::tests::expand;
use crate::redact::spelling::{armed, frame};

const VALUE: &str = "abcd-1234-efgh";

fn cleaned(result: &Value) -> Value {
    let redactor = armed(&[("TOKEN", VALUE)]);
    let message = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string();
    let out: Value = serde_json::from_str(&frame(&redactor, &message)).expect("still JSON");
    out["result"].clone()
}

fn github() -> String {
    expand("ghp_{base62:36}", 7).0
}

#[test]
fn an_image_that_holds_a_value_becomes_a_text() {
    let png = [b"\x89PNG....", VALUE.as_bytes(), b"...."].concat();
    for data in [STANDARD.encode(&png), URL_SAFE_NO_PAD.encode(&png)] {
        let block =
            json!({"type": "image", "data": data, "mimeType": "image/png", "_meta": {"a": VALUE}});
        let out = cleaned(&json!({"content": [{"type": "text", "text": "a"}, block]}));
        let notice =
            "[hushpipe:TOKEN] stands in place of a block of image/png that was withheld whole";
        let expected = json!([{"type": "text", "text": "a"}, {"type": "text", "text": notice}]);
        assert_eq!(out["content"], expected);
    }
}

#[test]
fn a_resource_that_holds_a_value_keeps_its_uri() {
    for hidden in [VALUE.to_owned(), VALUE.replace('-', "%2d"), hex(VALUE)] {
        let blob = STANDARD.encode(format!("TOKEN={hidden}\n"));
        let contents =
            json!({"blob": blob, "uri": "file:///a/.env", "mimeType": "application/octet-stream"});
        let out = cleaned(&json!({"contents": [contents]}));
        assert_eq!(out["contents"][0]["uri"], "file:///a/.env");
        let text = out["contents"][0]["text"].as_str().unwrap_or_default();
        assert!(text.starts_with("[hushpipe:TOKEN] "), "{out}");
    }
}

fn hex(value: &str) -> String {
    value.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn rules_look_into_text_and_not_into_images() {
    let told = |kind: Option<&str>, bytes: &[u8]| {
        let mut contents = json!({"uri": "file:///a", "blob": STANDARD.encode(bytes)});
        if let Some(kind) = kind {
            contents["mimeType"] = kind.into();
        }
        cleaned(&json!({"contents": [contents]}))["contents"][0]["text"].is_string()
    };
    let text = format!("GITHUB={}\n", github()).into_bytes();
    let noise = [&text[..], b"\xff\xfe"].concat();
    for kind in ["text/plain; charset=utf-8", "application/json", "image/svg+xml"] {
        assert!(told(Some(kind), &text), "{kind}");
    }
    assert!(told(None, &text));
    assert!(!told(None, &noise));
    assert!(!told(Some("image/png"), &text));
}

#[test]
fn what_is_no_block_of_the_protocol_loses_its_base64_only() {
    let data = STANDARD.encode(VALUE);
    let out = cleaned(&json!({"data": data, "kept": 1}));
    assert_eq!(out, json!({"data": "[hushpipe:TOKEN]", "kept": 1}));
    let free = cleaned(&json!({"structuredContent": {"data": data, "type": "x"}}));
    assert_eq!(free["structuredContent"], json!({"data": "[hushpipe:TOKEN]", "type": "x"}));
}

#[test]
fn a_block_in_a_block_goes_with_it() {
    let data = STANDARD.encode(VALUE);
    let inner = json!({"type": "image", "data": data});
    for block in [
        json!({"type": "x", "inner": inner, "data": data}),
        json!({"type": "x", "data": data, "inner": inner}),
    ] {
        let out = cleaned(&json!({"content": [block, {"type": "text", "text": "b"}]}));
        assert_eq!(out["content"][0]["type"], "text", "{out}");
        assert_eq!(out["content"][0].as_object().map(serde_json::Map::len), Some(2), "{out}");
        assert_eq!(out["content"][1]["text"], "b");
    }
}

#[test]
fn escaped_names_and_spellings_are_the_same_block() {
    let redactor = armed(&[("TOKEN", VALUE)]);
    // Slashes as PHP escapes them; lines as MIME wraps them.
    let text = STANDARD.encode(format!("{}??>>{}", "?".repeat(60), hex(VALUE)));
    let wrapped = text
        .replace('/', "\\/")
        .as_bytes()
        .chunks(40)
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join("\\n");
    let message = format!(
        r#"{{"result":{{"content":[{{"type":"audio","d\u0061ta":"{wrapped}","mimeType":"text/csv"}}]}}}}"#
    );
    let out = frame(&redactor, &message);
    assert!(out.contains(r#"{"type":"text","text":"[hushpipe:TOKEN]"#), "{out}");
}

#[test]
fn a_uri_that_is_a_value_withholds_the_message_still() {
    let redactor = armed(&[("TOKEN", VALUE)]);
    let contents = json!({"uri": format!("file:///{VALUE}"), "blob": STANDARD.encode(VALUE)});
    let message = json!({"id": 1, "result": {"contents": [contents]}}).to_string();
    assert!(redactor.frame(message.as_bytes(), Fields::default()).is_err());
}

#[test]
fn a_clean_block_is_the_same_bytes() {
    let image = STANDARD.encode([7; 999]);
    let message =
        format!(r#"{{"id":1,"result":{{"content":[{{"data": "{image}" ,"type":"image"}}]}}}}"#);
    assert_eq!(frame(&armed(&[("TOKEN", VALUE)]), &message), message);
}

#[test]
fn the_place_of_a_block_shows_no_token_that_is_a_name_on_the_way_there() {
    let redactor = armed(&[("TOKEN", VALUE)]);
    let block = json!({"type": "image", "data": STANDARD.encode(VALUE)});
    let message = json!({"id": 1, "result": {(github()): {"a": block}}}).to_string();
    let cleaned = redactor.frame(message.as_bytes(), Fields::default()).expect("not blocked");
    let places: Vec<&str> = cleaned.findings.iter().map(|found| &*found.place).collect();
    assert_eq!(places, ["/result/[withheld]/a/data", "/result/[withheld]"]);
}

#[test]
fn of_many_blocks_in_one_object_and_of_objects_in_objects_each_is_looked_into() {
    let data = STANDARD.encode(VALUE);
    let many = r#""data":"AAAAAAAA","#.repeat(1000);
    let redactor = armed(&[("TOKEN", VALUE)]);
    let message = format!(r#"{{"result":{{{many}"blob":"{data}",{many}"a":1}}}}"#);
    assert_eq!(frame(&redactor, &message), message.replace(&data, "[hushpipe:TOKEN]"));
    let (open, close) = (r#"{"data":"AAAAAAAA","in":"#.repeat(1000), "}".repeat(1000));
    let message = format!(r#"{{"result":{open}{{"data":"{data}"}}{close}}}"#);
    assert_eq!(frame(&redactor, &message), message.replace(&data, "[hushpipe:TOKEN]"));
}

#[test]
fn the_media_type_counts_wherever_it_stands_among_the_members() {
    let text = STANDARD.encode(format!("GITHUB={}\n", github()));
    for block in [
        format!(r#"{{"mimeType":"image/png","data":"{text}","type":"image"}}"#),
        format!(r#"{{"data":"{text}","type":"image","mimeType":"image/png"}}"#),
    ] {
        let message = format!(r#"{{"result":{{"content":[{block}]}}}}"#);
        assert_eq!(frame(&armed(&[("TOKEN", VALUE)]), &message), message);
        let message = message.replace("image/png", "text/x-env");
        assert!(frame(&armed(&[("TOKEN", VALUE)]), &message).contains("withheld whole"));
    }
}
