//! For tests: values in every spelling, folded at any width with any margin, leave nothing.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Redactor;
use super::rule::tests::expand;
use super::spelling::{PLAIN, armed, frame, result, spellings};
use crate::secret::Secret;

/// What stands around the piece on the line of this number, which is this wide.
type Margin = fn(usize, &str, usize) -> String;

const MARGINS: [Margin; 14] = [
    |_, piece, _| piece.to_owned(),
    |_, piece, width| format!("{piece:width$}   "),
    |_, piece, width| format!("│ {piece:width$} │"),
    |_, piece, _| format!("        {piece}"),
    |_, piece, _| format!("> {piece}"),
    |line, piece, _| format!("{:6}→{piece}", line + 98),
    |line, piece, _| format!("{}: {piece}", line + 8),
    |line, piece, _| format!("2026-12-01T09:27:{line:02}.123456Z INFO {piece}"),
    |_, piece, _| format!("[pod-7f9c6] {piece}"),
    |_, piece, _| format!("web-1  | {piece}\r"),
    |_, piece, _| format!("    \"{piece}\" +"),
    |_, piece, _| format!("# {piece} \\"),
    |line, piece, width| match line {
        0 => format!("[12/01/26 09:27:15] ERROR    {piece:width$} server.py:12"),
        _ => format!("                             {piece:width$}"),
    },
    |_, piece, _| format!("<td>{piece}</td><td>other</td>"),
];

/// A text in lines of this many characters. Behind the first `lead` of them the first line is full.
fn folded(text: &str, lead: usize, width: usize, margin: Margin) -> String {
    let said: Vec<char> = "x".repeat(lead).chars().chain([' ']).chain(text.chars()).collect();
    let lines = said.chunks(width).map(|piece| piece.iter().collect::<String>());
    let lines = lines.enumerate().map(|(line, piece)| margin(line, &piece, width) + "\n");
    lines.collect()
}

/// The spellings, each with the part of it that is the value's alone.
fn spelled(value: &str) -> Vec<(String, String)> {
    // The quotes of JSON are nobody's.
    let bare = |spelling: &str| spelling.trim_matches(['"', '\\']).to_owned();
    let plain = spellings(value).into_iter().take(PLAIN);
    let mut all: Vec<_> = plain.map(|spelling| (spelling.clone(), bare(&spelling))).collect();
    for lead in ["", "u", "us"] {
        for (engine, before) in [(STANDARD, ""), (URL_SAFE, "some longer text, ")] {
            let encoded = engine.encode(format!("{before}{lead}{value}, and more"));
            let start = before.len() + lead.len();
            let own = (start * 8).div_ceil(6)..(start + value.len()) * 8 / 6;
            all.push((encoded.clone(), encoded[own].to_owned()));
        }
    }
    all
}

/// Asserts that no eight bytes in a row of what was secret are left.
fn assert_gone(secret: &str, said: &str, out: &str) -> Result<(), TestCaseError> {
    for at in (0..secret.len()).filter(|at| secret.is_char_boundary(*at)) {
        let end = (at + 8..=secret.len()).find(|end| secret.is_char_boundary(*end));
        let Some(piece) = end.map(|end| &secret[at..end]) else { break };
        // The quotes of JSON in JSON stay, with their backslashes.
        let telling = piece.contains(char::is_alphanumeric);
        prop_assert!(!telling || !out.contains(piece), "`{piece}` is left of\n{said}\nin\n{out}");
    }
    Ok(())
}

/// What a stream makes of a text that comes in pieces.
fn streamed(redactor: &Redactor, said: &str, cut: usize) -> String {
    let (mut cleaner, mut out) = (redactor.stderr(), Vec::new());
    said.as_bytes().chunks(cut).for_each(|piece| cleaner.push(piece, &mut out));
    cleaner.finish(&mut out);
    String::from_utf8(out).expect("always UTF-8")
}

/// The text of a result.
fn answered(redactor: &Redactor, said: &str) -> String {
    let answer: Value = serde_json::from_str(&frame(redactor, &result(said))).expect("JSON");
    answer["result"]["content"][0]["text"].as_str().expect("a text").to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_left_of_a_value_folded_at_any_width_with_any_margin(
        // Without quotes: of a short value most of a spelling that escapes them twice is backslashes, and eight bytes of it
        // may hold four of the value.
        value in "[!#-&(-\\[\\]-~]{8,20}|[a-zA-Z0-9_-]{16,80}|[a-zé€\\\\\"'/%+=-]{12,40}|[0-9a-f]{32,64}|[!-~]{100,200}",
        width in prop_oneof![8_usize..24, 24_usize..120],
        lead in 0_usize..60,
        which in any::<prop::sample::Index>(),
        margin in any::<prop::sample::Index>(),
        cut in 1_usize..400,
    ) {
        prop_assume!(Secret::new(value.as_bytes().to_vec()).weakness().is_none());
        let redactor = armed(&[("TOKEN", &value)]);
        let all = spelled(&value);
        let (spelling, secret) = which.get(&all);
        let said = folded(spelling, lead, width, *margin.get(&MARGINS)) + "next\n";
        assert_gone(secret, &said, &answered(&redactor, &said))?;
        assert_gone(secret, &said, &streamed(&redactor, &said, cut))?;
    }
}

