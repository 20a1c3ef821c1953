//! A project's server runs only as a person accepted it, and a user's own only as it was synced. Through the real binary,
//! the acceptance typed on a real terminal.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::context::{Outcome, TestContext, finish, path_text};
use crate::terminal::Terminal;

/// A user without servers, and a project with one called `theirs`, which is the echo server.
struct World {
    user: TestContext,
    project: tempfile::TempDir,
}

impl World {
    fn new(tables: &str) -> Self {
        let user = TestContext::with_manifest("version = 1\n");
        let project = tempfile::tempdir().unwrap();
        let world = Self { user, project };
        world.write(tables);
        world
    }

    fn manifest(&self) -> PathBuf {
        self.project.path().join("hushpipe.toml")
    }

    /// Writes the project's manifest: the server, and these lines below it.
    fn write(&self, tables: &str) {
        let program = crate::fixture::example("echo_server");
        let digest = sha256(&program);
        let binary = format!("{{ path = {:?}, sha256 = {digest:?} }}", path_text(&program));
        let text = format!("version = 1\n[servers.theirs]\nbinary = {binary}\n{tables}");
        fs::write(self.manifest(), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let project = path_text(self.project.path());
        let args = args.iter().copied().chain(["--project", &project]);
        self.user.command(args.collect::<Vec<_>>())
    }

    fn run(&self) -> Outcome {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        finish(self.command(&["run", "theirs"]), format!("{request}\n").as_bytes())
    }

    /// What `hushpipe trust theirs` shows; this is typed then, and the code it ends with.
    fn trust(&self, typed: &str) -> (String, Option<i32>) {
        let mut terminal = Terminal::start(&self.command(&["trust", "theirs"]));
        terminal.wait_for("Type `theirs` to go on: ");
        terminal.type_in(&format!("{typed}\r"));
        let (status, shown) = terminal.end();
        (shown.replace("\r\n", "\n"), status.code())
    }
}

fn sha256(path: &std::path::Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// Refused with 78, and both the client and the log are told what to ask the user.
fn assert_untrusted(outcome: &Outcome, words: &str) {
    assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
    let answer = outcome.messages()[0]["error"]["message"].as_str().unwrap().to_owned();
    for said in [answer.as_str(), &outcome.stderr] {
        assert!(said.contains(words), "{said}");
        assert!(said.contains("ask the user to"), "{said}");
        assert!(said.contains("hushpipe trust theirs --manifest "), "{said}");
    }
}

fn assert_runs(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    assert!(outcome.messages()[0]["result"]["tools"].is_array(), "{}", outcome.everything());
}

#[test]
fn a_trusted_entry_runs_and_an_altered_one_does_not() {
    let world = World::new("[servers.theirs.env]\nLOG_LEVEL = \"info\"\n");
    assert_untrusted(&world.run(), "nobody has trusted yet");
    assert_eq!(world.trust("theirs").1, Some(0));
    assert_runs(&world.run());

    world.write("# Another comment.\n\n[servers.theirs.env]\n  LOG_LEVEL   = 'info'\n");
    assert_runs(&world.run());

    world.write("[servers.theirs.env]\nLOG_LEVEL = \"debug\"\n");
    assert_untrusted(&world.run(), "has changed since it was trusted");
    world.write("[servers.theirs.env]\nLOG_LEVEL = \"info\"\n");
    assert_runs(&world.run());
}
