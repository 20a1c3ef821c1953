//! The digest changes with everything that decides what runs and what it gets, and with nothing else.

use std::path::Path;

use super::super::read::{Reading, contents};
use super::super::server::Level;
use super::super::source::Source;
use super::*;
use crate::sys::path::Paths;

const ENTRY: &str = r#"
npm = "m@1.0.0"
bin = "b"
args = ["x", "y"]
cwd = "/w"
grace = "1s"
drain = "2s"
frame_limit = "1MiB"
integrity = "full"
[servers.x.secrets]
A = "local://a?#f"
"B,C" = { ref = "local://b", fields = ["b", "c"] }
[servers.x.env]
V = "v"
presets = ["node"]
pass = ["AAAA"]
[profiles.p.x]
A = "env://A"
"#;

fn server(lines: &str, profile: Option<&str>) -> Server {
    let text = format!("version = 1\n[servers.x]\n{}", lines.replace("?#f", ""));
    let source = Source::of(Path::new("m.toml"), text.into()).expect("UTF-8");
    let (providers, paths) = (BTreeMap::new(), Paths::below(Path::new("/home/u")));
    let reading =
        Reading { level: Level::User, profile, providers: &providers, paths: &paths, only: None };
    let mut contents =
        contents(&source, reading).unwrap_or_else(|error| panic!("{error}: {lines}"));
    contents.servers.remove("x").expect("there")
}

fn facts(lines: &str) -> BTreeMap<FactKey, Fact> {
    server(lines, None).terms(None).expect("nothing is locked").facts
}

fn digest(lines: &str) -> Digest {
    server(lines, None).digest()
}

#[test]
fn every_setting_is_part_of_the_digest_and_shown() {
    let (before, shown) = (digest(ENTRY), facts(ENTRY));
    for (from, to) in [
        ("m@1.0.0", "m@1.0.1"),
        ("m@1.0.0", "n@1.0.0"),
        ("bin = \"b\"", "bin = \"c\""),
        ("\"x\", \"y\"", "\"y\", \"x\""),
        ("\"x\", \"y\"", "\"x y\""),
        ("\"/w\"", "\"/v\""),
        ("cwd = \"/w\"", ""),
        ("grace = \"1s\"", "grace = \"1001ms\""),
        ("drain = \"2s\"", ""),
        ("1MiB", "2MiB"),
        ("integrity = \"full\"", ""),
        ("A = \"local://a?#f\"", "A = \"local://aa\""),
        ("A = \"local://a?#f\"", "A = { ref = \"local://a\", deliver = \"file\" }"),
        ("A = \"local://a?#f\"", "A = { ref = \"local://a\", sensitive = false }"),
        ("A = \"local://a?#f\"", "A = { ref = \"local://a\", sensitive = false, default = \"d\" }"),
        ("\"B,C\"", "\"C,B\""),
        ("[\"b\", \"c\"]", "[\"c\", \"b\"]"),
        ("V = \"v\"", "V = \"w\""),
        ("V = \"v\"", "W = \"v\""),
        ("[\"AAAA\"]", "[\"AAAA*\"]"),
        ("presets = [\"node\"]", "presets = [\"ssh\"]"),
        ("presets = [\"node\"]", "presets = [\"node\", \"ssh\"]"),
        ("pass = [\"AAAA\"]", "pass = [\"AAAA\"]\ndangerously_pass = [\"LD_PRELOAD\"]"),
        ("env://A", "env://AA"),
        ("profiles.p.x", "profiles.q.x"),
        ("A = \"env://A\"", "A = \"env://A\"\n[profiles.q.x]\nA = \"env://B\""),
        ("[profiles.p", "[servers.x.redact]\nlevel = \"strict\"\n[profiles.p"),
        ("[profiles.p", "[servers.x.redact]\narguments = \"deny\"\n[profiles.p"),
        ("[profiles.p", "[servers.x.redact]\ninstructions = \"strip\"\n[profiles.p"),
        ("[profiles.p", "[servers.x.redact]\nwrite_back = \"off\"\n[profiles.p"),
        ("[profiles.p", "[servers.x.redact]\nmode = \"report\"\n[profiles.p"),
        ("[profiles.p", "[servers.x.redact]\nallow = [{ rule = \"jwt\" }]\n[profiles.p"),
        ("[profiles.p", "[servers.x.redact.tools.t]\narguments = \"deny\"\n[profiles.p"),
        (
            "[profiles.p",
            "[[servers.x.redact.rules]]\nid = \"a\"\nkeywords = [\"aaaa\"]\npattern = \"aaaa\"\n[profiles.p",
        ),
    ] {
        let changed = ENTRY.replacen(from, to, 1);
        assert!(changed != ENTRY, "{from} is not in the entry");
        assert!(digest(&changed) != before, "{from} -> {to} has the same digest");
        // What a project may not ask for is never shown: it cannot be accepted.
        let is_users_own =
            ["deliver", "sensitive", "dangerously"].iter().any(|key| to.contains(key));
        assert!(is_users_own || facts(&changed) != shown, "{from} -> {to} is not shown");
    }
    let runtime = digest(&ENTRY.replacen("bin", "runtime = \"/opt/node\"\nbin", 1));
    assert!(runtime != before);
}

