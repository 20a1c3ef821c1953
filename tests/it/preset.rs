//! Presets: what a real server finds in its environment, and what stays with hushpipe.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixListener;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::context::{Outcome, TestContext, finish, path_text};
use crate::servers;

/// A user of `everything`, the server that tells its whole environment, with these presets and this start-up file.
fn context(env: &str, profile: &str) -> TestContext {
    let argv = serde_json::to_string(&servers::argv("everything")).unwrap();
    let context = TestContext::with_manifest(&format!(
        "version = 1\n[servers.everything]\ncommand = {argv}\n[servers.everything.env]\n{env}\n"
    ));
    for name in [".profile", ".zprofile"] {
        fs::write(context.home().join(name), profile).unwrap();
    }
    assert_eq!(context.run(&["init"], "").code, Some(0));
    context
}

/// Calls `get-env` with these variables in hushpipe's own environment.
fn environment(context: &TestContext, own: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut command = context.command(["call", "everything", "get-env"]);
    command.envs(own.iter().copied());
    let outcome = finish(command, b"");
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    serde_json::from_slice(&outcome.stdout).unwrap_or_else(|e| panic!("{e}: {}", outcome.text()))
}

const PROFILE: &str = "\
export HTTPS_PROXY=http://proxy.corp.example:8080 no_proxy=localhost
export SSL_CERT_FILE=/etc/ssl/corp.pem NODE_EXTRA_CA_CERTS=/etc/ssl/corp.pem REQUESTS_CA_BUNDLE=/etc/ssl/corp.pem
export DOCKER_CONTEXT=work LANG=C.UTF-8 GITHUB_TOKEN=canary-of-the-shell\n";

#[test]
fn each_preset_gives_a_real_server_its_variables_and_no_others() {
    let proxy = "http://proxy.corp.example:8080";
    let (ca, one) = ("/etc/ssl/corp.pem", "1");
    let expected: [(&str, &[(&str, &str)]); 4] = [
        (
            "node",
            &[("NODE_EXTRA_CA_CERTS", ca), ("NO_UPDATE_NOTIFIER", one), ("SSL_CERT_FILE", ca)],
        ),
        (
            "python",
            &[
                ("PYTHONUNBUFFERED", one),
                ("PYTHONUTF8", one),
                ("REQUESTS_CA_BUNDLE", ca),
                ("SSL_CERT_FILE", ca),
            ],
        ),
        (
            "corp-proxy",
            &[
                ("HTTPS_PROXY", proxy),
                ("NODE_EXTRA_CA_CERTS", ca),
                ("NODE_USE_ENV_PROXY", one),
                ("NODE_USE_SYSTEM_CA", one),
                ("NO_PROXY", "localhost"),
                ("REQUESTS_CA_BUNDLE", ca),
                ("SSL_CERT_FILE", ca),
                ("https_proxy", proxy),
                ("no_proxy", "localhost"),
            ],
        ),
        ("docker", &[("DOCKER_CONTEXT", "work")]),
    ];
    // What a project's client configuration would set to have the server's traffic.
    let hostile = [
        ("HTTPS_PROXY", "http://attacker:1"),
        ("NODE_EXTRA_CA_CERTS", "/tmp/attacker.pem"),
        ("SSL_CERT_FILE", "/tmp/attacker.pem"),
        ("DOCKER_HOST", "tcp://attacker:2375"),
        ("SSH_AUTH_SOCK", "/dev/null"),
    ];
    for (preset, variables) in expected {
        let context = context(&format!("presets = [\"{preset}\"]"), PROFILE);
        let mut given = environment(&context, &hostile);
        for kept in ["HOME", "PATH"] {
            assert!(given.remove(kept).is_some(), "{preset}: {kept}");
        }
        assert_eq!(given.remove("LANG").as_deref(), Some("C.UTF-8"), "the record's, ours has none");
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        assert_eq!(given, variables.collect::<BTreeMap<String, String>>(), "{preset}");
    }
}

