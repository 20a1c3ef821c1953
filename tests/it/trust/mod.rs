//! A project's server runs only as a person accepted it, and a user's own only as it was synced. Through the real binary,
//! the acceptance typed on a real terminal.

mod screen;

use std::fs;
use std::path::{Path, PathBuf};

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
        self.write_of(&crate::fixture::example("echo_server"), tables);
    }

    /// The same with another program.
    fn write_of(&self, program: &Path, tables: &str) {
        let digest = sha256(program);
        let binary = format!("{{ path = {:?}, sha256 = {digest:?} }}", path_text(program));
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
        terminal.wait_for("Type `theirs` to continue: ");
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
    assert_untrusted(&world.run(), "you have not trusted yet");
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
        assert!(message.contains("has changed since `hushpipe sync` installed it"), "{message}");
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

#[test]
fn only_a_person_who_types_the_name_accepts() {
    let world = World::new("");
    for typed in ["", "yes", "y", "their", "THEIRS", "theirs "] {
        assert_eq!(world.trust(typed).1, Some(77), "{typed:?}");
        assert_untrusted(&world.run(), "you have not trusted yet");
    }
}

/// A project that swaps what its name leads to while the person reads: trusted is the file that was shown.
#[test]
fn a_link_that_is_moved_while_the_person_reads_changes_nothing() {
    let (world, evil) = (World::new(""), World::new(""));
    let link = world.project.path().join("link.toml");
    let named = |world: &World, args: [&str; 2]| {
        world.user.command(args.into_iter().chain(["--manifest", &path_text(&link)]))
    };
    std::os::unix::fs::symlink(world.manifest(), &link).unwrap();
    let mut terminal = Terminal::start(&named(&world, ["trust", "theirs"]));
    terminal.wait_for("Type `theirs` to continue: ");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(evil.manifest(), &link).unwrap();
    terminal.type_in("theirs\r");
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(0), "{shown}");
    let read = format!("server `theirs` of {} (through the link `", world.manifest().display());
    assert!(shown.contains(&read), "{shown}");

    assert_eq!(finish(named(&world, ["run", "theirs"]), b"").code, Some(78));
    assert_runs(&world.run());
}

/// A project chooses its servers' names: what a person types to say no must not be one.
#[test]
fn a_servers_name_cannot_be_an_answer() {
    let world = World::new("");
    for name in ["no", "y", "Quit"] {
        let text = fs::read_to_string(world.manifest()).unwrap();
        let text = text.replace("[servers.theirs]", &format!("[servers.{name}]"));
        let manifest = world.project.path().join(format!("{name}.toml"));
        fs::write(&manifest, text).unwrap();
        let trust = ["trust", name, "--manifest", &path_text(&manifest)];
        let mut terminal = Terminal::start(&world.user.command(trust));
        terminal.wait_for(&format!("Type `trust {name}` to continue: "));
        terminal.type_in(&format!("{name}\r"));
        assert_eq!(terminal.end().0.code(), Some(77), "{name}");
    }
}

/// What a message tells a person to type is one command, whatever a folder is called.
#[test]
fn a_hint_holds_no_command_of_the_projects() {
    let world = World::new("");
    let folder = world.project.path().join("a b;id");
    fs::create_dir(&folder).unwrap();
    fs::copy(world.manifest(), folder.join("hushpipe.toml")).unwrap();
    let run = ["run", "theirs", "--project", &path_text(&folder)];
    let refused = finish(world.user.command(run), b"");
    let expected = format!("--manifest '{}/hushpipe.toml'`", folder.display());
    assert!(refused.stderr.contains(&expected), "{}", refused.stderr);
}

#[test]
fn a_projects_script_is_refused_before_anybody_is_asked() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new("");
    let script = world.project.path().join("server");
    fs::write(&script, "#!/bin/sh\nexec cat\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    world.write_of(&script, "");
    let mut terminal = Terminal::start(&world.command(&["trust", "theirs"]));
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(78), "{shown}");
    assert!(shown.contains("is a script, and its digest does not pin the interpreter"), "{shown}");
    assert!(!shown.contains("to continue:"), "{shown}");
}

#[test]
fn what_is_trusted_is_listed_and_forgotten() {
    let world = World::new("");
    assert_eq!(world.trust("theirs").1, Some(0));
    let manifest = path_text(&world.manifest().canonicalize().unwrap());
    let listed = world.user.run(&["trust", "--list", "--json"], "");
    let listed: serde_json::Value = serde_json::from_str(listed.text()).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["manifest"]), (&json!("theirs"), &json!(manifest)));

    let again = finish(world.command(&["trust"]), b"");
    assert_eq!(
        (again.code, again.stderr.trim()),
        (Some(0), "`theirs` is already trusted and has not changed")
    );
    // A copy of the manifest elsewhere is another manifest.
    let elsewhere = World::new("");
    let mut copied = elsewhere.command(&["run", "theirs"]);
    copied.env("HOME", world.user.home());
    assert_eq!(finish(copied, b"").code, Some(78));

    assert_eq!(world.user.run(&["trust", "--remove", "their"], "").code, Some(78));
    assert_eq!(world.user.run(&["trust", "--remove"], "").code, Some(2));
    // Also when the project is gone.
    fs::remove_file(world.manifest()).unwrap();
    let removed = world.user.run(&["trust", "--remove", "theirs"], "");
    assert_eq!(removed.code, Some(0), "{}", removed.everything());
    world.write("");
    assert_untrusted(&world.run(), "you have not trusted yet");
}

