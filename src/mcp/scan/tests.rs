//! Every line is scanned whole, byte by byte, and (as a property) split anywhere.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::mcp::envelope::{Field, Id, Kind, MAX_ID, MAX_METHOD};

fn scan<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Shape {
    let mut scanner = Scanner::default();
    for part in parts {
        scanner.feed(part);
    }
    scanner.finish()
}

/// The shape of a line, which must be the same whole and byte by byte.
fn shape(line: &[u8]) -> Shape {
    let whole = scan([line]);
    assert_eq!(whole, scan(line.chunks(1)), "{}", String::from_utf8_lossy(line));
    whole
}

fn envelope(line: impl AsRef<[u8]>) -> Envelope {
    match shape(line.as_ref()) {
        Shape::Object(envelope) => envelope,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(line.as_ref())),
    }
}

fn id(line: impl AsRef<[u8]>) -> Option<String> {
    envelope(line).id.usable().map(|id| id.raw().to_owned())
}

#[test]
fn an_envelope_is_read_in_any_order_and_spelling() {
    for line in [
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"id":1,"method":"x"}}"#,
        r#" { "params" : [ {"id":null} ] , "method" : "tools/call" , "id" : 7 } "#,
        r#"{"\u0069d":7,"\u006d\u0065\u0074hod":"tools\/c\u0061ll"}"#,
        r#"{"id":6,"method":"ping","method":"tools/call","id":7}"#,
        "\u{feff}{\"id\":7,\"method\":\"tools/call\"}\r",
    ] {
        let envelope = envelope(line);
        assert_eq!(envelope.kind(), Some(Kind::Request));
        assert_eq!(envelope.method, Field::Is("tools/call".to_owned()));
        assert_eq!(envelope.id.usable().map(Id::raw), Some("7"));
    }
}

