//! The server sees only the environment it was given.

use std::collections::BTreeMap;

use serde_json::json;

use crate::context::{ASK_ENVIRONMENT, TestContext};

const TABLES: &str = r#"
[servers.server.secrets]
TOKEN = "local://token"
KEY_FILE = { ref = "local://key", deliver = "file" }
[servers.server.env]
LOG_LEVEL = "info"
pass = ["PASSED", "APP_*", "AWS_PROFILE"]
"#;

fn context() -> TestContext {
    let context = TestContext::with_example("echo_server", &[], TABLES);
    context.set_secret("local://token", "canary-environment-1-77d0");
    context.set_secret("local://key", "canary-environment-2-08ab");
    context
}

#[test]
fn child_never_sees_parent_env() {
    let context = context();
    let mut command = context.command(["run", "server"]);
    let kept = [("LANG", "C.UTF-8"), ("TZ", "UTC"), ("USER", "someone"), ("TERM", "dumb")];
    command.envs(kept).envs([
        ("PASSED", "1"),
        ("APP_MODE", "test"),
        ("AWS_PROFILE", "work"),
        // A glob never takes the name of a credential along.
        ("APP_TOKEN", "canary-app"),
        ("AWS_SECRET_ACCESS_KEY", "canary-aws"),
        ("VAULT_TOKEN", "canary-vault"),
        ("LD_LIBRARY_PATH", "/nowhere"),
        ("NODE_OPTIONS", "--max-old-space-size=64"),
        ("npm_config_registry", "nowhere"),
        ("XDG_CONFIG_HOME", "/nowhere"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("CLAUDECODE", "1"),
    ]);
    let outcome = crate::context::finish(command, ASK_ENVIRONMENT.as_bytes());
    let environment = outcome.environment();
    let names: Vec<&str> = environment.keys().map(String::as_str).collect();
    let expected =
        "APP_MODE AWS_PROFILE HOME KEY_FILE LANG LOG_LEVEL PASSED PATH TERM TOKEN TZ USER";
    assert_eq!(names.join(" "), expected);
    assert_eq!(environment["TOKEN"], "[hushpipe:TOKEN]");
    assert_eq!(environment["LOG_LEVEL"], "info");
}

/// PATH is what a project's client configuration would change to have its own `node` started.
#[test]
fn the_path_is_never_the_inherited_one() {
    let context = context();
    let mut command = context.command(["run", "server"]);
    command.env("PATH", "/tmp/attacker:/usr/bin:/bin");
    let environment = crate::context::finish(command, ASK_ENVIRONMENT.as_bytes()).environment();
    assert!(!environment["PATH"].contains("attacker"), "{}", environment["PATH"]);
    assert!(environment["PATH"].split(':').any(|folder| folder == "/usr/bin"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_delivered_as_a_file_is_private_and_never_on_disk() {
    use std::os::unix::fs::PermissionsExt;

    let context = context();
    let mut session = context.start();
    session.initialize();
    let answer = session.call("environment", &json!({}));
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    let environment: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
    let server = crate::process::below(session.pid(), "echo_server");
    // What the server opens under that path, seen from here.
    let path = environment["KEY_FILE"].replace("/proc/self/", &format!("/proc/{server}/"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "canary-environment-2-08ab");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let target = crate::context::path_text(&std::fs::read_link(&path).unwrap());
    assert!(target.starts_with("/memfd:"), "{target} is on disk");
}

/// Its own three streams and the files with its secrets: not the client's, not ours, not the guard's.
#[cfg(target_os = "linux")]
#[test]
fn a_server_inherits_no_other_descriptor() {
    let context = context();
    let mut session = context.start();
    session.initialize();
    let server = crate::process::below(session.pid(), "echo_server");
    let mut open: Vec<String> = std::fs::read_dir(format!("/proc/{server}/fd"))
        .unwrap()
        .map(|entry| crate::context::path_text(&std::fs::read_link(entry.unwrap().path()).unwrap()))
        .collect();
    open.sort();
    let kinds: Vec<&str> = open.iter().map(|target| &target[..5]).collect();
    assert_eq!(kinds, ["/memf", "pipe:", "pipe:", "pipe:"], "{open:?}");
}
