//! Known values: every spelling, every place, in frames and in text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::spelling::{armed, spellings};
use super::*;

const TOKEN: &str = "tok/9Kx+Zq\"é\\r7Wv<4Lp&2Nd";

fn frame(redactor: &Redactor, frame: &str) -> String {
    let cleaned = redactor.frame(frame.as_bytes()).expect("not blocked");
    String::from_utf8(cleaned.clean.as_bytes().to_vec()).expect("UTF-8")
}

fn text(redactor: &Redactor, text: &str) -> String {
    String::from_utf8(redactor.text(text.as_bytes()).clean.as_bytes().to_vec()).expect("UTF-8")
}

/// A result with this text in it, as a server writes it.
fn result(text: &str) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}})
        .to_string()
}

/// No eight characters of what a spelling says of the value are left, in that spelling.
fn assert_gone(spelling: &str, out: &str, context: &str) {
    assert!(out.contains("[hushpipe:TOKEN]"), "not found: {spelling} in {context}, out: {out}");
    assert!(!out.contains(spelling), "left as it was: {spelling} in {context}");
}

#[test]
fn every_spelling_is_found_in_frames_and_text() {
    for value in [
        TOKEN,
        "abcdefg8",
        "0123456789abcdef0123456789abcdef",
        &"Zx9+y".repeat(13),
        "two words & 3",
    ] {
        let redactor = armed(&[("TOKEN", value)]);
        for spelling in spellings(value) {
            for context in ["{}", "before {} after", "k={}&x=1", "\"{}\"", "({})", "line\n{}\nline"]
            {
                let said = context.replace("{}", &spelling);
                assert_gone(&spelling, &text(&redactor, &said), context);
                let out = frame(&redactor, &result(&said));
                assert_gone(&spelling, &out, context);
                serde_json::from_str::<Value>(&out).expect("still JSON");
            }
        }
    }
}

#[test]
fn no_bits_are_left_beside_a_base64_hit() {
    let value = "S3cr3t!Value#42x";
    let redactor = armed(&[("TOKEN", value)]);
    for (before, after) in
        [("", ""), ("u", ""), ("us", ""), ("u", "y"), ("us", "yz"), ("use", "r:x")]
    {
        let encoded = STANDARD.encode(format!("{before}{value}{after}"));
        let out = text(&redactor, &format!("<{encoded}>"));
        let (left, right) = out[1..out.len() - 1].split_once("[hushpipe:TOKEN]").expect("found");
        // Whole characters outside may hold the neighbours' bits only.
        assert!(left.len() * 6 <= before.len() * 8, "{out}");
        assert!(
            right.trim_end_matches('=').len() * 6 <= after.len().next_multiple_of(3) * 8,
            "{out}"
        );
        assert!(after.is_empty() || !right.starts_with('='), "{out}");
        if after.is_empty() {
            assert_eq!(right, "", "{out}");
        }
    }
}

#[test]
fn a_frame_without_a_finding_is_the_very_input() {
    let redactor = armed(&[("TOKEN", TOKEN)]);
    for input in [
        result("plain").as_str(),
        r#"{"a":"\ud800 lone","b":NaN,"c":1E400,"d":"\u0041\/"}"#,
        "",
        "not json at all",
        "\u{feff}{\"jsonrpc\":\"2.0\"}\r",
    ] {
        let cleaned = redactor.frame(input.as_bytes()).expect("not blocked");
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
    let cleaned = redactor.frame(input.as_bytes()).expect("not blocked");
    let place = "/result/structuredContent/a~1b/1".to_owned();
    let finding = Finding { what: "TOKEN".into(), place, len: 14, action: Action::Replaced };
    assert_eq!(cleaned.findings, [finding]);

    let key =
        r#"{"id":1,"result":{"structuredContent":{"abcd-1234-efgh":{"x":"abcd-1234-efgh"}}}}"#;
    let cleaned = redactor.frame(key.as_bytes()).expect("not blocked");
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
        let blocked = redactor.frame(input.as_bytes()).err().expect(input);
        assert_eq!(blocked.findings.len(), 1, "{input}");
        assert!(!blocked.to_string().contains("1234"), "{blocked}");
    }
}

