//! Own rules, what may pass, both levels and both modes, in frames and in streams.

use super::*;
use crate::mcp::fields::Fields;
use crate::redact::{Action, Check, Confidence, Pointer, Redactor, Tools};
use crate::secret::Secret;
use crate::sys::machine_key::MachineKey;
use crate::sys::path::Paths;

const TOKEN: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

fn own() -> OwnRule {
    OwnRule {
        id: "acme".into(),
        description: String::new(),
        keywords: vec!["acme_".into()],
        pattern: r"(?:key )?acme_([0-9a-f]{8,64})".into(),
        confidence: Confidence::High,
        checks: vec![Check::Varied],
        examples: Vec::new(),
        non_examples: Vec::new(),
    }
}

fn result(text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{{"type":"text","text":{text}}}]}}}}"#
    )
}

/// The result with this text as the client gets it, and what was found.
fn cleaned(redactor: &Redactor, text: &str, tool: Option<&str>) -> (String, Vec<(String, Action)>) {
    let frame = result(text);
    let tools = Tools::One(tool);
    let cleaned = redactor.frame_of(frame.as_bytes(), Fields::default(), tools).unwrap();
    let found = cleaned.findings.into_iter().map(|found| (found.what, found.action)).collect();
    (String::from_utf8(cleaned.clean.as_bytes().to_vec()).unwrap(), found)
}

fn with(settings: &Settings) -> Redactor {
    Redactor::with([], settings, None)
}

fn on_stderr(redactor: &Redactor, text: &str) -> (String, Vec<(u64, String)>) {
    let (mut cleaner, mut out) = (redactor.stderr(), Vec::new());
    text.as_bytes().iter().for_each(|byte| cleaner.push(&[*byte], &mut out));
    cleaner.finish(&mut out);
    let found = cleaner.take_findings().into_iter().map(|found| (found.line, found.finding.what));
    (String::from_utf8(out).unwrap(), found.collect())
}

#[test]
fn a_rule_of_ones_own_is_as_good_as_a_built_in_one() {
    let redactor = with(&Settings { rules: vec![own()], ..Settings::default() });
    let text =
        format!("the key acme_0123456789abcdef and ACME_x, acme_89abcdef01234567 and {TOKEN}");
    let (clean, found) = cleaned(&redactor, &text, None);
    let expected =
        "the key acme_[hushpipe:acme] and ACME_x, acme_[hushpipe:acme] and [hushpipe:github-pat]";
    assert_eq!(clean, result(expected));
    assert_eq!(found.len(), 3);
    assert_eq!(cleaned(&redactor, "acme_00000000000000000000", None).1, [], "not varied");
    let (clean, found) = on_stderr(&redactor, "x\nkey acme_0123456789abcdef\n");
    assert_eq!((&*clean, found), ("x\nkey acme_[hushpipe:acme]\n", vec![(2, "acme".to_owned())]));
}

#[test]
fn what_may_pass_does_so_there_and_nowhere_else() {
    let allow = |tool: Option<&str>, pointer: Option<&str>| Allow::Place {
        rule: "github-pat".into(),
        tool: tool.map(str::to_owned),
        pointer: pointer.map(|text| Pointer::new(text).unwrap()),
    };
    let passes = |entry: Allow, tool| {
        let redactor = with(&Settings { allow: vec![entry], ..Settings::default() });
        let (clean, found) = cleaned(&redactor, TOKEN, tool);
        assert_eq!(clean == result(TOKEN), found.is_empty());
        (found.is_empty(), on_stderr(&redactor, TOKEN).0 == TOKEN)
    };
    let at = Some("/result/content/0/text");
    assert_eq!(passes(allow(None, None), None), (true, true));
    assert_eq!(passes(allow(Some("t"), at), Some("t")), (true, false));
    assert_eq!(passes(allow(Some("t"), at), Some("u")), (false, false));
    assert_eq!(passes(allow(Some("t"), None), None), (false, false));
    assert_eq!(passes(allow(None, Some("/result/content/1/text")), None), (false, false));
    assert_eq!(passes(allow(None, Some("/result/*")), None), (true, false));
    assert_eq!(passes(allow(None, Some("stderr")), None), (false, true));
    let other = Allow::Place { rule: "jwt".into(), tool: None, pointer: None };
    assert_eq!(passes(other, None), (false, false));
}

/// A token of another rule inside what may pass would have been withheld alone.
#[test]
fn what_may_pass_takes_no_other_token_with_it() {
    let allow = |rule: &str| {
        let allow = vec![Allow::Place { rule: rule.into(), tool: None, pointer: None }];
        with(&Settings { allow, ..Settings::default() })
    };
    let id = ["AKIA", "Z7QGX3MPWK5RVB2T"].concat();
    let percent = TOKEN.replacen("ghp", "%67%68p", 1);
    let twice = TOKEN.replacen('g', r"\\u0067", 1);
    for (inside, other) in [
        (TOKEN, "github-pat"),
        (&*percent, "github-pat"),
        (&*twice, "github-pat"),
        (&*id, "aws-access-key-id"),
    ] {
        let text = format!("see https://me:{inside}@git.corp.example/x now");
        let (clean, found) = cleaned(&allow("url-credentials"), &text, None);
        assert!(!clean.contains(&inside[10..]), "{clean}");
        assert_eq!(found, [(other.to_owned(), Action::Replaced)], "{clean}");
    }
    let plain = "see https://me:s3cr-3t-Pw9x@git.corp.example/x now";
    assert_eq!(cleaned(&allow("url-credentials"), plain, None), (result(plain), vec![]));
}