#[test]
fn neither_form_nor_the_chosen_profile_is_part_of_the_digest() {
    let before = digest(ENTRY);
    for (from, to) in [
        ("bin = \"b\"", "  bin   = 'b' # which"),
        ("[\"x\", \"y\"]", "[\n  'x',\n  \"y\",\n]"),
        ("A = \"local://a?#f\"", "A = { provider = \"local\", path = \"a\" }"),
        ("1MiB", "1024KiB"),
        ("grace = \"1s\"", "grace = \"1000ms\""),
    ] {
        let changed = ENTRY.replacen(from, to, 1);
        assert!(changed != ENTRY, "{from} is not in the entry");
        assert!(digest(&changed) == before, "{from} -> {to} has another digest");
    }
    let chosen = server(ENTRY, Some("p"));
    assert!(chosen.secrets != server(ENTRY, None).secrets && chosen.digest() == before);
}

#[test]
fn another_file_at_the_same_path_is_another_fact() {
    let entry = |digit: &str| {
        format!("binary = {{ path = \"/opt/tool\", sha256 = \"{}\" }}", digit.repeat(64))
    };
    let (one, two) = (facts(&entry("1")), facts(&entry("2")));
    assert_eq!(one[&FactKey::Package], two[&FactKey::Package]);
    assert_eq!(two[&FactKey::Sha256].says, format!("has the digest {}", "2".repeat(64)));
    assert!(one[&FactKey::Sha256] != two[&FactKey::Sha256]);
}

#[test]
fn words_hold_no_value() {
    let facts = facts(ENTRY);
    let says: Vec<&str> = facts.values().map(|fact| fact.says.as_str()).collect();
    let expected = [
        "starts npm m@1.0.0",
        "has the arguments",
        "starts its program `b`",
        "works in `/w`",
        "npm m@1.0.0 gets local://a as `A`",
        "npm m@1.0.0 gets local://b#b as `B`",
        "npm m@1.0.0 gets local://b#c as `C`",
        "with profile `p`, npm m@1.0.0 gets env://A as `A`",
        "has `V` set to",
        "gets `AAAA` from hushpipe's own environment",
        "gets the variables of the preset `node`",
        "gets 2s to answer open requests when the client closes",
        "may send messages of up to 1048576 bytes",
        "gets 1s to stop before it is killed",
        "has every installed file hashed at each start",
    ];
    assert_eq!(says, expected);
    assert_eq!(facts[&FactKey::Variable("V".into())].value.as_deref(), Some("\"v\""));
}
