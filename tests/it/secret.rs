//! Values go in without being shown and come out for a person only.

use std::process::{Command, Output, Stdio};
use std::thread;

#[cfg(target_os = "linux")]
use std::os::unix::process::ExitStatusExt;

use crate::context::TestContext;
#[cfg(target_os = "linux")]
use crate::terminal::Terminal;

const VALUE: &str = "canary-6a1f97d2c0";

/// A user with a home of their own.
struct User(tempfile::TempDir);

impl User {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary home"))
    }

    /// A user who stored [`VALUE`] as `local://token`.
    fn with_token() -> Self {
        let user = Self::new();
        assert!(user.set("local://token", VALUE).status.success());
        user
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hushpipe"));
        command.args(args).env_clear().env("HOME", self.0.path()).env("PATH", "/usr/bin:/bin");
        // The keychain of whoever runs the tests is out of reach.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().expect("hushpipe runs")
    }

    fn set(&self, reference: &str, value: &str) -> Output {
        use std::io::Write;
        let mut command = self.command(&["secret", "set", reference]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("hushpipe starts");
        // It may refuse before it reads; small enough for the pipe.
        let _ = child.stdin.take().expect("a piped stdin").write_all(value.as_bytes());
        child.wait_with_output().expect("hushpipe ends")
    }

    fn list(&self) -> String {
        let output = self.run(&["secret", "list"]);
        assert!(output.status.success(), "{}", everything(&output));
        String::from_utf8(output.stdout).expect("text")
    }
}

