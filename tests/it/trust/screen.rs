//! What a person reads before they type the name: nothing that matters is out of sight, forged or misread.

use std::path::Path;

use serde_json::Value;

use super::{World, assert_untrusted};
use crate::context::{finish, path_text};

#[test]
fn what_is_shown_is_what_changed_in_plain_sentences() {
    let world = World::new("");
    let (shown, code) = world.trust("theirs");
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("You have not accepted this server before:\n  starts binary "),
        "{shown}"
    );

    let tables = "args = [\"--api\", \"https://other.example\"]\n[servers.theirs.secrets]\nTOKEN = \"local://token\"\n\
                  [servers.theirs.env]\nAPI_URL = \"https://one.example\"\nLOG_LEVEL = \"info\"\npass = [\"AWS_PROFILE\"]\n\
                  [profiles.staging.theirs]\nTOKEN = \"env://GITHUB_TOKEN\"\n";
    world.write(tables);
    let (shown, _) = world.trust("theirs");
    for line in [
        "You have accepted this server before. Since then:",
        "new:      has the arguments [\"--api\",\"https://other.example\"]",
        "gets local://token as `TOKEN`",
        "new:      with profile `staging`, binary ",
        "new:      has `API_URL` set to \"https://one.example\"",
        "new:      gets `AWS_PROFILE` from hushpipe's own environment",
        "check: `API_URL` controls which host it contacts or trusts",
        "check: an argument contains a URL: https://other.example",
        "check: `TOKEN` comes from outside your secret stores: env://GITHUB_TOKEN",
    ] {
        assert!(shown.contains(line), "`{line}` is not in: {shown}");
    }

    let changed =
        tables.replace("one.example", "evil.example").replace("LOG_LEVEL = \"info\"\n", "");
    world.write(&changed.replace("local://token", "local://admin-token"));
    let (shown, _) = world.trust("theirs");
    for line in [
        "changed:  has `API_URL` set to \"https://evil.example\"",
        "gets local://admin-token as `TOKEN`, before: binary ",
        "removed:  has `LOG_LEVEL` set to",
    ] {
        assert!(shown.contains(line), "`{line}` is not in: {shown}");
    }
    assert!(!shown.contains("has the arguments"), "what is as it was is not repeated: {shown}");

    // Every other word of the manifest is part of what was accepted, a profile that is not chosen among them.
    world.write(&tables.replace("env://GITHUB_TOKEN", "env://OTHER"));
    assert_untrusted(&world.run(), "has changed since it was trusted");
}

