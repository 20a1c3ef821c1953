//! The stream is cleaned alike whole, byte by byte, and split anywhere; every spelling at every split.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::redact::Redactor;
use crate::redact::rule::tests::expand;
use crate::redact::spelling::{armed, spellings};

/// What comes out when `input` comes in pieces that end at `cuts`.
fn pieces(redactor: &Redactor, input: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut cleaner = redactor.stderr();
    let mut out = Vec::new();
    let mut start = 0;
    for cut in cuts.iter().copied().chain([input.len()]) {
        cleaner.push(&input[start..cut], &mut out);
        start = cut;
    }
    cleaner.finish(&mut out);
    out
}

fn whole(redactor: &Redactor, input: &str) -> String {
    String::from_utf8(pieces(redactor, input.as_bytes(), &[])).expect("always UTF-8")
}

/// What has come out after each of these pushes.
fn pushes(redactor: &Redactor, inputs: &[&str]) -> Vec<String> {
    let mut cleaner = redactor.stderr();
    let one = |input: &&str| {
        let mut out = Vec::new();
        cleaner.push(input.as_bytes(), &mut out);
        String::from_utf8(out).expect("UTF-8")
    };
    inputs.iter().map(one).collect()
}

#[test]
fn every_spelling_is_found_at_every_split() {
    let value = "tok/9Kx+Zq\"e\\r7Wv<4Lp&2Nd";
    let redactor = armed(&[("TOKEN", value)]);
    for spelling in spellings(value) {
        let input = format!("starting\nlog: {spelling} end\nbye");
        let expected = whole(&redactor, &input);
        assert!(expected.contains("[hushpipe:TOKEN]"), "{input} became {expected}");
        assert!(!expected.contains(&spelling), "{input} became {expected}");
        for cut in 0..=input.len() {
            assert_eq!(
                pieces(&redactor, input.as_bytes(), &[cut]),
                expected.as_bytes(),
                "{input} at {cut}"
            );
        }
        let bytes: Vec<_> = (0..input.len()).collect();
        assert_eq!(pieces(&redactor, input.as_bytes(), &bytes), expected.as_bytes(), "{input}");
    }
}

#[test]
fn a_clean_line_is_written_at_once_and_half_a_line_is_not() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    assert_eq!(pushes(&redactor, &["one\ntw", "o", "\n", "ab"]), ["one\n", "", "two\n", ""]);
}

#[test]
fn a_value_of_several_lines_is_one_marker_and_holds_only_what_may_be_it() {
    let redactor = armed(&[("KEY", "first-line-x\nsecond\nthird-line-y")]);
    let held = pushes(&redactor, &["a\nfirst-line-x\n", "second\n", "third-line-y\nb\n"]);
    assert_eq!(held, ["a\n", "", "[hushpipe:KEY]\nb\n"]);
    let other = pushes(&redactor, &["first-line-x\n", "something else\n"]);
    assert_eq!(other, ["", "[hushpipe:KEY]\nsomething else\n"]);
}

#[test]
fn a_value_wrapped_over_lines_is_found() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh-5678-ijkl")]);
    let encoded = STANDARD.encode(format!("{}abcd-1234-efgh-5678-ijkl and on", "u".repeat(50)));
    let (first, second) = encoded.split_at(76);
    let out = pushes(&redactor, &[&format!("{first}\n"), &format!("{second}\n")]);
    assert_eq!(out[0], "");
    assert!(out[1].contains("[hushpipe:TOKEN]"), "{out:?}");
    assert!(!out[1].contains(&second[..10]) && !out[1].contains(&first[70..]), "{out:?}");
}

#[test]
fn an_open_key_block_is_withheld_to_its_end() {
    let redactor = armed(&[]);
    for armour in [
        "{dashes}BEGIN RSA {key}{dashes}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,{hex:32}\n\n{base64:64}\n{base64:64}\n{dashes}END RSA {key}{dashes}",
        "{dashes}BEGIN {key}{dashes}\\n\" +\n\"{base64:64}\\n\" +\n\"{base64:64}\\n\" +\n\"{dashes}END {key}{dashes}",
        "{dashes}BEGIN PGP {key} BLOCK{dashes}\n\n{base64:64}\n{base64:64}\n{dashes}END PGP {key} BLOCK{dashes}",
    ] {
        let (key, made) = expand(armour, 9);
        assert_eq!(whole(&redactor, &format!("a\n{key}\nb\n")), "a\n[hushpipe:private-key]\nb\n");
        let (open, _) = key.rsplit_once('\n').expect("lines");
        assert_eq!(
            whole(&redactor, &format!("a: {open}\n\nb\n")),
            "a: [hushpipe:private-key]\n\nb\n"
        );
        assert_eq!(whole(&redactor, &format!("a\n{open}")), "a\n[hushpipe:private-key]\n");
        let endless = format!("{open}\n{}end\n", "log line\n".repeat(20_000));
        let out = whole(&redactor, &endless);
        assert!(out.ends_with("log line\nend\n") && out.len() < endless.len() - 60_000);
        assert!(made.iter().all(|part| !out.contains(part.as_str())));
    }
}

