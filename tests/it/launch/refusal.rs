//! Anything wrong before the start: nothing is started, every request is answered with what the person should do, one
//! message stands on stderr, the exit code says what kind of failure it was.

use std::fs;

use serde_json::{Value, json};

use crate::context::{Outcome, TestContext};

/// A user whose one server would run, but for what `tables` says.
fn context(tables: &str) -> TestContext {
    TestContext::with_example("echo_server", &[], tables)
}

/// What a modern client and a stateful one send first, and a notification in between.
fn opening() -> Vec<u8> {
    let messages = [
        json!({"jsonrpc": "2.0", "id": "probe", "method": "server/discover", "params": {}}),
        json!({"jsonrpc": "2.0", "method": "notifications/x"}),
        json!({"jsonrpc": "2.0", "id": 9_007_199_254_740_993_u64, "method": "initialize", "params": {}}),
    ];
    messages.iter().flat_map(|message| format!("{message}\n").into_bytes()).collect()
}

/// Asserts the answers, the message and the code; returns what was said to both readers.
fn refused(outcome: &Outcome, code: i32, words: &[&str]) -> String {
    assert_eq!(outcome.code, Some(code), "{}", outcome.everything());
    let answers = outcome.messages();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!("probe"), &json!(9_007_199_254_740_993_u64)], "{}", outcome.text());
    for answer in &answers {
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        assert_eq!(answer["error"]["data"]["source"], "hushpipe", "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        for word in words {
            assert!(message.contains(word), "`{word}` is not in the answer: {message}");
        }
    }
    for word in words {
        assert!(outcome.stderr.contains(word), "`{word}` is not on stderr: {}", outcome.stderr);
    }
    let errors = outcome.stderr.lines().filter(|line| line.starts_with("hushpipe: error:")).count();
    assert!(errors >= 1, "{}", outcome.stderr);
    outcome.everything()
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let outcome = context("secrts = 1\n").relay(&opening());
    refused(&outcome, 78, &["secrts", "secrets", "hushpipe.toml:4:1"]);
}

#[test]
fn a_range_and_latest_are_refused_with_the_version_to_write() {
    let manifest = |version: &str| {
        format!(
            "version = 1\n[servers.server]\nnpm = \"@modelcontextprotocol/server-memory{version}\"\n"
        )
    };
    for (version, word) in [("@^2026.8.31", "2026.8.31"), ("@latest", "npm view"), ("", "npm view")]
    {
        let outcome = TestContext::with_manifest(&manifest(version)).relay(&opening());
        refused(&outcome, 78, &[word]);
    }
}

#[test]
fn a_server_that_was_never_locked_or_synced_is_not_started() {
    let manifest = "version = 1\n[servers.server]\nnpm = \"left-pad@1.3.0\"\n";
    let outcome = TestContext::with_manifest(manifest).relay(&opening());
    refused(&outcome, 78, &["hushpipe lock"]);
}

#[test]
fn an_unknown_server_names_the_nearest_known_one() {
    let context = context("");
    let outcome = crate::context::finish(context.command(["run", "servre"]), &opening());
    refused(&outcome, 78, &["servre", "`server`"]);
}

#[test]
fn every_missing_secret_is_named_and_none_is_asked_for_twice() {
    let tables = "[servers.server.secrets]\nONE = \"local://one\"\nTWO = \"env://NOT_SET_HERE\"\n";
    let outcome = context(tables).relay(&opening());
    refused(&outcome, 77, &["ONE", "TWO", "local://one", "hushpipe secret set"]);
}

#[cfg(unix)]
#[test]
fn a_manifest_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;

    let context = context("");
    let manifest = context.config().join("hushpipe.toml");
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o666)).unwrap();
    refused(&context.relay(&opening()), 78, &["chmod", "go-w"]);
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(context.config(), fs::Permissions::from_mode(0o777)).unwrap();
    refused(&context.relay(&opening()), 78, &["chmod", "go-w"]);
}

#[test]
fn a_manifest_that_cannot_be_read_is_named() {
    let context = context("");
    let manifest = context.config().join("hushpipe.toml");
    fs::remove_file(&manifest).unwrap();
    refused(&context.relay(&opening()), 78, &["hushpipe.toml", "hushpipe init"]);
    // A folder in its place cannot be read, not even by root.
    fs::create_dir(&manifest).unwrap();
    let outcome = context.relay(&opening());
    let code = outcome.code.unwrap();
    assert!([74, 78].contains(&code), "{}", outcome.everything());
    refused(&outcome, code, &["hushpipe.toml"]);
}

#[test]
fn a_secret_file_that_cannot_be_read_is_named() {
    let context = context("[servers.server.secrets]\nONE = \"file:///not/there\"\n");
    let outcome = context.relay(&opening());
    let code = outcome.code.unwrap();
    assert!([74, 77].contains(&code), "{}", outcome.everything());
    refused(&outcome, code, &["ONE", "/not/there"]);
}