fn everything(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Refused in the words that are fit for an agent, without the value.
fn assert_refused(output: &Output) {
    assert_eq!(output.status.code(), Some(77), "{}", everything(output));
    assert!(!everything(output).contains(VALUE));
    let hint = "hint: ask the user to run `hushpipe secret get local://token` in a terminal";
    assert!(everything(output).contains(hint), "{}", everything(output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_value_is_not_shown_without_a_terminal() {
    let user = User::with_token();
    let mut alone = Command::new("setsid");
    let get = user.command(&["secret", "get", "local://token"]);
    alone.arg("--wait").arg(get.get_program()).args(get.get_args()).env("HOME", user.0.path());
    assert_refused(&alone.stdin(Stdio::null()).output().expect("`setsid` of util-linux"));
}

#[test]
fn an_agent_is_refused_by_its_variables() {
    let user = User::with_token();
    for variable in ["CLAUDECODE", "CODEX_SANDBOX", "GEMINI_CLI", "AI_AGENT"] {
        let mut get = user.command(&["secret", "get", "local://token"]);
        let output = get.env(variable, "1").stdin(Stdio::null()).output().expect("hushpipe runs");
        assert_refused(&output);
        assert!(everything(&output).contains(&format!("`{variable}` shows that an agent")));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_agent_with_a_terminal_is_refused_too() {
    let user = User::with_token();
    let mut get = user.command(&["secret", "get", "local://token"]);
    let mut terminal = Terminal::start(get.env("CLAUDECODE", "1"));
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(77), "{shown}");
    assert!(shown.contains("only a person") && !shown.contains(VALUE), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_who_types_the_name_sees_the_value() {
    let user = User::with_token();
    for (typed, code) in [("token", 0), ("yes", 77), ("", 77), (VALUE, 77)] {
        let mut terminal = Terminal::start(&user.command(&["secret", "get", "local://token"]));
        terminal.wait_for("Type `token` to continue: ");
        terminal.type_in(&format!("{typed}\r"));
        let (status, shown) = terminal.end();
        assert_eq!(status.code(), Some(code), "{shown}");
        let shown = shown.rsplit("to continue: ").next().unwrap().replacen(typed, "", 1);
        assert_eq!(shown.contains(VALUE), code == 0, "{shown}");
    }
}

/// Typed before the question was there, so it answers nothing.
#[cfg(target_os = "linux")]
#[test]
fn what_was_typed_ahead_confirms_nothing() {
    let user = User::with_token();
    let mut slow = Command::new("sh");
    slow.args(["-c", "printf ready; read -r go; exec \"$0\" secret get local://token"]);
    slow.arg(env!("CARGO_BIN_EXE_hushpipe"))
        .env("HOME", user.0.path())
        .env("PATH", "/usr/bin:/bin");
    let mut terminal = Terminal::start(&slow);
    terminal.wait_for("ready");
    terminal.type_in("go\rtoken\r");
    terminal.wait_for("Type `token` to continue: ");
    terminal.type_in("\r");
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(77), "{shown}");
    assert!(!shown.contains(VALUE), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_typed_value_is_stored_and_never_on_the_screen() {
    let user = User::new();
    let mut terminal = Terminal::start(&user.command(&["secret", "set", "local://typed"]));
    terminal.wait_for("Value for local://typed (not shown): ");
    terminal.type_in(&format!("{VALUE}\r"));
    let (status, shown) = terminal.end();
    assert!(status.success(), "{shown}");
    assert!(shown.contains(&format!("stored `local://typed`, {} bytes", VALUE.len())), "{shown}");
    assert!(!shown.contains(VALUE), "{shown}");
    assert!(terminal.echoes());
}

#[cfg(target_os = "linux")]
#[test]
fn pasted_lines_are_refused_and_do_not_reach_the_shell() {
    let user = User::new();
    let mut terminal = Terminal::start(&user.command(&["secret", "set", "local://key"]));
    terminal.wait_for("(not shown): ");
    terminal.type_in(&format!("-----BEGIN KEY-----\r{VALUE}\r-----END KEY-----\r"));
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(2), "{shown}");
    assert!(shown.contains("more than one line"), "{shown}");
    assert!(!shown.contains(VALUE), "{shown}");
    assert!(!terminal.holds_input());
    assert_eq!(user.list(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was() {
    let user = User::new();
    let mut terminal = Terminal::start(&user.command(&["secret", "set", "local://key"]));
    terminal.wait_for("(not shown): ");
    assert!(!terminal.echoes());
    terminal.type_in("half\u{3}");
    let (status, shown) = terminal.end();
    assert_eq!(status.signal(), Some(2), "{shown}");
    assert!(terminal.echoes());
    assert_eq!(user.list(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn removing_asks_a_person_or_needs_the_flag() {
    let user = User::with_token();
    let mut terminal = Terminal::start(&user.command(&["secret", "remove", "local://token"]));
    terminal.wait_for("[y/N] ");
    terminal.type_in("\r");
    assert_eq!(terminal.end().0.code(), Some(77));
    assert!(user.list().contains("local://token"));
    assert!(user.run(&["secret", "remove", "--yes", "local://token"]).status.success());
    assert_eq!(user.list(), "");
}

#[test]
fn a_value_in_place_of_a_reference_is_not_repeated() {
    let user = User::new();
    for verb in ["set", "get", "remove"] {
        let output = user.run(&["secret", verb, VALUE]);
        assert_eq!(output.status.code(), Some(2), "{}", everything(&output));
        assert!(!everything(&output).contains(VALUE), "{}", everything(&output));
    }
}

#[test]
fn only_stores_of_ours_are_written() {
    let user = User::new();
    let file = user.0.path().join("file");
    for reference in ["env://TOKEN", &format!("file://{}", file.display())] {
        let output = user.set(reference, VALUE);
        assert_eq!(output.status.code(), Some(78), "{}", everything(&output));
        assert!(everything(&output).contains("hushpipe cannot store values in"));
    }
    assert!(!file.exists());
}

#[test]
fn a_weak_value_is_stored_and_named() {
    let user = User::new();
    let output = user.set("local://pin", "1234\n");
    assert!(output.status.success(), "{}", everything(&output));
    assert!(everything(&output).contains("warning: the value is shorter than 8 bytes"));
    let output = user.set("local://token", VALUE);
    assert!(!everything(&output).contains("warning"), "{}", everything(&output));
}

#[test]
fn processes_that_store_at_once_lose_nothing() {
    let user = User::new();
    let announced: usize = thread::scope(|scope| {
        let store = |n| everything(&user.set(&format!("local://{n}"), VALUE));
        let stores: Vec<_> = (0..12).map(|n| scope.spawn(move || store(n))).collect();
        let said = stores.into_iter().map(|store| store.join().expect("it ends"));
        said.filter(|said| said.contains("no safer than plaintext")).count()
    });
    assert_eq!(announced, 1, "one process made the key");
    assert_eq!(user.list().lines().count(), 1 + 12);
}

#[test]
fn servers_that_keep_an_old_value_are_named() {
    let table = "\n[servers.server.secrets]\nTOKEN = \"local://token#key\"\n";
    let context = TestContext::with_example("echo_server", &[], table);
    let first = context.run(&["secret", "set", "local://token"], "one-4711-abcd");
    assert!(!first.stderr.contains("old value"), "{}", first.stderr);
    let again = context.run(&["secret", "set", "local://token"], "two-4711-abcd");
    let words = "running servers keep the old value until they are restarted: `server`";
    assert!(again.everything().contains(words), "{}", again.everything());
    context.run(&["secret", "set", "local://other"], "one-4711-abcd");
    let other = context.run(&["secret", "set", "local://other"], "two-4711-abcd");
    assert!(!other.everything().contains("old value"), "{}", other.everything());
}