#[test]
fn the_body_of_a_key_without_a_header_is_withheld_to_its_last_line() {
    let redactor = armed(&[]);
    let (body, _) =
        expand("MIIEpAIBAAKCAQEA{base64:48}\n{base64:64}\n{base64:64}\n{base64:22}==", 9);
    assert_eq!(whole(&redactor, &format!("a\n{body}\nb\n")), "a\n[hushpipe:key-body]\nb\n");
    let (_, rest) = body.split_once('\n').expect("lines");
    let putty = format!("Comment: me\nPrivate-Lines: 3\n{rest}\nPrivate-MAC: 00c0ffee\n");
    let left = "Comment: me\nPrivate-Lines: 3\n[hushpipe:private-key]\nPrivate-MAC: 00c0ffee\n";
    assert_eq!(whole(&redactor, &putty), left);
    let none = "Private-Lines: 3\nnone came\n";
    assert_eq!(whole(&redactor, none), none);
}

#[test]
fn a_mention_of_a_key_header_withholds_nothing() {
    let redactor = armed(&[]);
    for mention in ["expected `{}` here", "expected \"{}\"", "{\"msg\":\"no {} in the file\"}"] {
        let header = "{dashes}BEGIN {key}{dashes}";
        let text = mention.replace("{}", &expand(header, 0).0) + "\nnext\n";
        assert_eq!(whole(&redactor, &text), text);
    }
}

#[test]
fn a_known_key_block_has_its_own_marker() {
    let (key, _) = expand(
        "{dashes}BEGIN {key}{dashes}\n{base64:64}\n{base64:64}\n{dashes}END {key}{dashes}\n",
        4,
    );
    let redactor = armed(&[("TLS_KEY", &key)]);
    assert_eq!(whole(&redactor, &format!("a\n{key}b\n")), "a\n[hushpipe:TLS_KEY]\nb\n");
}

#[test]
fn long_lines_go_in_windows_and_nothing_slips_between() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let (pat, _) = expand("ghp_{base62:36}", 8);
    // Windows are 128 KiB, of which the last 32 are looked at again.
    for before in (98_240..98_310).chain(131_030..131_080).step_by(5) {
        for secret in ["abcd-1234-efgh", r"\u0061bcd-1234-efg\u0068", &pat] {
            let input = format!("{} {secret} {}\nnext\n", ".".repeat(before), "-".repeat(40_000));
            let out = whole(&redactor, &input);
            assert!(out.contains(" [hushpipe:"), "{secret} after {before}");
            assert!(
                !out.contains("234-efg") && !out.contains(&pat[30..]),
                "{secret} after {before}"
            );
            assert_eq!(pieces(&redactor, input.as_bytes(), &[before, before + 9]), out.as_bytes());
        }
    }
}

#[test]
fn terminals_are_not_driven() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    assert_eq!(
        whole(&redactor, "\x1b[2Jok\rabcd-1234-efgh\r\n"),
        "\\x1b[2Jok\\x0d[hushpipe:TOKEN]\r\n"
    );
    assert_eq!(pieces(&redactor, b"caf\xc3\xa9 \xff\n", &[4]), "café \\xff\n".as_bytes());
}