#[test]
fn an_id_keeps_its_spelling() {
    for raw in
        ["0", "-1", "123456789012345678901234567890", r#""a\u0062\"c""#, r#""\ud800""#, "1.0"]
    {
        assert_eq!(id(format!(r#"{{"result":{{}},"id":{raw}}}"#)), Some(raw.to_owned()));
        assert_eq!(id(format!(r#"{{"id":{raw} ,"result":{{}}}}"#)), Some(raw.to_owned()));
    }
}

#[test]
fn an_id_that_cannot_be_used_is_said_to_be_so() {
    let long = format!("\"{}\"", "x".repeat(MAX_ID + 1));
    for raw in ["{}", "[1]", "true", "NaN", "-", "\"\u{1}\"", long.as_str()] {
        assert_eq!(
            envelope(format!(r#"{{"id":{raw},"method":"m"}}"#)).id,
            Field::Unusable,
            "{raw}"
        );
    }
    let longest = format!("\"{}\"", "x".repeat(MAX_ID));
    assert_eq!(id(format!(r#"{{"id":{longest}}}"#)), Some(longest));
}

#[test]
fn null_counts_as_absent_but_not_for_a_result() {
    let envelope = envelope(r#"{"id":null,"method":null,"error":null,"result":null}"#);
    assert_eq!(envelope, Envelope { result: true, ..Envelope::default() });
}

#[test]
fn a_method_is_text_of_bounded_length() {
    assert_eq!(envelope(r#"{"method":{"a":1}}"#).kind(), Some(Kind::Notification));
    assert_eq!(envelope(r#"{"method":"\ud800"}"#).method, Field::Unusable);
    let line = |length| format!(r#"{{"method":"{}"}}"#, "m".repeat(length));
    assert!(envelope(line(MAX_METHOD)).method.usable().is_some());
    assert_eq!(envelope(line(MAX_METHOD + 1)).method, Field::Unusable);
}

#[test]
fn what_real_servers_write_is_a_message() {
    for line in [
        &br#"{"a":NaN,"b":[Infinity,-Infinity],"c":-Infinity,"id":1}"#[..],
        br#"{"a":1e400,"b":0.10000000000000000000000000001,"id":1}"#,
        br#"{"a":"\ud83d","b":"\udc00\ud800","id":1}"#,
        b"{\"a\":\"\x00\x01\t\xff\xfe\",\"\x00\":[\"\x00]\"],\"id\":1}",
        br#"{"a":"\\","b":["\\","\\\"]","{"],"id":1}"#,
        b"{\"a\":true,\"b\":false,\"c\":null,\"id\":1}\r\n",
    ] {
        assert_eq!(id(line).as_deref(), Some("1"));
    }
}

#[test]
fn depth_is_no_limit() {
    let depth = 3_000_000;
    let line = format!(r#"{{"a":{}{},"id":1}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(
        matches!(scan([line.as_bytes()]), Shape::Object(envelope) if envelope.id != Field::Absent)
    );
}

#[test]
fn an_object_without_members_of_ours_is_no_message() {
    assert_eq!(envelope("{}").kind(), None);
    assert_eq!(envelope(r#"{"level":30,"msg":"id","nested":{"id":1,"result":2}}"#).kind(), None);
}

#[test]
fn anything_else_is_not_json() {
    for line in [
        "",
        " ",
        "hello",
        "1",
        "\"text\"",
        "null",
        "[]",
        "[1]",
        "[{}",
        "[{},]",
        "[{}]]",
        "[[{}]]",
        "[{} {}]",
        "{",
        "}",
        "{}}",
        "{} {}",
        "{}x",
        "{]",
        "[}",
        "{a:1}",
        "{'a':1}",
        "{ level: 30 }",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a" 1}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":undefined}"#,
        r#"{"a":1,2}"#,
        r#"{"a":"b}"#,
        r#"{"a":"b\"}"#,
        r#"{"a":[}"#,
        r#"{"a":{"b":1}"#,
        r#"{"a":"b"c}"#,
        r#"{"a":.5}"#,
        r#"{"a":tru}"#,
        r#"{1:2}"#,
        "Content-Length: 12\r",
        "\u{feff}",
        "\u{feff}\u{feff}{}",
        "[{}]x",
        "{\"a\":1\0}",
    ] {
        assert_eq!(shape(line.as_bytes()), Shape::NotJson, "{line}");
    }
}

#[test]
fn a_batch_is_taken_apart() {
    let line = r#" [ {"id":1,"method":"a","params":[{"id":9}]} , {"method":"b}"},{},{"result":"[","id":"x"}] "#;
    assert_eq!(shape(line.as_bytes()), Shape::Batch);
    let found: Vec<_> = messages(line.as_bytes())
        .map(|(bytes, envelope)| {
            (bytes, envelope.kind(), envelope.id.usable().map(|id| id.raw().to_owned()))
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                &br#"{"id":1,"method":"a","params":[{"id":9}]}"#[..],
                Some(Kind::Request),
                Some("1".into())
            ),
            (br#"{"method":"b}"}"#, Some(Kind::Notification), None),
            (b"{}", None, None),
            (br#"{"result":"[","id":"x"}"#, Some(Kind::Response), Some(r#""x""#.into())),
        ]
    );
}

#[test]
fn a_scanner_forgets_the_line_before() {
    let mut scanner = Scanner::default();
    for (line, expected) in [
        (r#"{"id":1,"method":"#, Shape::NotJson),
        (r#""ping"}"#, Shape::NotJson),
        (r#"[{"id":1}]"#, Shape::Batch),
        ("{}", Shape::Object(Envelope::default())),
    ] {
        scanner.feed(line.as_bytes());
        assert_eq!(scanner.finish(), expected);
    }
}

/// Any JSON value, with text that is hard on a scanner.
fn value() -> impl Strategy<Value = Value> {
    let text = r#"[\[\]{}"\\,:a-cé\n]{0,80}"#;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// `line` in pieces of these sizes, over and over.
fn pieces<'a>(line: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = line;
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(move || {
        let size = rest.len().min(*sizes.next()?);
        let (piece, after) = rest.split_at(size);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

proptest! {
    #[test]
    fn a_message_around_any_value_is_read(value in value(), sizes in prop::collection::vec(1..150usize, 1..8)) {
        let line = json!({"method": "m", "params": value, "x": value, "id": 7}).to_string();
        let shape = scan(pieces(line.as_bytes(), &sizes));
        let Shape::Object(envelope) = shape else { panic!("{line}") };
        prop_assert_eq!(envelope.id, Field::Is(Id::from(7)));
        prop_assert_eq!(envelope.method, Field::Is("m".to_owned()));
    }

    #[test]
    fn a_cut_message_is_not_json(value in value(), cut in any::<prop::sample::Index>()) {
        let line = json!({"id": 7, "params": value}).to_string();
        prop_assert_eq!(scan([&line.as_bytes()[..cut.index(line.len())]]), Shape::NotJson);
    }

    #[test]
    fn any_bytes_have_one_shape_however_split(
        line in r#"(\{"(id|method|x)":\[?)?[\[\]{}"\\,: a-c1é]{0,200}\]?\}?"#,
        sizes in prop::collection::vec(1..90usize, 1..8),
    ) {
        prop_assert_eq!(scan([line.as_bytes()]), scan(pieces(line.as_bytes(), &sizes)));
        prop_assert_eq!(scan([line.as_bytes()]), scan(line.as_bytes().chunks(1)));
    }
}

#[test]
fn a_name_twice_or_in_another_case_is_ambiguous() {
    assert!(
        !envelope(r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"id":1,"ID":2},"x":1,"x":2}"#)
            .ambiguous
    );
    for line in [
        r#"{"id":1,"method":"a","method":"b"}"#,
        r#"{"id":1,"method":"a","\u004dethod":"b"}"#,
        r#"{"ID":1,"method":"a"}"#,
    ] {
        assert!(envelope(line).ambiguous, "{line}");
    }
    let batch = br#"[{"id":1,"method":"a"},{"id":2,"Method":"b"},{"id":3,"method":"c"}]"#;
    let ambiguous: Vec<_> = messages(batch).map(|(_, envelope)| envelope.ambiguous).collect();
    assert_eq!(ambiguous, [false, true, false]);
}