#[test]
fn a_project_manifest_is_not_run_without_trust() {
    let context = context("");
    let project = tempfile::tempdir().unwrap();
    let manifest = project.path().join("hushpipe.toml");
    fs::write(&manifest, "version = 1\n[servers.theirs]\nnpm = \"left-pad@1.3.0\"\n").unwrap();
    let project = project.path().to_str().unwrap();
    let run = context.command(["--project", project, "run", "theirs"]);
    refused(&crate::context::finish(run, &opening()), 78, &["trust"]);
    let mut run = context.command(["run", "theirs"]);
    run.env("HUSHPIPE_MANIFEST", &manifest);
    refused(&crate::context::finish(run, &opening()), 78, &["trust"]);
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let manifest = "version = 1\n[servers.server]\ncommand = [\"/not/there/node\"]\n";
    let outcome = TestContext::with_manifest(manifest).relay(&opening());
    refused(&outcome, 127, &["/not/there/node"]);
}

/// Without the `x` bit, and with it but no format that the kernel knows: a shell must not be handed the file instead.
#[cfg(unix)]
#[test]
fn a_program_that_cannot_be_run_is_named_and_no_shell_tries_it() {
    use std::os::unix::fs::PermissionsExt;

    let context = TestContext::new();
    let program = context.home().join("program");
    fs::write(&program, format!("echo ran > {}\n", context.home().join("ran").display())).unwrap();
    let command = json!([crate::context::path_text(&program)]);
    context.write_manifest(&format!("version = 1\n[servers.server]\ncommand = {command}\n"));
    for mode in [0o644, 0o755] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        refused(&context.relay(&opening()), 126, &["program"]);
        assert!(!context.home().join("ran").exists(), "a shell ran it with mode {mode:o}");
    }
}

#[test]
fn a_binary_with_another_digest_is_not_started() {
    let program = crate::context::path_text(&crate::fixture::example("echo_server"));
    let digest = "0".repeat(64);
    let binary = format!("binary = {{ path = {program:?}, sha256 = {digest:?} }}");
    let manifest = format!("version = 1\n[servers.server]\n{binary}\n");
    let outcome = TestContext::with_manifest(&manifest).relay(&opening());
    refused(&outcome, 65, &["echo_server"]);
}

/// A value written where a reference belongs is the likeliest mistake of a new user.
#[test]
fn a_value_in_the_manifest_is_refused_and_not_repeated() {
    let canary = "canary-refusal-0a9b8c7d";
    let tables = format!("[servers.server.secrets]\nTOKEN = \"{canary}\"\n");
    let said = refused(&context(&tables).relay(&opening()), 78, &["TOKEN"]);
    assert!(!said.contains(canary), "{said}");
}

#[test]
fn the_answers_end_with_the_client() {
    let context = context("[servers.server.secrets]\nONE = \"local://one\"\n");
    let mut session = context.start();
    for _ in 0..3 {
        let answer = session.request("tools/list", &json!({}));
        assert_eq!(answer["error"]["data"]["source"], "hushpipe", "{answer}");
    }
    assert_eq!(session.finish().code, Some(77));
}

/// One mistake in one entry stopped every server of every host.
#[test]
fn a_mistake_elsewhere_in_the_manifest_keeps_no_other_server_from_starting() {
    let context = TestContext::with_example("echo_server", &[], "");
    let manifest = context.config().join("hushpipe.toml");
    let good = std::fs::read_to_string(&manifest).unwrap();
    for wrong in [
        "[servers.other]\nnpm = \"a@latest\"\n",
        "[servers.other]\ncommand = \"one string\"\n",
        "[servers.other]\nno_such_key = 1\n",
        "[servers.other]\nnpm = \"a@1.0.0\"\n[servers.other.secrets]\nT = \"plain text\"\n",
        "[providers.other]\ntype = \"no-such-type\"\n",
        "[profiles.p.other]\nT = \"local://t\"\n",
    ] {
        crate::context::write_private(&manifest, &format!("{good}\n{wrong}"));
        let mut session = context.start();
        session.initialize();
        let outcome = session.finish();
        assert_eq!(outcome.code, Some(0), "{wrong}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.matches("`hushpipe check` shows them").count(), 1, "{wrong}");
        let checked = context.run(&["check"], "");
        assert_eq!(checked.code, Some(78), "{wrong}: {}", checked.everything());
        let other = context.run(&["run", "other"], "");
        assert_eq!(other.code, Some(78), "{wrong}: {}", other.everything());
    }
    // What the server itself needs must be right.
    let needs = "[servers.server.secrets]\nT = \"corp://kv/a#b\"\n[providers.corp]\ntype = \"vault\"\nadress = \"x\"\n";
    crate::context::write_private(&manifest, &format!("{good}\n{needs}"));
    assert_eq!(context.run(&["run", "server"], "").code, Some(78));
    // So must what is no part of any entry.
    crate::context::write_private(&manifest, &format!("{good}\n[servers.other\n"));
    assert_eq!(context.run(&["run", "server"], "").code, Some(78));
}
