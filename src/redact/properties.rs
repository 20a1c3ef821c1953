//! For tests: what holds for any message and any stream, whatever secrets stand in it and wherever it is cut.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Redactor;
use super::rule::tests::expand;
use super::spelling::{armed, frame, result, spellings};
use crate::mcp::fields::Fields;
use crate::secret::Secret;

const A: &str = "abcd-1234-efgh";
const B: &str = "zyx\"wv\\utsrq";
const PIN: u64 = 9_081_726_354;

fn redactor() -> Redactor {
    armed(&[("A", A), ("B", B), ("PIN", &PIN.to_string())])
}

/// The formats of some issuers.
fn token(seed: u64) -> String {
    let templates =
        ["ghp_{base62:36}", "sk-ant-api03-{base62:93}AA", "xoxb-{digit:12}-{digit:12}-{base62:24}"];
    expand(templates[usize::try_from(seed % 3).unwrap()], seed).0
}

/// Any JSON with secrets strewn in, as keys and as values, plain and encoded.
fn any_json() -> impl Strategy<Value = Value> {
    let secret = prop_oneof![
        Just(A.to_owned()),
        Just(B.to_owned()),
        Just(STANDARD.encode(format!("user:{A}"))),
        Just(json!({"k": B, "n": PIN}).to_string()),
        any::<u64>().prop_map(token),
        any::<u64>().prop_map(|seed| json!([token(seed)]).to_string()),
    ];
    let string = prop_oneof![
        any::<String>(),
        secret.clone(),
        (any::<String>(), secret, any::<String>()).prop_map(|(a, b, c)| a + &b + &c)
    ];
    let leaf = prop_oneof![
        string.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(PIN)),
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

/// Every string and every key.
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

/// Asserts that `after` is `before` with markers in some strings and keys, and in place of the one secret number.
fn assert_same_structure(before: &Value, after: &Value) {
    let marked = |before: &str, after: &str| before == after || after.contains("[hushpipe:");
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            assert_eq!(before.len(), after.len(), "{before:?} became {after:?}");
            for ((key, value), (new_key, new_value)) in before.iter().zip(after) {
                assert!(marked(key, new_key), "{key} became {new_key}");
                assert_same_structure(value, new_value);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len(), "{before:?} became {after:?}");
            before.iter().zip(after).for_each(|(old, new)| assert_same_structure(old, new));
        }
        (Value::String(before), Value::String(after)) => {
            assert!(marked(before, after), "{before} became {after}");
        }
        (Value::Number(number), Value::String(after)) => {
            assert_eq!((number.as_u64(), &**after), (Some(PIN), "[hushpipe:PIN]"));
        }
        _ => assert_eq!(before, after),
    }
}

proptest! {
    #[test]
    fn no_value_survives_the_structure_stays_and_twice_is_once(data in any_json()) {
        let redactor = redactor();
        let input = json!({"jsonrpc": "2.0", "id": 1, "result": {"structuredContent": data, "content": [{"type": "text", "text": data.to_string()}]}});
        let once = frame(&redactor, &input.to_string());
        let parsed: Value = serde_json::from_str(&once).expect("still JSON");
        assert_same_structure(&input, &parsed);
        if data.is_object() || data.is_array() {
            let text = parsed["result"]["content"][0]["text"].as_str().expect("a text");
            let inner: Value = serde_json::from_str(text).expect("JSON in it is still JSON");
            assert_same_structure(&data, &inner);
        }
        for text in strings(&parsed) {
            prop_assert!(!text.contains(A) && !text.contains(B), "{text}");
        }
        let again = redactor.frame(once.as_bytes(), Fields::default()).expect("not blocked");
        prop_assert_eq!(again.clean.as_bytes(), once.as_bytes());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\\\"{}[],:u%\r\n".to_vec())], 0..200)) {
        let redactor = armed(&[("A", A)]);
        let cleaned = redactor.frame(&bytes, Fields::default()).expect("holds no value");
        prop_assert_eq!(cleaned.clean.as_bytes(), &bytes[..]);
        let text = redactor.text(&bytes);
        prop_assert_eq!(text.clean.as_bytes(), &bytes[..]);
    }

    /// A value between any bytes: it goes, and what is left is the same the second time.
    #[test]
    fn of_any_bytes_with_a_value_the_rest_is_left(
        value in prop::collection::vec(any::<u8>(), 12..40),
        before in prop::collection::vec(any::<u8>(), 0..40),
        after in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let secret = Secret::new(value.trim_ascii().to_vec());
        prop_assume!(secret.weakness().is_none());
        let redactor = Redactor::armed([("TOKEN", &secret)]);
        let said = [before, value.clone(), after].concat();
        let cleaned = redactor.text(&said);
        let once = cleaned.clean.as_bytes();
        prop_assert!(memchr::memmem::find(once, value.trim_ascii()).is_none());
        prop_assert!(memchr::memmem::find(once, b"[hushpipe:TOKEN]").is_some());
        let again = redactor.text(once);
        prop_assert_eq!(again.clean.as_bytes(), once);
    }
}

