//! Which Python a package of PyPI is locked for and runs on, and what is said where none will do.
//!
//! The index is one of the test's own on the loopback; uv is the real one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::context::{Outcome, TestContext, write_private};
use crate::fixture;
use crate::servers::provide_uv;

/// A user whose uv asks an index on the loopback.
struct User {
    context: TestContext,
    index: Child,
}

impl User {
    /// The user with one server, `server`, that this line of the manifest describes.
    fn new(packages: &Value, server: &str) -> Self {
        let context =
            TestContext::with_manifest(&format!("version = 1\n[servers.server]\n{server}\n"));
        provide_uv(context.home());
        let description = context.home().join("packages.json");
        fs::write(&description, packages.to_string()).unwrap();
        let script = fixture::repository().join("tests/fixture/index.py");
        let mut index = Command::new("python3")
            .args([script, description])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(index.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let config = context.home().join(".config/uv/uv.toml");
        let before = fs::read_to_string(&config).unwrap();
        let url = format!("http://127.0.0.1:{}/simple", port.trim());
        write_private(&config, &format!("{before}index-url = {url:?}\n"));
        Self { context, index }
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.context.run(args, "")
    }

    fn lockfile(&self) -> String {
        fs::read_to_string(self.context.config().join("hushpipe.lock")).unwrap()
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = self.index.kill();
        let _ = self.index.wait();
    }
}

/// A package on the index with a console script of its own name.
fn server(python: &str, needs: &[&str]) -> Value {
    json!({"name": "server", "version": "1.0.0", "python": python, "needs": needs, "script": "server"})
}

#[test]
fn a_lock_is_for_the_pythons_of_the_whole_closure_whatever_this_machine_has() {
    let packages = json!([
        server(">=3.12", &["newer"]),
        {"name": "newer", "version": "1.0.0", "python": ">=3.14"},
    ]);
    let user = User::new(&packages, "pypi = \"server==1.0.0\"");
    let locked = user.run(&["lock"]);
    assert_eq!(locked.code, Some(0), "{}", locked.stderr);
    assert!(user.lockfile().contains("python = \">=3.14\""), "{}", user.lockfile());
}

#[test]
fn a_runtime_that_the_package_is_not_for_is_refused_with_one_that_it_is_for() {
    let user = User::new(
        &json!([server(">=3.11,<3.13", &[])]),
        "pypi = \"server==1.0.0\"\nruntime = \"3.13\"",
    );
    let locked = user.run(&["lock"]);
    assert_eq!(locked.code, Some(78), "{}", locked.stderr);
    for words in ["needs Python `<3.13, >=3.11`", "and this is `3.13`", "runtime = \"3.12\""] {
        let plain = locked.stderr.replace(">=3.11, <3.13", "<3.13, >=3.11");
        assert!(plain.contains(words), "{words}: {}", locked.stderr);
    }
}

/// uv looks at the lower bound only, so that such a package would run against its own word.
#[test]
fn a_dependency_that_is_for_no_python_of_this_machine_is_not_installed() {
    let packages = json!([
        server(">=3.10", &["older"]),
        {"name": "older", "version": "1.0.0", "python": ">=3.8,<3.9"},
    ]);
    let user = User::new(&packages, "pypi = \"server==1.0.0\"");
    let locked = user.run(&["lock"]);
    assert_eq!(locked.code, Some(0), "{}", locked.stderr);
    let synced = user.run(&["sync"]);
    assert_eq!(synced.code, Some(78), "{}", synced.stderr);
    assert!(synced.stderr.contains("package `older==1.0.0` needs Python"), "{}", synced.stderr);
}

#[test]
fn a_python_that_cannot_be_had_is_named_as_the_cause() {
    let user = User::new(
        &json!([server(">=3.10", &[])]),
        "pypi = \"server==1.0.0\"\nruntime = \"3.10.99\"",
    );
    assert_eq!(user.run(&["lock"]).code, Some(0));
    let synced = user.run(&["sync"]);
    assert_eq!(synced.code, Some(127), "{}", synced.stderr);
    assert!(
        synced.stderr.contains("Python `3.10.99` is not installed on this machine"),
        "{}",
        synced.stderr
    );
    assert!(!synced.stderr.contains("registry"), "{}", synced.stderr);
}

#[test]
fn all_packages_without_a_wheel_are_named_with_the_line_that_allows_them() {
    let packages = json!([
        server(">=3.10", &["one", "two", "three"]),
        {"name": "one", "version": "1.0.0", "source": true},
        {"name": "two", "version": "2.0.0"},
        {"name": "three", "version": "3.0.0", "source": true},
    ]);
    let user = User::new(&packages, "pypi = \"server==1.0.0\"");
    let locked = user.run(&["lock"]);
    assert_eq!(locked.code, Some(78), "{}", locked.stderr);
    assert!(locked.stderr.contains("comes as source only"), "{}", locked.stderr);
    let line = ["one==1.0.0", "three==3.0.0"].map(|id| format!("\"{id}\""));
    let ways = [line.join(", "), format!("{}, {}", line[1], line[0])];
    let named = |way: &String| locked.stderr.contains(&format!("allow_sdist = [{way}]"));
    assert!(ways.iter().any(named), "{}", locked.stderr);
}

/// What `uvx` meets as well on the day that the first 2.x of the SDK appears.
#[test]
fn a_server_that_dies_at_import_of_a_newer_package_says_which_line_mends_it() {
    let code = "from mcp import FastMCP\nimport json, sys\ndef main():\n    for line in sys.stdin:\n        \
                print(json.dumps({'jsonrpc': '2.0', 'id': json.loads(line)['id'], 'result': {}}), flush=True)\n";
    let mut server = server(">=3.10", &["mcp>=1.0"]);
    server["code"] = code.into();
    let packages = json!([
        server,
        {"name": "mcp", "version": "1.26.0", "code": "FastMCP = object\n"},
        {"name": "mcp", "version": "2.3.0", "code": "MCPServer = object\n"},
    ]);
    let user = User::new(&packages, "pypi = \"server==1.0.0\"");
    for verb in ["lock", "sync"] {
        let outcome = user.run(&[verb]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    let ping = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
    for input in [&ping[..], b""] {
        let died = user.context.relay(input);
        for line in [
            "ImportError: cannot import name 'FastMCP' from 'mcp'",
            "hushpipe: error: server `server` could not start",
            "hushpipe: cause: its code does not fit a package that its ranges let in: `mcp==2.3.0`",
            "as in `with = [\"mcp==1.VERSION\"]`",
            "then run `hushpipe lock server` and `hushpipe sync server`",
        ] {
            assert!(died.stderr.contains(line), "`{line}` is not in: {}", died.stderr);
        }
    }
    let died = user.context.relay(ping);
    let error = &died.messages()[0]["error"];
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("ended with exit code 1 before it answered: its code does not fit"));
    assert!(message.contains("; ask the user: write the last version below 2 into"), "{message}");
    assert_eq!(error["data"]["kind"], "server_ended");

    let pinned =
        "version = 1\n[servers.server]\npypi = \"server==1.0.0\"\nwith = [\"mcp==1.26.0\"]\n";
    user.context.write_manifest(pinned);
    for verb in ["lock", "sync"] {
        let outcome = user.run(&[verb]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    let answered = user.context.relay(ping);
    assert_eq!(answered.messages()[0]["result"], json!({}), "{}", answered.everything());
}
