//! What happens where in a message: replaced, blocked, passed, and everything else byte for byte.

use serde_json::{Value, json};

use crate::mcp::fields::Fields;
use crate::redact::rule::tests::expand;
use crate::redact::spelling::{armed, frame, result};
use crate::redact::{Action, Finding, Kind, Redactor};
use crate::secret::Secret;

#[test]
fn a_frame_without_a_finding_is_the_very_input() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    for input in [
        result("plain").as_str(),
        r#"{"a":"\ud800 lone","b":NaN,"c":1E400,"d":"\u0041\/"}"#,
        "",
        "not json at all",
        "\u{feff}{\"jsonrpc\":\"2.0\"}\r",
    ] {
        let cleaned = redactor.frame(input.as_bytes(), Fields::default()).expect("not blocked");
        assert_eq!(cleaned.clean.as_bytes().as_ptr(), input.as_ptr());
        assert_eq!(cleaned.clean.as_bytes(), input.as_bytes());
        assert_eq!(cleaned.findings, []);
    }
}

#[test]
fn everything_around_a_marker_stays_byte_for_byte() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let input = r#"{ "id":1.0e0 ,"result" : {"b":"\u0041\/ abcd-\u0031234-efgh \ud800", "a" :NaN,"n":123456789012345678901234567890}}"#;
    let output = input.replace(r"abcd-\u0031234-efgh", "[hushpipe:TOKEN]");
    assert_eq!(frame(&redactor, input), output);
}

#[test]
fn findings_name_what_and_where_and_no_value() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let input =
        r#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"a/b":[0,"x abcd-1234-efgh"]}}}"#;
    let cleaned = redactor.frame(input.as_bytes(), Fields::default()).expect("not blocked");
    let place = "/result/structuredContent/a~1b/1".to_owned();
    let (kind, action) = (Kind::Value, Action::Replaced);
    let finding = Finding { kind, what: "TOKEN".into(), place, len: 14, action, hmac: None };
    assert_eq!(cleaned.findings, [finding]);

    let key =
        r#"{"id":1,"result":{"structuredContent":{"abcd-1234-efgh":{"x":"abcd-1234-efgh"}}}}"#;
    let cleaned = redactor.frame(key.as_bytes(), Fields::default()).expect("not blocked");
    assert!(!format!("{:?}", cleaned.findings).contains("1234"));
}

#[test]
fn a_value_in_a_protocol_place_blocks_the_message() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    for input in [
        r#"{"jsonrpc":"2.0","id":"abcd-1234-efgh","result":{}}"#,
        r#"{"jsonrpc":"2.0","method":"x/abcd-1234-efgh"}"#,
        r#"{"id":1,"result":{"resources":[{"uri":"db://u:abcd-1234-efgh@h","name":"n"}]}}"#,
        r#"{"id":1,"result":{"resources":[{"\u0075ri":"db://u:abcd-1234-efgh@h"}]}}"#,
        r#"{"id":1,"result":{"nextCursor":"abcd-1234-efgh"}}"#,
        r#"{"id":1,"result":{"tools":[{"name":"abcd-1234-efgh"}]}}"#,
        r#"{"method":"notifications/progress","params":{"progressToken":"abcd-1234-efgh"}}"#,
        r#"{"id":1,"result":{"abcd-1234-efgh":1}}"#,
        r#"[{"id":"abcd-1234-efgh","result":{}}]"#,
    ] {
        let blocked = redactor.frame(input.as_bytes(), Fields::default()).err().expect(input);
        assert_eq!(blocked.findings.len(), 1, "{input}");
        assert!(!blocked.to_string().contains("1234"), "{blocked}");
    }
}

#[test]
fn a_rule_in_a_protocol_place_passes() {
    let (token, _) = expand("ghp_{base62:36}", 3);
    let input =
        format!(r#"{{"id":1,"result":{{"nextCursor":"{token}","x":[{{"text":"{token}"}}]}}}}"#);
    let cleaned =
        armed(&[]).frame(input.as_bytes(), Fields::default()).expect("not blocked").findings;
    assert_eq!(cleaned[0].action, Action::Passed);
    assert_eq!(cleaned[1].action, Action::Replaced);
}

#[test]
fn keys_of_data_are_replaced_and_stay_unique() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let input = r#"{"id":1,"result":{"structuredContent":{"abcd-1234-efgh":1,"abcd-123\u0034-efgh":2,"k":3}}}"#;
    let out: Value = serde_json::from_str(&frame(&redactor, input)).expect("JSON");
    let expected = json!({"[hushpipe:TOKEN]": 1, "[hushpipe:TOKEN]#2": 2, "k": 3});
    assert_eq!(out["result"]["structuredContent"], expected);
}