#[test]
fn a_rule_in_a_protocol_place_passes() {
    let (token, _) = rule::tests::expand("ghp_{base62:36}", 3);
    let input =
        format!(r#"{{"id":1,"result":{{"nextCursor":"{token}","x":[{{"text":"{token}"}}]}}}}"#);
    let cleaned = armed(&[]).frame(input.as_bytes()).expect("not blocked").findings;
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

#[test]
fn binary_content_is_replaced_as_a_whole_and_stays_base64() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let data = STANDARD.encode(b"\x89PNG....abcd-1234-efgh....");
    let input =
        format!(r#"{{"id":1,"result":{{"content":[{{"type":"image","data":"{data}"}}]}}}}"#);
    let out = frame(&redactor, &input);
    assert_eq!(out, input.replace(&data, &STANDARD.encode("[hushpipe:TOKEN]")));
}

#[test]
fn a_value_cut_short_is_found_from_half_or_sixteen_bytes_on() {
    let value = "k9-Qw7xZ2vB5nM1pL8sD4fG6hJ3kR0tY_aEuIoP";
    let redactor = armed(&[("TOKEN", value)]);
    for len in value.len().div_ceil(2).max(16)..=value.len() {
        assert_eq!(text(&redactor, &format!("<{}>", &value[..len])), "<[hushpipe:TOKEN]>");
        let hex: String = value[..len].bytes().map(|b| format!("{b:02x}")).collect();
        assert_eq!(text(&redactor, &hex), "[hushpipe:TOKEN]");
        assert_eq!(text(&redactor, &STANDARD.encode(&value[..len])), "[hushpipe:TOKEN]");
    }
}

#[test]
fn overlapping_and_nested_values_leave_nothing() {
    let redactor = armed(&[
        ("A", "ppassword1"),
        ("B", "word1-and-more"),
        ("OUTER", "xx-inner-value-yy"),
        ("INNER", "inner-value"),
    ]);
    assert_eq!(text(&redactor, "pppassword1-and-more"), "p[hushpipe:B]");
    assert_eq!(
        text(&redactor, "xx-inner-value-yy inner-value"),
        "[hushpipe:OUTER] [hushpipe:INNER]"
    );
    let redactor = armed(&[("LOOP", "abcdeabcdeabcde")]);
    assert_eq!(text(&redactor, "abcdeabcdeabcdeabcdeabcdeab"), "[hushpipe:LOOP]ab");
}

#[test]
fn a_name_that_is_a_value_is_not_shown() {
    let redactor = armed(&[("MY_TOKEN_1", "MY_TOKEN_1")]);
    assert_eq!(text(&redactor, "MY_TOKEN_1"), "[hushpipe:secret-1]");
}

#[test]
fn parts_of_structured_values_are_secrets_too() {
    let (pem, body) = rule::tests::expand(
        "{dashes}BEGIN {key}{dashes}\n{base64:64}\n{base64:64}\n{dashes}END {key}{dashes}",
        5,
    );
    let account =
        json!({"type": "service_account", "private_key": pem, "client_email": "me@corp.example"})
            .to_string();
    for (value, part) in [
        ("postgres://app:s3cr%2Fet-pw@db.example:5432/orders", "s3cr/et-pw"),
        ("postgres://app:s3cr%2Fet-pw@db.example:5432/orders", "s3cr%2Fet-pw"),
        ("app:s3cret-pw9@tcp(db.example)/orders", "s3cret-pw9"),
        ("https://tokenvalue-42@host.example/x", "tokenvalue-42"),
        ("Server=db;User Id=sa;Password=Pa55-w0rd-9;Encrypt=true", "Pa55-w0rd-9"),
        ("jdbc:postgresql://h/db?user=u&password=Pa55-w0rd-9", "Pa55-w0rd-9"),
        (&account, &body[1]),
        (&account, &pem),
        (&pem, &body[0]),
    ] {
        let redactor = armed(&[("TOKEN", value)]);
        for spelling in [part.to_owned(), STANDARD.encode(format!("user:{part}"))] {
            if part.len() < 60 || spelling == part {
                assert_gone(&spelling, &text(&redactor, &spelling), value);
            }
        }
    }
    let redactor =
        armed(&[("DSN", "postgres://app:s3cret-pw9@db.example:5432/orders"), ("KEY", &account)]);
    let public = "db.example:5432/orders app me@corp.example service_account";
    assert_eq!(text(&redactor, public), public);
}

#[test]
fn hostile_shapes_are_survived() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let deep = 10_000;
    let nested = format!(r#"{}"abcd-1234-efgh"{}"#, r#"{"a":["#.repeat(deep), "]}".repeat(deep));
    assert_eq!(frame(&redactor, &nested), nested.replace("abcd-1234-efgh", "[hushpipe:TOKEN]"));
    for input in [
        &b"\"abcd-1234-efgh"[..],
        b"\"abcd-1234-efgh\\",
        b"}}]],,::\"abcd-1234-efgh\"",
        b"abcd-1234-efgh",
        b"{\"a\" \"abcd-1234-efgh\" \"abcd-1234-efgh\"}",
        b"\xff\xfe\0\"abcd-1234-efgh\xff\"",
        b"{\"a\":\"\\u12\",\"b\":\"\\ud800\\u0041abcd-1234-efgh\"}",
    ] {
        if let Ok(cleaned) = redactor.frame(input) {
            let out = String::from_utf8_lossy(cleaned.clean.as_bytes()).into_owned();
            assert!(!out.contains("1234"), "{out}");
            assert!(out.contains("[hushpipe:TOKEN]"), "{out}");
        }
    }
}

/// Any JSON with secrets strewn in, as keys and as values, plain and encoded.
#[test]
fn the_end_of_the_line_changes_nothing_and_stays() {
    let redactor = armed(&[("A", "abcd-1234-efgh"), ("B", "1234")]);
    let said = |text: String| {
        let cleaned = redactor.frame(text.as_bytes());
        cleaned.map(|cleaned| String::from_utf8_lossy(cleaned.clean.as_bytes()).into_owned())
    };
    for line in [
        r#"{"result":{"text":"abcd-1234-efgh"}}"#,
        r#"{"result":{"structuredContent":{"pin":1234}}}"#,
        r#"{"result":{"structuredContent":{"pin":1234"#,
        r#"{"result":{"text":"1234"#,
        r#"{"result":{"blob":"YWJjZC0xMjM0LWVmZ2g="#,
        r#"{"id":"abcd-1234-efgh"#,
        r#"{"result":{"text":"abcd-1234-efgh\"#,
    ] {
        let alone = said(line.to_owned());
        assert_ne!(alone.as_deref(), Ok(line), "something is found");
        for end in ["\n", "\r\n"] {
            let with_end = alone.clone().map(|out| out + end);
            assert_eq!(said(line.to_owned() + end), with_end);
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let spell = prop_oneof![
        Just("abcd-1234-efgh".to_owned()),
        Just("zyx\"wv\\utsrq".to_owned()),
        Just(STANDARD.encode("user:abcd-1234-efgh")),
        Just(json!({"k": "zyx\"wv\\utsrq"}).to_string()),
    ];
    let string = prop_oneof![
        any::<String>(),
        spell.clone(),
        (any::<String>(), spell, any::<String>()).prop_map(|(a, b, c)| a + &b + &c)
    ];
    let leaf = prop_oneof![
        string.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((string.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(map) => {
            map.iter().flat_map(|(k, v)| [vec![k.clone()], strings(v)].concat()).collect()
        }
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn no_value_survives_json_stays_json_and_twice_is_once(data in any_json()) {
        let redactor = armed(&[("A", "abcd-1234-efgh"), ("B", "zyx\"wv\\utsrq")]);
        let input = json!({"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": data, "content": [{"type": "text", "text": data.to_string()}]}}).to_string();
        let once = frame(&redactor, &input);
        let parsed: Value = serde_json::from_str(&once).expect("still JSON");
        for text in strings(&parsed) {
            prop_assert!(!text.contains("abcd-1234-efgh") && !text.contains("zyx\"wv\\utsrq"), "{text}");
        }
        let again = redactor.frame(once.as_bytes()).expect("not blocked");
        prop_assert_eq!(again.clean.as_bytes(), once.as_bytes());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\\\"{}[],:u%\r\n".to_vec())], 0..200)) {
        let redactor = armed(&[("A", "abcd-1234-efgh")]);
        let cleaned = redactor.frame(&bytes).expect("holds no value");
        prop_assert_eq!(cleaned.clean.as_bytes(), &bytes[..]);
        let text = redactor.text(&bytes);
        prop_assert_eq!(text.clean.as_bytes(), &bytes[..]);
    }
}