/// The quotation mark in front of the value is not where the string of the message begins.
#[test]
fn nothing_is_left_of_a_quoted_value_whose_last_piece_is_short() {
    let value = "#!00a0#AA]!aaA";
    let redactor = armed(&[("TOKEN", value)]);
    for margin in MARGINS {
        let said = folded(&format!("\"{value}\""), 0, 13, margin) + "next\n";
        for out in [answered(&redactor, &said), streamed(&redactor, &said, 1)] {
            assert!(!out.contains("#!00a0#A") && !out.contains("aaA"), "{out}");
        }
    }
}

/// The last letter of a part of the value stood at the start of the next line, and was taken for a piece of it.
#[test]
fn what_stands_around_a_value_that_is_not_folded_stays() {
    let value = "postgres://me:canary-9c2e71ab@db.example/orders";
    let redactor = armed(&[("TOKEN", value)]);
    for (before, behind) in [("", "b"), ("", "bravo"), ("step p", "ab"), ("m", "1ab"), ("po", "s")]
    {
        let said = format!("{before}\n{value}\n{behind}\n");
        let expected = format!("{before}\n[hushpipe:TOKEN]\n{behind}\n");
        assert_eq!(answered(&redactor, &said), expected, "{said}");
        assert_eq!(streamed(&redactor, &said, 7), expected, "{said}");
    }
}

/// A key of JSON is a piece of the value by chance, and the value itself stands behind it.
#[test]
fn a_word_that_the_value_has_is_no_piece_of_it() {
    let redactor = armed(&[("TOKEN", "canary-incident-structured-41")]);
    let said = r#"{"result":{"structuredContent":{"note":"key canary-incident-structured-41"}}}"#;
    let expected = r#"{"result":{"structuredContent":{"note":"key [hushpipe:TOKEN]"}}}"#;
    assert_eq!(frame(&redactor, said), expected);
}

/// A private key of 4,096 bits, in as many lines as it has.
fn private_key() -> (String, Vec<String>) {
    let body = "{base64:64}\n".repeat(49);
    expand(
        &format!(
            "{{dashes}}BEGIN RSA {{key}}{{dashes}}\n{body}{{base64:30}}==\n{{dashes}}END RSA {{key}}{{dashes}}"
        ),
        5,
    )
}

#[test]
fn nothing_is_left_of_a_key_whose_lines_have_any_margin() {
    let redactor = armed(&[]);
    let (key, made) = private_key();
    for (number, margin) in MARGINS.iter().enumerate() {
        for lines in [key.lines().collect::<Vec<_>>(), key.lines().take(20).collect()] {
            let said: String = lines
                .iter()
                .enumerate()
                .map(|(line, piece)| margin(line, piece, 76) + "\n")
                .collect();
            let nested = json!({"path": "a", "content": said}).to_string();
            for out in [
                answered(&redactor, &format!("before\n{said}after, the end\n")),
                answered(&redactor, &nested),
                streamed(&redactor, &said, 100),
            ] {
                let left = made.iter().find(|part| out.contains(&part[..16]));
                assert_eq!(left, None, "margin {number}: {out}");
            }
            assert!(
                answered(&redactor, &format!("before\n{said}after, the end\n")).contains("the end")
            );
            let inner = answered(&redactor, &nested);
            let inner: Value = serde_json::from_str(&inner).expect("JSON in it is still JSON");
            assert_eq!(inner["path"], "a");
        }
    }
}

#[test]
fn a_key_in_an_array_of_lines_leaves_the_array() {
    let (key, made) = private_key();
    let lines: Vec<_> = key.lines().enumerate().map(|(n, line)| format!("{n}: {line}")).collect();
    let listed = json!({"lines": lines, "more": [1, "two"]});
    let out = answered(&armed(&[]), &listed.to_string());
    let out: Value = serde_json::from_str(&out).expect("JSON in it is still JSON");
    assert_eq!(out["lines"].as_array().map(Vec::len), Some(lines.len()));
    assert_eq!(out["more"], listed["more"]);
    assert!(made.iter().all(|part| !out.to_string().contains(&part[..16])), "{out}");
}

#[test]
fn a_log_holds_a_line_only_until_the_next_one_shows_what_it_is() {
    let value = "kJ7xQ2mZp9RtW4sVb8NcL1dFgH3yTaEoU6iKjXqMzPwRvB5nCsD0e";
    let redactor = armed(&[("TOKEN", value)]);
    let pushed = |lines: &[String]| -> Vec<String> {
        let mut cleaner = redactor.stderr();
        let push = |line: &String| {
            let mut out = Vec::new();
            cleaner.push(format!("{line}\n").as_bytes(), &mut out);
            String::from_utf8(out).expect("text")
        };
        lines.iter().map(push).collect()
    };
    let (first, rest) = value.split_at(20);
    let begun = format!("ERROR sees {first}    server.py:12");
    let folded = pushed(&["ready".into(), begun.clone(), format!("      {rest}"), "bye".into()]);
    let marked = "ERROR sees [hushpipe:TOKEN]    server.py:12\n      [hushpipe:TOKEN]\n";
    assert_eq!(folded, ["ready\n", "", marked, "bye\n"]);
    let other = pushed(&[begun.clone(), begun.clone(), "other".into()]);
    assert_eq!(other, [String::new(), format!("{begun}\n"), format!("{begun}\nother\n")]);
}