/// A record is worth what its file is: the user's own, or nothing.
#[test]
fn a_record_that_others_could_have_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new("");
    assert_eq!(world.trust("theirs").1, Some(0));
    let folder = world.user.home().join(".local/state/hushpipe/trust");
    let record = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(&record).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&record, fs::Permissions::from_mode(0o666)).unwrap();
    let outcome = world.run();
    assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
    assert!(outcome.stderr.contains("chmod go-w"), "{}", outcome.stderr);
    fs::set_permissions(&record, fs::Permissions::from_mode(0o600)).unwrap();
    assert_runs(&world.run());
    // One that was renamed to stand for another manifest says nothing.
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace("hushpipe.toml", "other.toml")).unwrap();
    assert_untrusted(&world.run(), "you have not trusted yet");
}

/// What would be fetched, and shown the length of, is the project's choice.
#[test]
fn no_verb_fetches_for_a_server_that_nobody_trusted() {
    let world = World::new("[servers.theirs.secrets]\nTOKEN = \"local://token\"\n");
    world.user.set_secret("local://token", "canary-trust-3f0a77");
    let test = finish(world.command(&["secret", "test", "theirs"]), b"");
    assert_eq!(test.code, Some(78), "{}", test.everything());
    let check = finish(world.command(&["check", "--resolve"]), b"");
    assert!(!check.text().contains("bytes"), "{}", check.text());
    assert!(check.text().contains("you have not trusted yet"), "{}", check.text());
    for verb in [&["tools", "theirs"][..], &["call", "theirs", "environment"]] {
        assert_eq!(finish(world.command(verb), b"").code, Some(78), "{verb:?}");
    }
    assert_eq!(world.trust("theirs").1, Some(0));
    let check = finish(world.command(&["check", "--resolve"]), b"");
    assert!(check.text().contains("`TOKEN` from `local://token`: 19 bytes"), "{}", check.text());
    assert_eq!(finish(world.command(&["tools", "theirs"]), b"").code, Some(0));
}

/// A project's npm server: accepted with its lock entry, and refused with another one, before and after it is installed.
#[test]
fn a_projects_lock_entry_is_part_of_what_is_trusted() {
    let (world, [plain, other]) = (World::new(""), two_of_one_package().1);
    let package = plain.lines().nth(1).unwrap();
    fs::write(world.manifest(), format!("version = 1\n[servers.theirs]\n{package}\n")).unwrap();
    let lock = |entry: &str| {
        let entry = entry.replace("[servers.github", "[servers.theirs");
        fs::write(world.project.path().join("hushpipe.lock"), format!("version = 1\n\n{entry}\n"))
            .unwrap();
    };
    let unlocked = finish(world.command(&["trust"]), b"");
    assert!(unlocked.stderr.contains("is not locked"), "{}", unlocked.stderr);
    lock(&plain);
    let sync = || finish(world.command(&["sync", "theirs"]), b"");
    assert_eq!(sync().code, Some(78), "{}", sync().stderr);
    let (shown, code) = world.trust("theirs");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("  is locked with "), "{shown}");
    assert!(shown.contains("  has the entry point `node_modules/"), "{shown}");

    lock(&other);
    assert!(
        sync().stderr.contains("lock entry of server `theirs` has changed"),
        "{}",
        sync().stderr
    );
    let (shown, _) = world.trust("no");
    assert!(shown.contains("  the same packages, but the lock entry has changed"), "{shown}");
    lock(&plain);
    assert_eq!(sync().code, Some(0), "{}", sync().stderr);
    assert_runs(&world.run());
    let swapped = plain.replacen("sha512-s", "sha512-t", 1);
    assert!(plain != swapped);
    lock(&swapped);
    assert_eq!(world.run().code, Some(78));
    let (shown, _) = world.trust("no");
    assert!(shown.contains("same version, OTHER CONTENT: "), "{shown}");
}

#[test]
fn nobody_logs_in_for_a_project_that_is_not_trusted() {
    let world = World::new("[servers.theirs.secrets]\nKEY = \"corp://kv/app#key\"\n");
    world.user.write_manifest(
        "version = 1\n[providers.corp]\ntype = \"vault\"\naddress = \"http://127.0.0.1:9\"\n",
    );
    let asked = || finish(world.command(&["doctor"]), b"").text().contains("login");
    assert!(!asked(), "it would use up a secret id that is good for one login");
    assert_eq!(world.trust("theirs").1, Some(0));
    assert!(asked());
}
