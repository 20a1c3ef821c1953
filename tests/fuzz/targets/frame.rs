//! A message of any bytes, with a value in it that the input chooses: the value goes, the structure stays, and a second
//! pass changes nothing.

#![no_main]

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use hushpipe::secret::Secret;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (value, before, after) = input;
    let value = value.trim_ascii();
    let secret = Secret::new(value.to_vec());
    if secret.weakness().is_some() || may_be_of_a_marker(value) {
        return;
    }
    let redactor = Redactor::armed([("TOKEN", &secret)]);
    let message = [before, value, after].concat();
    let Ok(once) = redactor.frame(&message, Fields::default()) else { return };
    let once = once.clean.as_bytes();
    if let Ok(before) = serde_json::from_slice::<Value>(&message) {
        let after = serde_json::from_slice(once).expect("JSON stays JSON");
        assert_same_structure(&before, &after);
    }
    let text = redactor.text(&message);
    assert!(
        memchr::memmem::find(text.clean.as_bytes(), value).is_none(),
        "the value is in the text"
    );
    let twice = redactor.frame(once, Fields::default()).expect("what was cleaned is not blocked");
    assert_eq!(twice.clean.as_bytes(), once, "a second pass changed something");
});

/// Whether the value may stand in what is written for it, or begin or end there.
fn may_be_of_a_marker(value: &[u8]) -> bool {
    value.iter().any(|byte| b"[]".contains(byte))
        || memchr::memmem::find(b"[hushpipe:TOKEN]", value).is_some()
}

/// Asserts that only strings, keys, numbers and blocks have changed.
fn assert_same_structure(before: &Value, after: &Value) {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len());
            before
                .iter()
                .zip(after)
                .for_each(|(before, after)| assert_same_structure(before, after));
        }
        // A block of base64 that holds the value gives way to a text, which says so.
        (Value::Object(before), Value::Object(after))
            if ["data", "blob"].iter().any(|name| before.contains_key(*name))
                && after
                    .get("text")
                    .and_then(Value::as_str)
                    .is_some_and(|text| text.contains("was withheld whole")) => {}
        (Value::Object(before), Value::Object(after)) => {
            assert_eq!(before.len(), after.len());
            let pairs = before.values().zip(after.values());
            pairs.for_each(|(before, after)| assert_same_structure(before, after));
        }
        (Value::String(_) | Value::Number(_), Value::String(_)) => {}
        _ => assert_eq!(before, after),
    }
}