#[test]
fn a_credential_in_clear_is_not_shown_and_the_screen_says_where_it_stands() {
    let tables = "args = [\"--db\", \"postgres://me:canary-9c2e71ab@db.example/x\", \"--password\", \"hunter2\"]\n\
                  [servers.theirs.env]\nAPI_KEY = \"canary-Q7k51bTz9aB3x\"\nLOG_LEVEL = \"info\"\n";
    let world = World::new(tables);
    let (shown, _) = world.trust("no");
    for line in [
        "has the arguments [\"--db\",\"postgres://[withheld]@db.example/x\",\"--password\",",
        "check: an argument contains a URL: postgres://[withheld]@db.example/x",
        "check: word 2 of `args` looks like a credential and is partly hidden: read it in the manifest",
        "check: word 4 of `args` looks like a credential",
        "check: `API_KEY` looks like a credential",
        "has `LOG_LEVEL` set to \"info\"",
    ] {
        assert!(shown.contains(line), "`{line}` is not in: {shown}");
    }
    for secret in ["canary", "hunter2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // A change of what is not shown is a change.
    let (_, code) = world.trust("theirs");
    assert_eq!(code, Some(0));
    world.write(&tables.replace("hunter2", "hunter3"));
    assert_untrusted(&world.run(), "has changed since it was trusted");
    assert!(world.trust("no").0.contains("changed:  has the arguments"));
}

#[test]
fn nothing_of_a_project_can_forge_or_hide_a_line() {
    let long = "x".repeat(5000);
    let world = World::new(&format!(
        "[servers.theirs.env]\nA = \"a\\n  is harmless\\u001b[2J\\u202e\\r\"\nB = \"{long}\"\n"
    ));
    let (shown, _) = world.trust("no");
    let one_line = r#"has `A` set to "a\n \u{20}is harmless\u001b[2J\u{202e}\r""#;
    assert!(shown.contains(one_line), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r']), "{shown}");
    assert!(
        !shown.contains(&long[..500]) && shown.contains("(5002 characters, digest "),
        "{shown}"
    );
}

/// What differs may stand in the middle of a long value: then the digests differ.
#[test]
fn a_change_within_a_long_value_is_seen() {
    let tables = |middle: &str| {
        let value = format!("{}{middle}{}", "x".repeat(2500), "x".repeat(2500));
        format!("args = [\"{value}\"]\n")
    };
    let world = World::new(&tables("good"));
    assert_eq!(world.trust("theirs").1, Some(0));
    world.write(&tables("evil"));
    let (shown, _) = world.trust("no");
    let line = shown.lines().find(|line| line.contains("changed:  has the arguments")).unwrap();
    assert!(line.contains("(5008 characters, digest "), "{line}");
    let digests: Vec<&str> = line.split("digest ").skip(1).map(|rest| &rest[..32]).collect();
    assert!(digests.len() == 2 && digests[0] != digests[1], "{line}");
    assert!(shown.contains("check: some of it is not shown: read `[servers.theirs]`"), "{shown}");
}

#[test]
fn a_new_digest_at_the_same_path_is_told() {
    let world = World::new("");
    assert_eq!(world.trust("theirs").1, Some(0));
    let (before, path) = (std::fs::read_to_string(world.manifest()).unwrap(), world.manifest());
    let start = before.find("sha256 = ").unwrap() + 10;
    let old = &before[start..start + 64];
    std::fs::write(path, before.replace(old, &"0".repeat(64))).unwrap();
    let (shown, _) = world.trust("no");
    let expected =
        format!("changed:  has the digest {}, before: has the digest {old}\n", "0".repeat(64));
    assert!(shown.contains(&expected), "{shown}");
}

/// The last screenful has what is started and what it gets; what redirects is never left out.
#[test]
fn a_flood_of_settings_pushes_nothing_out_of_sight() {
    let flood: String = (0..3000).map(|at| format!("PAD_{at} = \"x\"\n")).collect();
    let world = World::new(&format!(
        "args = [\"--quiet\"]\n[servers.theirs.secrets]\nTOKEN = \"local://admin\"\n\
         [servers.theirs.env]\nA_URL = \"https://evil.example\"\n{flood}"
    ));
    let (shown, _) = world.trust("no");
    let lines: Vec<&str> = shown.lines().collect();
    let question = lines.iter().position(|line| line.starts_with("Type `theirs`")).unwrap();
    let last = lines[question - 16..question].join("\n");
    for line in [
        "  and 2960 more settings that are not shown",
        "  has `A_URL` set to \"https://evil.example\"",
        "gets local://admin as `TOKEN`",
        "  has the arguments [\"--quiet\"]",
        "  starts binary ",
        " will run as you: it can read and write everything that you can.",
        "  check: `A_URL` controls which host it contacts",
        "  check: some of it is not shown",
        "lines long: scroll up to read it from the start",
    ] {
        assert!(last.contains(line), "`{line}` is not in: {last}");
    }
}

/// A hundred warnings of one kind do not hide one of another.
#[test]
fn many_looks_of_one_kind_are_counted() {
    let flood: String = (0..100).map(|at| format!("\"https://{at}.example\",")).collect();
    let world = World::new(&format!("args = [{flood}]\n[servers.theirs.env]\nGIT_DIR = \"/x\"\n"));
    let (shown, _) = world.trust("no");
    assert_eq!(shown.matches("check: an argument contains a URL").count(), 5, "{shown}");
    assert!(shown.contains("check: and 95 more like these"), "{shown}");
    assert!(shown.contains("check: `GIT_DIR` can change which programs it starts"), "{shown}");
}

/// A digest of `sh` says nothing of what `sh` is told to run.
#[test]
fn an_interpreter_is_shown_as_not_pinned() {
    let world = World::new("");
    let code = world.project.path().join("server.sh");
    std::fs::write(&code, "exec cat\n").unwrap();
    world.write_of(Path::new("/bin/sh"), &format!("args = [{:?}]\n", path_text(&code)));
    let (shown, code_of_end) = world.trust("theirs");
    assert_eq!(code_of_end, Some(0), "{shown}");
    for line in [
        "check: `/bin/sh` is not pinned: it is `sh`".to_owned(),
        format!("check: an argument names a file that is not pinned: {}", code.display()),
    ] {
        assert!(shown.contains(&line), "`{line}` is not in: {shown}");
    }

    let said = |args: &[&str]| finish(world.command(args), b"");
    let list: Value = serde_json::from_str(said(&["list", "--json"]).text()).unwrap();
    assert_eq!(list[0]["pinned"], false);
    let explained: Value =
        serde_json::from_str(said(&["explain", "theirs", "--json"]).text()).unwrap();
    assert_eq!(explained["pinned"], false);
    let verified: Value = serde_json::from_str(said(&["verify", "--json"]).text()).unwrap();
    assert_eq!(verified[0]["pinned"], false);
    let checked = said(&["check"]);
    assert!(checked.text().contains("theirs: its program is not pinned"), "{}", checked.text());
    world.write("");
    let list: Value = serde_json::from_str(said(&["list", "--json"]).text()).unwrap();
    assert_eq!(list[0]["pinned"], true);
}

/// A host name with a letter of another alphabet, and a line made by white space alone.
#[test]
fn what_looks_like_something_else_is_spelt() {
    let world = World::new(&format!(
        "[servers.theirs.env]\nAPI_URL = \"https://g\u{456}thub.example\"\nB = \"info{}\u{a0}look: fine\"\n",
        " ".repeat(200)
    ));
    let (shown, _) = world.trust("no");
    assert!(shown.contains(r#"can look like others: "https://g\u{456}thub.example""#), "{shown}");
    assert!(!shown.contains("info  ") && !shown.contains('\u{a0}'), "{shown}");
}