#[test]
fn a_value_passes_by_its_hmac_however_it_is_spelled_and_a_known_one_never() {
    let home = tempfile::tempdir().unwrap();
    let key = || MachineKey::load(&Paths::below(home.path())).ok();
    let hmac = key().unwrap().hmac(TOKEN.as_bytes());
    let allow = vec![Allow::Value { hmac: hmac.clone() }];
    let settings = Settings { allow, ..Settings::default() };
    let redactor = Redactor::with([], &settings, key());
    let escaped = result(TOKEN).replace("ghp_1", r"ghp_\u0031");
    let clean = redactor.frame(escaped.as_bytes(), Fields::default()).unwrap();
    assert_eq!(clean.clean.as_bytes(), escaped.as_bytes());
    let other = TOKEN.replace('C', "D");
    assert!(cleaned(&redactor, &other, None).0.contains("[hushpipe:github-pat]"));
    assert!(cleaned(&with(&settings), TOKEN, None).0.contains("[hushpipe:"), "no key, no pass");
    let secret = Secret::new(TOKEN.as_bytes().to_vec());
    let known = Redactor::with([("TOKEN", &secret)], &settings, key());
    assert_eq!(cleaned(&known, TOKEN, None).0, result("[hushpipe:TOKEN]"));
}

#[test]
fn a_finding_has_the_hmac_that_allows_it_and_a_known_value_has_none() {
    let home = tempfile::tempdir().unwrap();
    let key = MachineKey::load(&Paths::below(home.path())).unwrap();
    let expected = key.hmac(TOKEN.as_bytes());
    let secret = Secret::new(b"correct-horse-battery".to_vec());
    let redactor = Redactor::with([("TOKEN", &secret)], &Settings::default(), Some(key));
    let frame = result(&format!("{TOKEN} correct-horse-battery"));
    let cleaned = redactor.frame(frame.as_bytes(), Fields::default()).unwrap();
    let hmacs: Vec<_> = cleaned.findings.into_iter().map(|finding| finding.hmac).collect();
    assert_eq!(hmacs, [Some(expected), None]);
}

#[test]
fn reporting_changes_and_blocks_nothing() {
    let secret = Secret::new(b"correct-horse-battery".to_vec());
    let settings = Settings { mode: Mode::Report, ..Settings::default() };
    let redactor = Redactor::with([("TOKEN", &secret)], &settings, None);
    let frame = r#"{"id":1,"result":{"nextCursor":"correct-horse-battery","structuredContent":{"correct-horse-battery":1}}}"#;
    let cleaned = redactor.frame(frame.as_bytes(), Fields::default()).expect("nothing is blocked");
    assert_eq!(cleaned.clean.as_bytes(), frame.as_bytes());
    assert!(cleaned.findings.len() == 2);
    assert!(cleaned.findings.iter().all(|finding| finding.action == Action::Reported));
    let kind = "PRIVATE KEY";
    let key = format!("-----BEGIN {kind}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nmore\n");
    let (clean, found) = on_stderr(&redactor, &key);
    assert_eq!(clean, key);
    assert_eq!(found, [(1, "private-key".to_owned())]);
}

#[test]
fn a_table_is_named_as_toml_reads_it() {
    assert_eq!(table("github", None), "servers.github.redact");
    for tool in ["a-b_9", "we.ird", "", "it's \"x\"\n", "é"] {
        let name = table("s", Some(tool));
        let read: toml::Table = toml::from_str(&format!("[{name}]\nx = 1")).unwrap();
        assert_eq!(read["servers"]["s"]["redact"]["tools"][tool]["x"].as_integer(), Some(1));
    }
}

#[test]
fn strict_drops_what_keeps_placeholders_out_and_counts_every_token() {
    let (default, strict) = (
        with(&Settings::default()),
        with(&Settings { level: Level::Strict, ..Settings::default() }),
    );
    for text in [
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "password = \"<your password 1>\"".replace(' ', "-").replace("-=-", " = ").as_str(),
        "\"nextPageToken\": \"opaque-handle-of-a-page\"",
        "\"upload_token\": \"opaquehandle\"",
        "api_key = \"YOUR_API_KEY_123\"",
    ] {
        assert_eq!(cleaned(&default, text, None).1, [], "{text}");
        let (once, found) = cleaned(&strict, text, None);
        assert!(!found.is_empty(), "{text}");
        let again = strict.frame(once.as_bytes(), Fields::default()).unwrap();
        assert_eq!(again.clean.as_bytes(), once.as_bytes(), "a marker stays one");
    }
    for text in ["the token is gone", "token: str", "\"max_tokens\": 4096", "curl was -u of use"] {
        assert_eq!(cleaned(&strict, text, None).1, [], "{text}");
    }
}
