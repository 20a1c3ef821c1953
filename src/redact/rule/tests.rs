//! Every example of every rule is found, every counter-example is not, and the real engine agrees.

use std::collections::HashSet;

use super::*;
use crate::redact::Redactor;
use crate::redact::finder::{Finder, HEAD};
use crate::redact::spelling::{frame, result};

/// The parts of a rule file that only tests read.
#[derive(Deserialize)]
struct Proofs {
    rule: Vec<Proof>,
}

#[derive(Deserialize)]
struct Proof {
    id: String,
    description: String,
    source: String,
    examples: Vec<String>,
    non_examples: Vec<String>,
}

fn proofs() -> Vec<Proof> {
    let read = |text: &&str| toml::from_str::<Proofs>(text).expect("valid").rule;
    FILES.iter().flat_map(read).collect()
}

/// Fills in a template: `{base62:36}` is 36 characters of that alphabet; other braces are braces. Returns the text and
/// the parts made up.
pub(crate) fn expand(template: &str, mut seed: u64) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut made = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        if !after.starts_with(|c: char| c.is_ascii_lowercase()) {
            text = text + before + "{";
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').expect("closed");
        text.push_str(before);
        rest = after;
        let filled = match name {
            "dashes" => "-".repeat(5),
            "key" => ["PRIVATE", "KEY"].join(" "),
            _ => {
                let (alphabet, len) = name.split_once(':').expect("alphabet:length");
                let part = random(alphabet, len.parse().expect("a number"), &mut seed);
                made.push(part.clone());
                part
            }
        };
        text.push_str(&filled);
    }
    text.push_str(rest);
    (text, made)
}

fn random(alphabet: &str, len: usize, seed: &mut u64) -> String {
    let letters: &[u8] = match alphabet {
        "digit" => b"0123456789",
        "hex" => b"0123456789abcdef",
        "alpha" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "bech32" => b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        "base32l" => b"abcdefghijklmnopqrstuvwxyz234567",
        "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "base62" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "base64" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/",
        other => panic!("no alphabet `{other}`"),
    };
    let mut next = || {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[(*seed >> 33) as usize % letters.len()])
    };
    (0..len).map(|_| next()).collect()
}

fn rule(id: &str) -> &'static Rule {
    all().iter().find(|rule| rule.id == id).expect("loaded")
}

/// What this rule alone withholds of a text.
fn found(rule: &Rule, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    Finder::new(rule.literals().collect()).each(text.as_bytes(), |_, at| {
        let tried = rule.find(text.as_bytes(), at, Level::Default);
        let secrets = tried.into_iter().flat_map(|tried| tried.secrets);
        found.extend(secrets.map(|secret| text[secret].to_owned()));
    });
    found
}

/// What is left of a text that stands alone, as a string of a result, and on stderr.
fn left_everywhere(redactor: &Redactor, text: &str) -> [String; 3] {
    let mut stderr = Vec::new();
    let mut cleaner = redactor.stderr();
    cleaner.push(text.as_bytes(), &mut stderr);
    cleaner.finish(&mut stderr);
    let alone = redactor.text(text.as_bytes());
    [
        String::from_utf8_lossy(alone.clean.as_bytes()).into_owned(),
        frame(redactor, &result(text)),
        String::from_utf8_lossy(&stderr).into_owned(),
    ]
}

#[test]
fn every_example_is_withheld_and_nothing_of_it_is_left() {
    let redactor = Redactor::armed([]);
    for proof in proofs() {
        let rule = rule(&proof.id);
        assert!(!proof.examples.is_empty(), "`{}` has no example", proof.id);
        for (template, seed) in proof.examples.iter().flat_map(|t| (0..20).map(move |s| (t, s))) {
            let (text, made) = expand(template, seed);
            let withheld = found(rule, &text);
            assert!(!withheld.is_empty(), "`{}` misses {text}", proof.id);
            let marker = format!("[hushpipe:{}]", proof.id);
            for piece in withheld.iter().flat_map(|w| w.as_bytes().windows(8)) {
                let shown = marker.as_bytes().windows(8).any(|shown| shown == piece);
                assert!(!shown, "the marker of `{}` shows a part of {text}", proof.id);
            }
            for part in &made {
                assert!(withheld.iter().any(|w| w.contains(part)), "`{}` misses {text}", proof.id);
            }
            for left in left_everywhere(&redactor, &text) {
                assert!(left.contains("[hushpipe:"), "{left}");
                for part in made.iter().filter(|part| part.len() >= 16) {
                    let (head, tail) = (&part[..8], &part[part.len() - 8..]);
                    let gone = !left.contains(head) && !left.contains(tail);
                    assert!(gone, "`{}` leaves {left}", proof.id);
                }
            }
        }
    }
}