/// Asserts that a marker stands there and the spelling does not.
fn assert_gone(spelling: &str, out: &str) -> Result<(), TestCaseError> {
    prop_assert!(out.contains("[hushpipe:TOKEN]"), "not found: {spelling} in {out}");
    prop_assert!(!out.contains(spelling), "left as it was: {spelling}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_value_is_found_in_every_spelling(
        value in "[ -~]{8,40}|[a-zé€😀\\\\\"'/%+=\n\t -]{6,30}|[0-9a-f]{16,64}",
        before in "[ -~\n]{0,20}",
        after in "[ -~\n]{0,20}",
    ) {
        let value = value.trim();
        prop_assume!(Secret::new(value.as_bytes().to_vec()).weakness().is_none());
        let redactor = armed(&[("TOKEN", value)]);
        for spelling in spellings(value) {
            let said = format!("{before} {spelling} {after}");
            let text = redactor.text(said.as_bytes());
            assert_gone(&spelling, &String::from_utf8_lossy(text.clean.as_bytes()))?;
            assert_gone(&spelling, &frame(&redactor, &result(&said)))?;
        }
    }

    /// Any spelling in a stream that comes in any pieces, in lines of any length.
    #[test]
    fn any_value_is_found_on_stderr_wherever_it_is_cut(
        value in "[a-zA-Z0-9/+%\"\\\\-]{12,40}",
        which in any::<prop::sample::Index>(),
        lead in prop_oneof![0_usize..200, 97_000_usize..133_000],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        prop_assume!(Secret::new(value.as_bytes().to_vec()).weakness().is_none());
        let redactor = armed(&[("TOKEN", &value)]);
        let all = spellings(&value);
        let spelling = which.get(&all);
        let said = format!("{} {spelling} and on\n", ". ".repeat(lead / 2));
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(said.len())).collect();
        cuts.extend([0, said.len()]);
        cuts.sort_unstable();
        let mut cleaner = redactor.stderr();
        let mut out = Vec::new();
        cuts.windows(2).for_each(|cut| cleaner.push(&said.as_bytes()[cut[0]..cut[1]], &mut out));
        cleaner.finish(&mut out);
        assert_gone(spelling, &String::from_utf8(out).expect("always UTF-8"))?;
    }
}

/// Texts that rules find something in, also over several lines and strings.
fn credential() -> impl Strategy<Value = String> {
    let templates = [
        "ghp_{base62:36}",
        "https://me:{base62:10}/{base62:6}?x@git.corp.example/o/r",
        "postgres://app:{base62:8}#{base62:8}@db.corp.example/shop",
        "password={base62:16}",
        "Authorization: Bearer {base62:40}",
        "Server=db;Database=a;Password={base62:12};Encrypt=true",
        "kind: Secret\ndata:\n  pin: {base62:20}\n  b: '{base62:8}'\n",
        "{dashes}BEGIN {key}{dashes}\n{base64:64}\n{base64:64}\n{dashes}END {key}{dashes}",
        "machine a login b password {base62:12}",
        "eyJhbGciOiJIUzI1NiJ9.{base62:40}.{base62:30}/+{base62:12}",
    ];
    (any::<prop::sample::Index>(), any::<u64>())
        .prop_map(move |(which, seed)| expand(which.get::<&str>(&templates), seed).0)
}