/// What a client keeps of an object that has a key twice is anybody's guess.
#[test]
fn keys_stay_unique_beside_markers_that_came_and_in_json_in_a_text() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let marker = "[hushpipe:TOKEN]";
    for keys in [
        ["abcd-1234-efgh", r"abcd-123\u0034-efgh", "k"],
        [marker, "abcd-1234-efgh", "k"],
        ["abcd-1234-efgh", "[hushpipe:TOKEN]#2", r"abcd-123\u0034-efgh"],
        ["abcd-1234-efgh", r"abcd-123\u0034-efgh", marker],
        ["x abcd-1234-efgh", "x [hushpipe:TOKEN]", "x [hushpipe:TOKEN]#2"],
    ] {
        let object = format!(r#"{{"{}":1,"{}":2,"{}":3}}"#, keys[0], keys[1], keys[2]);
        let data = format!(r#"{{"id":1,"result":{{"structuredContent":{object}}}}}"#);
        let text = result(&format!("\n {object}"));
        let deeper = result(&json!({"a": [0, object], "b": object}).to_string());
        for input in [data, text, deeper] {
            let once = frame(&redactor, &input);
            assert_eq!(frame(&redactor, &once), once);
            assert!(!once.contains("-efgh"), "{once}");
            let message: Value = serde_json::from_str(&once).expect("JSON");
            let data = &message["result"]["structuredContent"];
            let text = &message["result"]["content"][0]["text"];
            let outer = text.as_str().map_or(data.clone(), |text| {
                serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
            });
            let inner: Vec<Value> = match outer.get("a") {
                Some(a) => [&a[1], &outer["b"]]
                    .map(|inner| serde_json::from_str(inner.as_str().unwrap()).unwrap())
                    .into(),
                None => vec![outer],
            };
            for object in inner {
                assert_eq!(object.as_object().unwrap().len(), 3, "{object} of {input}");
            }
        }
    }
}

/// A bare marker in it would make it something that no client can read.
#[test]
fn a_number_in_json_in_a_text_becomes_a_string() {
    let redactor = armed(&[("PIN", "9081726354"), ("SHORT", "4711")]);
    let data = r#"{ "pin":9081726354, "n":[4711,-9081726354 , 14711,"x 9081726354"],"z":1}"#;
    let expected = r#"{ "pin":"[hushpipe:PIN]", "n":["[hushpipe:SHORT]","[hushpipe:PIN]" , 14711,"x [hushpipe:PIN]"],"z":1}"#;
    let nest = |text: &str| json!({"t": text, "u": [text]}).to_string();
    assert_eq!(frame(&redactor, &result(data)), result(expected));
    assert_eq!(frame(&redactor, &result(&nest(data))), result(&nest(expected)));
    let array = "[9081726354,{\"a\":4711}]";
    let expected = "[\"[hushpipe:PIN]\",{\"a\":\"[hushpipe:SHORT]\"}]";
    assert_eq!(frame(&redactor, &result(array)), result(expected));
    for prose in ["[9081726354] is it", "[note] 9081726354, as said", "{x: 9081726354 y}"] {
        let expected = result(&prose.replace("9081726354", "[hushpipe:PIN]"));
        let expected = expected.replace("[[hushpipe:PIN]]", r#"[\"[hushpipe:PIN]\"]"#);
        assert_eq!(frame(&redactor, &result(prose)), expected);
    }
}

#[test]
fn a_number_that_is_the_value_becomes_a_string() {
    let redactor = armed(&[("PIN", "9081726354"), ("SHORT", "4711")]);
    let input = r#"{"id":4711,"result":{"structuredContent":{"pin":9081726354,"n":[4711,14711,"4711","a4711"]}}}"#;
    let expected = r#"{"id":4711,"result":{"structuredContent":{"pin":"[hushpipe:PIN]","n":["[hushpipe:SHORT]",14711,"[hushpipe:SHORT]","a4711"]}}}"#;
    assert_eq!(frame(&redactor, input), expected);
}

#[test]
fn weak_values_match_as_a_whole_leaf_only() {
    let redactor = armed(&[("PASS", "password")]);
    let input = r#"{"id":1,"result":{"content":[{"type":"text","text":"the password"},{"text":"p\u0061ssword"}]}}"#;
    assert_eq!(frame(&redactor, input), input.replace(r"p\u0061ssword", "[hushpipe:PASS]"));
}

/// Servers repeat what they give as structured content in a text beside it.
#[test]
fn leaves_of_json_in_a_text_are_leaves() {
    let redactor = armed(&[("PASS", "password"), ("PIN", "4711"), ("LONG", "abcd-1234-efgh")]);
    let said = json!({"": "", "a": "password", "n": 4711, "password": ["no password", "4711"], "b": "abcd-1234-efgh"});
    for text in [said.to_string(), format!("\n{said:#}\n"), json!([said.to_string()]).to_string()] {
        let left = frame(&redactor, &result(&text));
        let left: Value = serde_json::from_str(&left).unwrap();
        let left = left["result"]["content"][0]["text"].as_str().unwrap();
        let quote = if text.starts_with("[") { "\\\"" } else { "\"" };
        let expected = text
            .replace(
                &format!("{quote}password{quote},"),
                &format!("{quote}[hushpipe:PASS]{quote},"),
            )
            .replace(&format!("{quote}4711{quote}"), &format!("{quote}[hushpipe:PIN]{quote}"))
            .replace("4711", &format!("{quote}[hushpipe:PIN]{quote}"))
            .replace("abcd-1234-efgh", "[hushpipe:LONG]");
        assert_eq!(left, expected);
    }
    for text in ["{password} [4711x] no JSON", "the {\"a\":\"password\"}", "{\"password\":1}"] {
        assert_eq!(frame(&redactor, &result(text)), result(text));
    }
}

#[test]
fn a_value_that_is_no_text_takes_nothing_of_its_neighbours() {
    let values = [&b"\x80\x9f\xbfab-1234-\xe2\x82"[..], b"\xbf\xbf\xbf\xbf-1234-ab\xc3"];
    for value in values {
        let secret = Secret::new(value.to_vec());
        let redactor = Redactor::armed([("TOKEN", &secret)]);
        for (before, after) in [("\\n", "\\n"), ("\\\"", "\\\""), ("é", "é"), ("", ""), ("€€", "€")]
        {
            let around = |middle: &[u8]| {
                [br#"{"a":""#, before.as_bytes(), middle, after.as_bytes(), br#"","b":"x"}"#]
                    .concat()
            };
            let input = around(value);
            let cleaned = redactor.frame(&input, Fields::default()).expect("not blocked");
            let out = String::from_utf8_lossy(cleaned.clean.as_bytes()).into_owned();
            assert_eq!(out.as_bytes(), around(b"[hushpipe:TOKEN]"), "{out}");
            serde_json::from_str::<Value>(&out).expect("still JSON");
        }
    }
}

#[test]
fn a_character_that_is_hit_in_part_goes_as_a_whole() {
    let text = "aé€😀z".as_bytes();
    let boundaries = [0, 1, 3, 6, 10, 11];
    for start in 0..=text.len() {
        for end in start..=text.len() {
            let wide = super::whole_chars(text, start..end);
            let lowest = boundaries.iter().rev().find(|at| **at <= start).expect("0 is there");
            let highest = boundaries.iter().find(|at| **at >= end).expect("the end is there");
            assert_eq!(wide, *lowest..*highest, "{start}..{end}");
        }
    }
}

/// Deeper than any client reads, the walk keeps no account of where it is; every string is text there.
#[test]
fn brackets_without_end_cost_no_memory_and_hide_nothing() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    for (open, close) in [("[", "]"), (r#"{"abcd-1234-efgh":"#, "}"), (r#"[{"k":"#, "}]")] {
        let depth = 300_000;
        let data = format!(
            r#"{}["abcd-1234-efgh","abcd-1234-efgh"]{}"#,
            open.repeat(depth),
            close.repeat(depth)
        );
        let input = format!(
            r#"{{"id":1,"result":{{"structuredContent":{data},"nextCursor":"c","x":{{"abcd-1234-efgh":1}}}}}}"#
        );
        let blocked = redactor.frame(input.as_bytes(), Fields::default()).err();
        // Behind the data the walk knows where it is again: a key of the protocol's own objects is not rewritten.
        let place = blocked.expect("a value as a key").findings.remove(0).place;
        assert_eq!(place, "/result/x/[withheld]");
        let clean = frame(&redactor, &input.replace(r#","x":{"abcd-1234-efgh":1}"#, ""));
        assert!(!clean.contains("-1234-"), "{open}");
        assert!(clean.ends_with(r#","nextCursor":"c"}}"#), "{}", &clean[clean.len() - 60..]);
    }
    let brackets = "[".repeat(1_000_000);
    let mut walker = super::Walker::new(brackets.as_bytes(), Fields::default());
    assert_eq!(walker.next(), None);
    assert!(walker.memory() < 1 << 20, "{} bytes", walker.memory());
}