#[test]
fn no_counter_example_is_touched() {
    let redactor = Redactor::armed([]);
    for proof in proofs() {
        assert!(!proof.non_examples.is_empty(), "`{}` has no counter-example", proof.id);
        let marker = format!("[hushpipe:{}]", proof.id);
        for (template, seed) in proof.non_examples.iter().flat_map(|t| (0..5).map(move |s| (t, s)))
        {
            let (text, _) = expand(template, seed);
            assert_eq!(found(rule(&proof.id), &text), Vec::<String>::new(), "`{}`", proof.id);
            for left in left_everywhere(&redactor, &text) {
                assert!(!left.contains(&marker), "`{}` takes {left}", proof.id);
            }
        }
    }
}

#[test]
fn a_pattern_is_compiled_when_its_keyword_is_seen_and_not_before() {
    let rule: Rule = toml::from_str("id = 'lazy'\nkeywords = ['lazy_']\npattern = 'lazy_[0-9]{8}'")
        .expect("valid");
    assert!(rule.compiled.get().is_none());
    assert!(rule.find(b"lazy_12345678", 0, Level::Default).is_some());
    let compiled = rule.compiled.get().expect("compiled");
    // docker/mcp-gateway compiles a rule at every hit of its keyword.
    assert!(rule.find(b"lazy_87654321", 0, Level::Default).is_some());
    assert!(std::ptr::eq(compiled, rule.regex()), "compiled once");
}

#[test]
fn a_pattern_is_compiled_once_and_small() {
    for rule in all() {
        assert!(std::ptr::eq(rule.regex(), rule.regex()), "`{}`", rule.id);
        // A fifth of what the engine allows: compiling costs as much time as memory, and the first match waits for it.
        let small = RegexBuilder::new(&rule.pattern).unicode(false).size_limit(2 << 20).build();
        assert!(small.is_ok(), "`{}`: {small:?}", rule.id);
    }
}

#[test]
fn a_right_checksum_proves_what_the_checks_refuse_and_a_wrong_one_refuses_nothing() {
    // A filler of which the checksum happens to be as dull.
    let filler = "xxxxxxxxxxxxxx00000000000xxx0x";
    for (id, prefix) in [("github-pat", "ghp_"), ("github-token", "gho_"), ("npm-token", "npm_")] {
        let right = format!("{prefix}{filler}0IDDND");
        assert_eq!(found(rule(id), &right), [&*right]);
        let wrong = format!("{prefix}{filler}0IDDNN");
        assert_eq!(found(rule(id), &wrong), Vec::<String>::new());
        let (random, _) = expand(&format!("{prefix}{{base62:36}}"), 1);
        assert_eq!(found(rule(id), &random), [&*random]);
    }
}

#[test]
fn rules_are_well_formed() {
    let mut ids = HashSet::new();
    for (rule, proof) in all().iter().zip(proofs()) {
        assert!(ids.insert(&rule.id), "`{}` is there twice", rule.id);
        assert!(rule.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{}", rule.id);
        assert!(!proof.description.is_empty() && !proof.source.is_empty(), "{}", rule.id);
        // Three bytes would make the shared prefilter slower for everything else.
        assert!(rule.literals().all(|literal| literal.bytes.len() >= HEAD), "{}", rule.id);
        rule.regex();
    }
    assert_eq!(all()[private_key()].id, "private-key");
    assert_eq!(all()[key_body()].id, "key-body");
}
