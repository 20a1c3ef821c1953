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

/// A user with two servers of one package, and two lock entries that it can have.
fn two_of_one_package() -> (TestContext, [String; 2]) {
    let fixture = crate::fixture::repository().join("tests/fixture/servers/hushpipe.lock");
    let fixture = fs::read_to_string(fixture).unwrap();
    let section = &fixture[fixture.find("[servers.github]").unwrap()..];
    let section = section[..section.find("\n[servers.memory]").unwrap()].trim_end();
    let package = section.lines().nth(1).unwrap();
    let servers = ["one", "two"].map(|name| format!("[servers.{name}]\n{package}\n"));
    let context = TestContext::with_manifest(&format!("version = 1\n{}", servers.concat()));
    // Which runtimes a package likes: nothing that an install depends on.
    let engines = section.find("engines = ").unwrap();
    let line = section[engines..].find('\n').unwrap() + 1;
    let other = section[..engines].to_owned() + &section[engines + line..];
    (context, [section.to_owned(), other])
}

/// Writes a lockfile in which `one` has the first of these entries and `two` the second.
fn lock(context: &TestContext, [one, two]: [&String; 2]) {
    let one = one.replace("[servers.github", "[servers.one");
    let two = two.replace("[servers.github", "[servers.two");
    let text = format!("version = 1\n\n{one}\n\n{two}\n");
    fs::write(context.config().join("hushpipe.lock"), text).unwrap();
}

/// Both entries are installed, so only the record tells that one stands in the other's place.
#[test]
fn an_entry_that_was_not_synced_does_not_run() {
    let (context, [plain, other]) = two_of_one_package();
    lock(&context, [&plain, &other]);
    let run = |name: &str| {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        finish(context.command(["run", name]), format!("{request}\n").as_bytes())
    };
    let synced = || assert_eq!(context.run(&["sync"], "").code, Some(0));
    let refused = |name: &str| {
        let outcome = run(name);
        assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
        let message = outcome.messages()[0]["error"]["message"].to_string();
        assert!(message.contains("is not the one that was synced"), "{message}");
        assert!(message.contains("ask the user to"), "{message}");
    };
    let runs = |name: &str| assert_eq!(run(name).code, Some(0), "{}", run(name).everything());
    synced();
    runs("one");
    runs("two");

    lock(&context, [&other, &plain]);
    refused("one");
    refused("two");
    let listed = context.run(&["list", "--json"], "");
    assert!(listed.text().contains("not_synced"), "{}", listed.text());
    lock(&context, [&other, &other]);
    refused("one");
    runs("two");

    lock(&context, [&plain, &other]);
    runs("one");
    runs("two");
    lock(&context, [&other, &plain]);
    synced();
    runs("one");
    runs("two");
}
