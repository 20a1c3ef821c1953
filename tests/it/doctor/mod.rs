//! What `doctor` finds, each with the command that mends it: the command is run, and the finding is gone.
#![cfg(unix)]

mod permissions;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::context::{TestContext, create_private, finish, path_text};
use crate::servers::hushpipe;

/// The findings of `doctor --json` with these arguments, and its exit code.
fn examine(context: &TestContext, args: &[&str]) -> (Vec<Value>, Option<i32>) {
    let outcome = context.run(&[&["doctor", "--json"], args].concat(), "");
    let report: Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", outcome.everything()));
    assert_eq!(report["ok"], outcome.code == Some(0), "{report}");
    (report["findings"].as_array().unwrap().clone(), outcome.code)
}

/// The one finding that is not `ok` and says this.
fn finding(context: &TestContext, says: &str) -> Value {
    let (findings, _) = examine(context, &[]);
    let bad = findings.iter().filter(|finding| finding["level"] != "ok");
    let mut found = bad.filter(|finding| text(&finding["what"]).contains(says));
    found.next().unwrap_or_else(|| panic!("nothing says `{says}`: {findings:#?}")).clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Types what mends a finding, as a person would, and returns when nothing says so any more.
fn fix(context: &TestContext, says: &str) {
    let found = finding(context, says);
    let command = text(&found["fix"]);
    let program = Path::new(env!("CARGO_BIN_EXE_hushpipe")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().env("HOME", context.home()).env("PATH", path);
    let outcome = finish(shell, b"");
    assert_eq!(outcome.code, Some(0), "`{command}`: {}", outcome.everything());
    let (findings, _) = examine(context, &[]);
    let still = findings.iter().any(|f| f["level"] != "ok" && f["what"] == found["what"]);
    assert!(!still, "`{command}` did not fix it: {findings:#?}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What the login shell of this user runs first.
fn write_profile(context: &TestContext, text: &str) {
    for name in [".profile", ".zprofile"] {
        fs::write(context.home().join(name), text).unwrap();
    }
}

/// A program that answers as Node or Python does: where it is, and this version.
fn write_runtime(path: &Path, real: &Path, version: &str) {
    create_private(path.parent().unwrap());
    fs::write(path, format!("#!/bin/sh\necho '{}'\necho {version}\n", real.display())).unwrap();
    set_mode(path, 0o755);
}

fn record(context: &TestContext) -> PathBuf {
    context.home().join(".local/state/hushpipe/machine.toml")
}

fn recorded(context: &TestContext) -> toml::Table {
    fs::read_to_string(record(context)).unwrap().parse().unwrap()
}

#[test]
fn a_new_user_is_led_to_a_machine_with_nothing_to_fix() {
    let context = TestContext::new();
    fix(&context, "there is no manifest");
    let (findings, code) = examine(&context, &[]);
    assert!(findings.iter().all(|finding| finding["level"] == "ok"), "{findings:#?}");
    assert_eq!(code, Some(0));
    let areas = ["record", "runtimes", "permissions", "secrets"];
    for area in areas {
        assert!(findings.iter().any(|finding| finding["area"] == area), "{area}: {findings:#?}");
    }
}

#[test]
fn a_record_that_is_missing_stale_or_broken_is_written_anew() {
    let context = TestContext::with_manifest("version = 1\n");
    fix(&context, "is not recorded");

    write_profile(&context, "export PATH=\"$HOME/new/bin:$PATH\" LANG=de_DE.UTF-8\n");
    let changed = finding(&context, "the PATH of your login shell has changed");
    assert_eq!(changed["level"], "warn");
    finding(&context, "`LANG` of your login shell changed");
    fix(&context, "the PATH of your login shell has changed");
    assert!(recorded(&context)["path"].as_str().unwrap().starts_with(&path_text(context.home())));

    let node = context.home().join("new/bin/node");
    write_runtime(&node, &node, "v99.1.0");
    fix(&context, "your login shell now starts Node v99.1.0");
    fs::remove_file(&node).unwrap();
    fix(&context, "the recorded Node v99.1.0 is gone");

    fs::write(record(&context), "path = 1").unwrap();
    let broken = finding(&context, "cannot read the machine record");
    assert_eq!((&broken["level"], &broken["area"]), (&"fail".into(), &"record".into()));
    fix(&context, "cannot read the machine record");
}

#[test]
fn a_folder_that_is_gone_and_what_an_install_left_are_fixed() {
    let context = TestContext::with_example("echo_server", &[], "");
    let cwd = context.home().join("it's gone");
    let manifest = fs::read_to_string(context.config().join("hushpipe.toml")).unwrap();
    context.write_manifest(&format!("{manifest}cwd = \"{}\"\n", cwd.display()));
    assert_eq!(finding(&context, "is not a folder")["where"], "server");
    assert_eq!(examine(&context, &[]).1, Some(78));
    fix(&context, "is not a folder");

    let left = context.home().join(".local/share/hushpipe/store/.new-abc");
    create_private(&left.join("node_modules"));
    fix(&context, "left over from an interrupted install");
    assert!(!left.exists());
}

#[test]
fn an_install_that_is_missing_changed_or_not_locked_is_made_again() {
    let context = TestContext::with_installed("memory");
    let manifest = fs::read_to_string(context.config().join("hushpipe.toml")).unwrap();
    let package = manifest.lines().find(|line| line.contains("server-memory")).unwrap();
    context.write_manifest(&format!("version = 1\n[servers.memory]\n{package}\n"));
    fs::remove_dir_all(context.home().join(".local/state/hushpipe/receipts")).unwrap();
    fix(&context, "is not installed on this machine");

    let explained = context.run(&["explain", "memory", "--json"], "");
    let explained: Value = serde_json::from_slice(&explained.stdout).unwrap();
    let entry = Path::new(text(explained["argv"].as_array().unwrap().last().unwrap()));
    let mut described = entry.ancestors().map(|folder| folder.join("package.json"));
    let described = described.find(|path| path.is_file()).unwrap();
    fs::write(described, r#"{"engines": {"node": ">=99"}}"#).unwrap();
    assert_eq!(finding(&context, "differs from what was locked")["level"], "fail");
    assert_eq!(examine(&context, &[]).1, Some(65));
    fix(&context, "differs from what was locked");

    fs::remove_file(context.config().join("hushpipe.lock")).unwrap();
    fix(&context, "is not locked");
    assert_eq!(examine(&context, &[]).1, Some(0));
}

/// A server may ask for another Node than the one of the login shell, and gets it as soon as it is recorded.
#[test]
fn a_node_chosen_by_version_is_the_recorded_one() {
    let context = TestContext::with_installed("memory");
    let manifest = fs::read_to_string(context.config().join("hushpipe.toml")).unwrap();
    let package = manifest.lines().find(|line| line.contains("server-memory")).unwrap();
    context
        .write_manifest(&format!("version = 1\n[servers.memory]\n{package}\nruntime = \"97.2\"\n"));
    let says = "needs Node `97.2`, and the machine record has none";
    let missing = finding(&context, says);
    assert!(text(&missing["hint"]).contains("hushpipe doctor --fix"), "{missing}");
    assert_eq!(examine(&context, &[]).1, Some(127));

    let node = context.home().join(".nvm/versions/node/v97.2.0/bin/node");
    write_runtime(&node, &node, "v97.2.0");
    let fixed = context.run(&["doctor", "--fix"], "");
    assert_eq!(fixed.code, Some(0), "{}", fixed.everything());
    let explained = context.run(&["explain", "memory", "--json"], "");
    let explained: Value = serde_json::from_slice(&explained.stdout).unwrap();
    let node = node.canonicalize().unwrap();
    assert_eq!(
        (&explained["state"], &explained["argv"][0]),
        (&"ready".into(), &path_text(&node).into())
    );
}

/// What works in a terminal and not in a desktop program.
#[test]
fn as_client_knows_only_what_a_desktop_hands_on() {
    let context = TestContext::with_example(
        "echo_server",
        &[],
        "[servers.server.secrets]\nREGION = \"env://REGION\"\n",
    );
    let with_region = |args: &[&str]| {
        let mut command = hushpipe(context.home(), args);
        command.env("REGION", "eu-central-1");
        finish(command, b"")
    };
    assert_eq!(with_region(&["doctor"]).code, Some(0));
    let outcome = with_region(&["doctor", "--as-client", "--json"]);
    assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(report["as_client"], true);
    let failed: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|f| f["level"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(failed[0]["what"], "`env://REGION` is not set in this environment");
    assert!(text(&failed[0]["hint"]).contains("client's configuration"));
}

/// Each version manager has its folder or its stand-ins on the PATH of a login shell.
#[test]
fn the_runtime_of_each_version_manager_is_recorded_as_what_it_really_is() {
    let managers = [
        ("nvm", "node", ".nvm/versions/node/v98.1.0/bin/node", ".nvm/versions/node/v98.1.0/bin"),
        (
            "mise",
            "node",
            ".local/share/mise/installs/node/98.1.0/bin/node",
            ".local/share/mise/shims",
        ),
        ("asdf", "node", ".asdf/installs/nodejs/98.1.0/bin/node", ".asdf/shims"),
        ("volta", "node", ".volta/tools/image/node/98.1.0/bin/node", ".volta/bin"),
        ("pyenv", "python3", ".pyenv/versions/98.1.0/bin/python3", ".pyenv/shims"),
        ("uv", "python3", ".local/share/uv/python/cpython-98.1.0-linux/bin/python3", ".local/bin"),
    ];
    for (manager, name, real, on_path) in managers {
        let context = TestContext::new();
        let real = context.home().join(real);
        write_runtime(&real, &real, "98.1.0");
        let shim = context.home().join(on_path).join(name);
        if shim != real {
            write_runtime(&shim, &real, "98.1.0");
        }
        let older = real.to_str().unwrap().replace("98.1.0", "97.2.0");
        write_runtime(Path::new(&older), Path::new(&older), "97.2.0");
        write_profile(&context, &format!("PATH=\"$HOME/{on_path}:$PATH\"\n"));
        assert_eq!(context.run(&["init"], "").code, Some(0));
        let recorded = recorded(&context);
        let (first, others) =
            if name == "node" { ("node", "other_nodes") } else { ("python", "other_pythons") };
        let found = recorded[first]["path"].as_str().unwrap();
        assert_eq!(Path::new(found), real.canonicalize().unwrap(), "{manager}");
        let others = recorded[others].as_array().unwrap();
        let older = Path::new(&older).canonicalize().unwrap();
        let has = others.iter().any(|other| Path::new(other["path"].as_str().unwrap()) == older);
        assert!(has, "{manager}: {others:?}");
    }
}

/// Start-up files export a proxy with its password and tokens besides; the record is a plain file.
#[test]
fn a_proxys_password_is_in_no_output_and_no_file() {
    const CANARY: &str = "canary-proxy-7Qx2";
    let context = TestContext::with_example(
        "echo_server",
        &[],
        "[servers.server.env]\npresets = [\"corp-proxy\"]\n",
    );
    let profile = format!(
        "export HTTPS_PROXY=http://me:{CANARY}@proxy:8080 http_proxy={CANARY}@proxy:3128 GITHUB_TOKEN={CANARY} HTTP_PROXY=http://proxy:1\n"
    );
    write_profile(&context, &profile);
    let verbs: [&[&str]; 7] = [
        &["init"],
        &["sync"],
        &["doctor", "--fix", "--json"],
        &["doctor"],
        &["explain", "server", "--json"],
        &["check"],
        &["doctor", "--as-client"],
    ];
    for verb in verbs {
        let outcome = context.run(verb, "");
        assert_eq!(outcome.code, Some(0), "{verb:?}: {}", outcome.everything());
        assert!(!outcome.everything().contains(CANARY), "{verb:?}: {}", outcome.everything());
    }
    let mut looked_at = 0;
    let mut folders = vec![context.home().join(".local"), context.home().join(".config")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                looked_at += 1;
                let bytes = fs::read(&path).unwrap();
                assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{}", path.display());
            }
        }
    }
    assert!(looked_at >= 2, "{looked_at} files");
    let names: Vec<Value> = recorded(&context)["withheld"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().into())
        .collect();
    assert_eq!(names, ["HTTPS_PROXY", "http_proxy"]);
    let left_out = finding(&context, "preset `corp-proxy` leaves out `HTTPS_PROXY`");
    assert!(text(&left_out["hint"]).contains("hushpipe secret set local://proxy"), "{left_out}");
}