/// Any JSON with credentials in it as a program writes them.
fn document() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z \"\\\\{}\\[\\]:,\n]{0,12}",
        credential(),
        ("[a-z \"{}:]{0,8}", credential(), "[a-z \"{},]{0,8}").prop_map(|(a, b, c)| a + &b + &c),
    ];
    let secret = (text.clone(), credential()).prop_map(|(text, value)| {
        let inner = json!({"url": value, "m": text}).to_string();
        json!({"kind": "Secret", "stringData": {"c.json": inner, "pin": value, "t": text}})
    });
    let lines = credential().prop_map(|key| Value::from(key.lines().collect::<Vec<_>>()));
    let leaf = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(Value::from(true)),
        secret,
        lines,
    ];
    let name =
        prop_oneof![Just("password".to_owned()), Just("api_key".to_owned()), "[a-z]{1,6}", text];
    let level = leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            inner.clone().prop_map(|inner| Value::from(inner.to_string())),
            prop::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    });
    prop::collection::vec(level, 1..4).prop_map(Value::from)
}

/// Asserts that the same keys hold the same kinds of values, in JSON inside strings too.
fn assert_same_shape(before: &Value, after: &Value) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            assert_eq!(before.len(), after.len(), "{before:?} became {after:?}");
            for ((key, value), (new_key, new_value)) in before.iter().zip(after) {
                assert!(key == new_key || new_key.contains("[hushpipe:"), "{key} became {new_key}");
                assert_same_shape(value, new_value);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len(), "{before:?} became {after:?}");
            before.iter().zip(after).for_each(|(old, new)| assert_same_shape(old, new));
        }
        (Value::String(before), Value::String(after)) => {
            let inner = serde_json::from_str::<Value>(before).ok();
            if let Some(inner) = inner.filter(|inner| inner.is_object() || inner.is_array()) {
                let is_one_known_marker = after.starts_with("[hushpipe:") && after.ends_with(']');
                let new = serde_json::from_str(after);
                match new {
                    Ok(new) => assert_same_shape(&inner, &new),
                    Err(error) => assert!(is_one_known_marker, "{error}: {before} became {after}"),
                }
            }
        }
        (Value::Number(_), Value::String(after)) => {
            assert!(after.starts_with("[hushpipe:"), "{after}")
        }
        _ => assert_eq!(before, after),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever a rule finds in JSON, alone, between words or in a string of other JSON: it stays JSON of the same shape.
    #[test]
    fn no_rule_changes_the_structure_of_json_in_a_text(data in document(), pretty in any::<bool>()) {
        let redactor = Redactor::armed([]);
        let text = if pretty { serde_json::to_string_pretty(&data) } else { serde_json::to_string(&data) };
        let text = text.expect("a text");
        for (before, after) in [("", ""), ("it says: ", " and on"), ("```json\n", "\n```\n")] {
            let said = format!("{before}{text}{after}");
            let message: Value = serde_json::from_str(&frame(&redactor, &result(&said))).expect("still JSON");
            let framed = message["result"]["content"][0]["text"].as_str().expect("a text").to_owned();
            let alone = String::from_utf8(redactor.text(said.as_bytes()).clean.as_bytes().to_vec()).expect("UTF-8");
            for left in [framed, alone] {
                let inner = left.strip_prefix(before).and_then(|left| left.strip_suffix(after)).expect("words stay");
                let inner: Value = serde_json::from_str(inner).unwrap_or_else(|error| panic!("{error}: {said} became {left}"));
                assert_same_shape(&data, &inner);
            }
        }
    }
}
