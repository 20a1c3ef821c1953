//! Known values: every spelling, every place, in frames and in text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::spelling::{armed, frame, result, spellings};
use super::*;

const TOKEN: &str = "tok/9Kx+Zq\"é\\r7Wv<4Lp&2Nd";

fn text(redactor: &Redactor, text: &str) -> String {
    String::from_utf8(redactor.text(text.as_bytes()).clean.as_bytes().to_vec()).expect("UTF-8")
}

/// A marker stands there and the spelling does not; of one that says nothing but the value, no 8 bytes are left.
fn assert_gone(spelling: &str, out: &str, context: &str) {
    assert!(out.contains("[hushpipe:TOKEN]"), "not found: {spelling} in {context}, out: {out}");
    assert!(!out.contains(spelling), "left as it was: {spelling} in {context}");
}

#[test]
fn of_a_plain_spelling_nothing_is_left() {
    for value in [TOKEN, "abcdefg8", "0123456789abcdef0123456789abcdef"] {
        let redactor = armed(&[("TOKEN", value)]);
        for spelling in spellings(value).into_iter().take(spelling::PLAIN) {
            let out = text(&redactor, &spelling);
            let left = out.trim_matches(['"', '\\']);
            assert_eq!(left, "[hushpipe:TOKEN]", "{spelling}");
        }
    }
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

/// A model reads what nobody sees past, and `grep --color` writes what a terminal obeys into the middle of a match.
#[test]
fn a_value_with_what_nobody_sees_in_it_is_found() {
    let value = "k9-Qw7xZ2v+B5nM1pL8sD4f/G6h";
    let redactor = armed(&[("TOKEN", value)]);
    let odd = [
        "\u{200b}",
        "\u{feff}\u{2060}",
        "\u{ad}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{7f}",
        "\u{1b}[01;31m\u{1b}[K",
    ];
    let undone_before = |spelling: &String| spelling.contains(['\\', '%']);
    for spelling in spellings(value).into_iter().filter(|spelling| !undone_before(spelling)) {
        for (odd, step) in odd.iter().flat_map(|odd| [1, 3, 7].map(|step| (odd, step))) {
            let chars: Vec<char> = spelling.chars().collect();
            let pieces: Vec<String> = chars.chunks(step).map(String::from_iter).collect();
            let split = pieces.join(odd);
            for said in [format!("é {split} 😀"), split.clone()] {
                assert_gone(&split, &text(&redactor, &said), odd);
                let message = result(&said);
                assert_gone(&split, &frame(&redactor, &message), odd);
                let escaped = message.replace(odd, &spelling::escape_all(odd));
                let out = frame(&redactor, &escaped);
                assert!(out.contains("[hushpipe:TOKEN]"), "{out}");
            }
        }
    }
    let beside = "a\u{200b}k9-Qw7xZ2v+B5nM1pL8sD4f/G6h\u{200b}b";
    assert_eq!(text(&redactor, beside), "a\u{200b}[hushpipe:TOKEN]\u{200b}b");
    let emoji = "👩\u{200d}💻 ❤\u{fe0f} \u{1b}[1mbold\u{1b}[0m";
    assert_eq!(text(&redactor, emoji), emoji);
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
fn long_frames_are_looked_at_in_pieces_and_nothing_slips_between() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let (window, overlap) = (256 * 1024, 32 * 1024);
    for around in [window - overlap, window, 2 * window - 2 * overlap] {
        for before in (around - 80..around + 20).step_by(5) {
            let secret = r"\\u0061bcd-1234-efg\\u0068";
            let frame =
                format!(r#"{{"a":"{}{secret}{}"}}"#, ".".repeat(before), "-\\n".repeat(14_000));
            let cleaned = redactor.frame(frame.as_bytes(), Fields::default()).expect("not blocked");
            let expected = frame.replace(secret, "[hushpipe:TOKEN]");
            assert!(cleaned.clean.as_bytes() == expected.as_bytes(), "after {before}");
        }
    }
}

/// A decoder that starts between a backslash and what it escapes takes the first letter of the value for an escape.
#[test]
fn a_value_behind_any_run_of_backslashes_is_found() {
    let redactor = armed(&[("TOKEN", "nbcd-1234-efgh")]);
    let (window, overlap) = (256 * 1024, 32 * 1024);
    for run in [1_026, 40_000, window + 2, 2 * window + 6] {
        for before in (window - overlap - 1_040..).step_by(347).take(4) {
            for shift in 0..4 {
                let (head, run) = (".".repeat(before + shift), "\\".repeat(run));
                let tail = ".".repeat(window);
                let said = format!(r#"{{"a":"{head}{run}nbcd-1234-efgh{tail}"}}"#);
                let cleaned = redactor.frame(said.as_bytes(), Fields::default()).expect("passes");
                let expected = said.replace("nbcd-1234-efgh", "[hushpipe:TOKEN]");
                let context = format!("{} behind {}", run.len(), head.len());
                assert!(cleaned.clean.as_bytes() == expected.as_bytes(), "{context}");
            }
        }
    }
}

#[test]
fn what_only_looks_random_is_not_touched() {
    let redactor = armed(&[("TOKEN", TOKEN)]);
    for template in [
        "commit {hex:40}\n    tree {hex:40}",
        "\"integrity\": \"sha512-{base64:86}==\"",
        "https://bucket.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA{base32:16}%2F20260101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature={hex:64}&X-Amz-Security-Token={base62:300}",
        "{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}",
        "data:image/png;base64,iVBORw0KGgo{base64:400}",
        "page_token={base62:64}&cursor={base64:64}",
    ] {
        for seed in 0..20 {
            let (said, _) = rule::tests::expand(template, seed);
            assert_eq!(text(&redactor, &said), said);
            assert_eq!(frame(&redactor, &result(&said)), result(&said));
        }
    }
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
        if let Ok(cleaned) = redactor.frame(input, Fields::default()) {
            let out = String::from_utf8_lossy(cleaned.clean.as_bytes()).into_owned();
            assert!(!out.contains("1234"), "{out}");
            assert!(out.contains("[hushpipe:TOKEN]"), "{out}");
        }
    }
}

#[test]
fn the_end_of_the_line_changes_nothing_and_stays() {
    let redactor = armed(&[("A", "abcd-1234-efgh"), ("B", "1234")]);
    let said = |text: String| {
        let cleaned = redactor.frame(text.as_bytes(), Fields::default());
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

/// A long frame is looked at in pieces; at the edge of one the middle of a word looks like the start of a token.
#[test]
fn the_edge_of_a_piece_is_not_the_edge_of_a_word() {
    let mut state = 7_u32;
    let body: String = (0..93)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(
                b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
                    [state as usize >> 8 & 31],
            )
        })
        .collect();
    let token = format!("sk-ant-api03-{body}AA");
    let redactor = Redactor::armed([]);
    let findings =
        |text: &str| redactor.frame(text.as_bytes(), Fields::default()).unwrap().findings.len();
    assert_eq!(findings(&format!(r#"{{"a":"{token}"}}"#)), 1, "the token is one of the rule's");
    let inside = format!("zz{token} ").repeat(2_700);
    for shift in 0..token.len() + 3 {
        let text = format!(r#"{{"a":"{}{inside}"}}"#, "y".repeat(shift));
        assert_eq!(findings(&text), 0, "shifted by {shift}");
    }
}
#[test]
fn a_beginning_in_front_of_the_whole_value_is_no_cut() {
    let value = r#"{"type":"account","key":"Qm7xKp2Vb9Rt4Wz8Yc1Nd6Fg3Hj5"}"#;
    let answer = frame(&armed(&[("ACCOUNT", value)]), &result(value));
    assert!(answer.contains(r#"{"type":"text","text":"[hushpipe:ACCOUNT]"}"#), "{answer}");
}