#[test]
fn sockets_are_handed_on_when_they_are_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent");
    let _listener = UnixListener::bind(&path).unwrap();
    let (socket, host) = (path_text(&path), format!("unix://{}", path_text(&path)));
    let context = context("presets = [\"ssh\", \"docker\"]", "");
    let given = environment(&context, &[("SSH_AUTH_SOCK", &socket), ("DOCKER_HOST", &host)]);
    assert_eq!((&given["SSH_AUTH_SOCK"], &given["DOCKER_HOST"]), (&socket, &host));
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .unwrap();
    let given = environment(&context, &[("SSH_AUTH_SOCK", &socket), ("DOCKER_HOST", &host)]);
    assert!(!given.contains_key("SSH_AUTH_SOCK"), "anybody could have put it there: {given:?}");
    assert!(!given.contains_key("DOCKER_HOST"));
}

#[test]
fn explain_says_which_preset_gave_a_variable() {
    let context = context("presets = [\"corp-proxy\"]\nNO_PROXY = \"localhost\"", PROFILE);
    let explained = context.run(&["explain", "everything", "--json"], "");
    let explained: Value = serde_json::from_slice(&explained.stdout).unwrap();
    let environment = explained["environment"].as_array().unwrap();
    let from = |name: &str| {
        let variable = environment.iter().find(|variable| variable["name"] == name);
        variable.unwrap_or_else(|| panic!("no {name}: {environment:?}"))["from"].clone()
    };
    assert_eq!(from("HTTPS_PROXY"), "preset `corp-proxy`");
    assert_eq!(from("NO_PROXY"), "manifest");
    assert_eq!(from("LANG"), "machine record");
}

#[test]
fn an_unknown_preset_is_named_with_the_nearest() {
    let context = TestContext::with_manifest(
        "version = 1\n[servers.x]\ncommand = [\"/bin/true\"]\n[servers.x.env]\npresets = [\"corp_proxy\"]\n",
    );
    let outcome = context.run(&["check"], "");
    assert_eq!(outcome.code, Some(78));
    assert!(outcome.stderr.contains("did you mean `corp-proxy`?"), "{}", outcome.stderr);
}

/// A proxy with a password that passes by name is as little for the client to read as any secret.
#[test]
fn the_password_of_a_proxy_that_passes_is_withheld_from_the_client() {
    const PASSWORD: &str = "canary/pass+9Zt4";
    let value = "http://me:canary%2Fpass+9Zt4@127.0.0.1:9";
    let context = TestContext::with_example(
        "echo_server",
        &[],
        "[servers.server.env]\npass = [\"HTTPS_PROXY\", \"https_proxy\"]\n",
    );
    let ask = |name: &str, text: &str| {
        let params = json!({"name": name, "arguments": {"text": text}});
        format!(
            "{}\n",
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        )
    };
    let run = |frames: &str| -> Outcome {
        let mut command = context.command(["run", "server"]);
        command.env("HTTPS_PROXY", value).env("https_proxy", "me:short-lived-1@proxy");
        finish(command, frames.as_bytes())
    };
    let told = run(&ask("environment", ""));
    assert_eq!(told.code, Some(0), "{}", told.everything());
    assert!(told.text().contains("[hushpipe:HTTPS_PROXY]"), "{}", told.text());
    assert!(told.text().contains("[hushpipe:https_proxy]"), "{}", told.text());
    let basic = STANDARD.encode(format!("me:{PASSWORD}"));
    for spelled in [PASSWORD, value, "canary%2Fpass+9Zt4", &basic, "short-lived-1"] {
        for tool in ["echo", "complain"] {
            let outcome = run(&ask(tool, &format!("Proxy-Authorization: {spelled} refused")));
            let everything = outcome.everything();
            assert!(!everything.contains(spelled), "{tool} {spelled}: {everything}");
        }
    }
}