proptest! {
    #[test]
    fn splits_do_not_matter_and_no_value_comes_out(
        parts in prop::collection::vec(
            prop_oneof![
                Just("abcd-1234-efgh".to_owned()),
                Just("first-line-x\nsecond\nthird-line-y".to_owned()),
                Just("first-line-x\n".to_owned()),
                Just("second\n".to_owned()),
                Just("-----BEGIN X PRIVATE ".to_owned() + "KEY-----\n"),
                Just("-----END ".to_owned()),
                Just("Private-Lines: 3\n".to_owned()),
                Just("\nMC4CAQAwBQYDK2VwBCIEIJ9aY3Zk0aXlqm8cXb2VbG1kQyc0Hq8N1d0cFv8w\n".to_owned()),
                Just("YWJjZC0xMjM0LWVmZ2g=".to_owned()),
                Just("YWJjZC0xMjM0LWVmZ2hYWJjZC\n0xMjM0LWVmZ2g=".to_owned()),
                "[ -~\n\r\\\\%é]{0,30}",
                Just("\n".to_owned()),
            ],
            0..12,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let redactor = armed(&[("A", "abcd-1234-efgh"), ("B", "first-line-x\nsecond\nthird-line-y")]);
        let input = parts.concat().into_bytes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.sort_unstable();
        let expected = pieces(&redactor, &input, &[]);
        prop_assert_eq!(&pieces(&redactor, &input, &cuts), &expected);
        let bytes: Vec<_> = (0..input.len()).collect();
        prop_assert_eq!(&pieces(&redactor, &input, &bytes), &expected);
        let out = String::from_utf8(expected).expect("always UTF-8");
        for value in ["abcd-1234-efgh", "first-line-x", "third-line-y"] {
            prop_assert!(!out.contains(value), "{}", out);
        }
        prop_assert_eq!(&whole(&redactor, &out), &out);
    }
}

/// A logger that writes JSON makes a record of each line that a program prints.
fn records(record: &str, lines: &[&str]) -> String {
    lines.iter().map(|line| record.replace("{}", line) + "\n").collect()
}

#[test]
fn a_key_logged_one_line_a_record_is_withheld_and_the_records_stay() {
    let redactor = armed(&[("TOKEN", "abcd-1234-efgh")]);
    let (pem, _) = expand(
        "{dashes}BEGIN EC {key}{dashes}\n{base64:64}\n{base64:64}\n{base64:21}9==\n{dashes}END EC {key}{dashes}",
        3,
    );
    let key: Vec<&str> = pem.lines().collect();
    for record in [
        r#"{"msg":"{}"}"#,
        r#"{"level":"info","id":"a3f1","msg": "{}\n","n":[1,"done"]}"#,
        r#" {"log":{"lines":["{}"]},"stream":"stderr"}"#,
    ] {
        let input = records(record, &["starting", key[0], "abcd-1234-efgh"])
            + "some other line\n"
            + &records(record, &[key[1], "waiting", key[2], key[3], key[4], key[1]]);
        let expected = input
            .replacen(key[1], "[hushpipe:private-key]", 1)
            .replace(key[2], "[hushpipe:private-key]")
            .replace(key[3], "[hushpipe:private-key]")
            .replace(r"key]\n", "key]")
            .replace("abcd-1234-efgh", "[hushpipe:TOKEN]");
        assert_eq!(whole(&redactor, &input), expected);
        for step in [1, 7, 64] {
            let cuts: Vec<_> = (0..input.len()).step_by(step).collect();
            assert_eq!(pieces(&redactor, input.as_bytes(), &cuts), expected.as_bytes());
        }
    }
}

#[test]
fn records_behind_the_mention_of_a_key_stay() {
    let redactor = armed(&[]);
    let (pem, _) = expand("{dashes}BEGIN {key}{dashes}\n{hex:64}", 3);
    let (header, hash) = pem.split_once('\n').unwrap();
    let said = r#"{"msg":"{}","sha256":"0"}"#;
    let mention = format!("expected {header} in the file");
    let far: Vec<&str> = std::iter::repeat_n("connected", 200).collect();
    for input in [
        records(said, &[&mention, hash]),
        records(said, &[header, "done", "ABCD", "starting the server now", "a/b/c"]),
        records(said, &[header]) + &records(&said.replace("\"0\"", &format!("\"{hash}\"")), &["x"]),
        records(said, &[&[header][..], &far, &[hash]].concat()),
        records(said, &[hash, header]) + hash + "\n",
    ] {
        assert_eq!(whole(&redactor, &input), input);
    }
}

/// The last line of a list looks like the first line of a folded one.
#[test]
fn numbers_over_several_lines_of_a_log_are_withheld_to_the_last_one() {
    let value = "sk-Qm7xKp2Vb9Rt4Wz8Yc1Nd6Fg3Hj5Ls0Ae2Iu7Oo4Tq9Xv";
    let redactor = armed(&[("TOKEN", value)]);
    for (width, separator) in [(12, ", "), (1, ""), (16, " ")] {
        let lines = value.as_bytes().chunks(width).map(|bytes| {
            let numbers: Vec<_> = bytes.iter().map(|b| format!("{b:3}")).collect();
            format!("  {},\n", numbers.join(separator))
        });
        let said = format!("bytes [\n{}]\nbye\n", lines.collect::<String>());
        let (mut cleaner, mut out) = (redactor.stderr(), Vec::new());
        said.as_bytes().chunks(7).for_each(|piece| cleaner.push(piece, &mut out));
        cleaner.finish(&mut out);
        let out = String::from_utf8(out).expect("UTF-8");
        assert!(!out.contains(|c: char| c.is_ascii_digit()), "{out}");
        assert!(out.starts_with("bytes [\n") && out.ends_with("bye\n"), "{out}");
    }
}
