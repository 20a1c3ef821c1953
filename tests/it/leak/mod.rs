//! A canary, in every encoding, must appear in no stdout, stderr, argument list, message or file in clear.

#[cfg(all(target_os = "linux", feature = "aws"))]
mod aws;
#[cfg(target_os = "linux")]
mod folded;
#[cfg(all(target_os = "linux", feature = "vault"))]
mod vault;

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::context::TestContext;
#[cfg(target_os = "linux")]
use crate::session::Session;

const VALUE: &str = "canary/leak+0f9e8d7c6b5a~Zz";
const TABLES: &str = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";

fn context() -> TestContext {
    let context = TestContext::with_example("echo_server", &[], TABLES);
    context.set_secret("local://token", VALUE);
    context
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let spell =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(spell).collect()
}

/// Every form that the README promises, each with neighbours that shift it: `user:` before it, a line break behind.
fn forms() -> Vec<String> {
    let mut forms = vec![
        VALUE.to_owned(),
        percent(VALUE),
        percent(VALUE).to_lowercase(),
        hex(VALUE.as_bytes()),
        hex(VALUE.as_bytes()).to_uppercase(),
        json!(VALUE).to_string(),
    ];
    // All three alignments: what stands before a value decides how its bits fall.
    for before in ["", "u", "us", "user:"] {
        for behind in ["", "\n", " and more"] {
            let text = format!("{before}{VALUE}{behind}");
            forms.push(STANDARD.encode(&text));
            forms.push(STANDARD_NO_PAD.encode(&text));
            forms.push(URL_SAFE_NO_PAD.encode(&text));
        }
    }
    forms
}

/// The part of a base64 text that the value alone decides, whatever stands around it.
fn telling_part(form: &str) -> &str {
    let ends = form.len().min(6);
    &form[ends..form.len() - ends]
}

#[test]
fn no_encoding_of_a_value_reaches_the_client() {
    let context = context();
    let mut session = context.start();
    session.initialize();
    for form in forms() {
        let answer = session.call("echo", &json!({"text": format!("<{form}>")}));
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("[hushpipe:TOKEN]"), "{form} gave {text}");
        assert!(!text.contains(telling_part(&form)), "{form} gave {text}");
    }
}

#[test]
fn no_encoding_of_a_value_reaches_stderr() {
    let context = context();
    let mut session = context.start();
    session.initialize();
    for form in forms() {
        session.call("complain", &json!({"text": format!("<{form}>")}));
    }
    let stderr = session.finish().stderr;
    for form in forms() {
        assert!(!stderr.contains(telling_part(&form)), "{form} in {stderr}");
    }
    assert!(stderr.matches("[hushpipe:TOKEN]").count() >= forms().len(), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn no_argument_list_of_any_process_holds_a_value() {
    let context = context();
    let mut session = context.start();
    session.initialize();
    let tree = crate::tree::of(session.pid());
    assert!(tree.len() >= 2, "hushpipe and the server: {tree:?}");
    // All processes of the machine: a helper may stand outside the tree.
    for pid in crate::tree::processes() {
        let cmdline = crate::process::cmdline(pid);
        assert!(!cmdline.contains(VALUE), "process {pid}: {cmdline}");
    }
    // Only the server's own environment may hold it.
    for pid in tree.iter().filter(|pid| !crate::process::cmdline(**pid).contains("echo_server")) {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&environ).contains(VALUE), "process {pid}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn neither_process_leaves_a_core() {
    let context = context();
    let mut session = context.start();
    session.initialize();
    for pid in crate::tree::of(session.pid()) {
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let figures: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(figures, ["0", "0"], "process {pid}: {core}");
    }
}

/// Checked as an ordinary user, because root may read everything: the server's environment can be read by its own user,
/// as the README says; ours and our memory cannot.
#[cfg(target_os = "linux")]
#[test]
fn another_program_of_the_same_user_cannot_look_into_us() {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;
    let root = nix::unistd::geteuid().is_root();
    let context = TestContext::with_example("echo_server", &[], "");
    let as_user = |mut command: Command| {
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    };
    if root {
        let folders = [context.home().to_owned(), context.home().join(".config"), context.config()];
        for path in folders.iter().chain(&files_below(context.home())) {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let mut session = Session::start(as_user(context.command(["run", "server"])));
    session.initialize();
    let reads = |pid: u32, file: &str| {
        let mut cat = Command::new("cat");
        cat.arg(format!("/proc/{pid}/{file}"));
        as_user(cat).output().unwrap().status.success()
    };
    let server = crate::process::below(session.pid(), "echo_server");
    assert!(reads(server, "environ"), "the check itself works");
    assert!(!reads(session.pid(), "environ"));
    assert!(!reads(session.pid(), "maps"));
}

#[test]
fn no_file_in_the_home_holds_a_value_in_clear() {
    let context = context();
    let mut session = context.start();
    session.initialize();
    session.call("environment", &json!({}));
    let encodings = [VALUE.to_owned(), STANDARD_NO_PAD.encode(VALUE), hex(VALUE.as_bytes())];
    let files = files_below(context.home());
    assert!(files.len() >= 2, "the manifest and the store: {files:?}");
    for file in files {
        // The session still runs and renames what it writes, so a file may be gone by now.
        let Ok(bytes) = fs::read(&file) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for encoding in &encodings {
            assert!(!text.contains(encoding.as_str()), "{} holds {encoding}", file.display());
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// What a session leaves behind.
#[cfg(all(target_os = "linux", any(feature = "vault", feature = "aws")))]
struct Traces {
    /// On stdout and stderr, and by `why`.
    said: String,
    /// The argument lists of all processes while it ran.
    argv: String,
    files: Vec<(PathBuf, String)>,
}

/// A session in which the server says all it was given, with every switch on that makes programs talk.
#[cfg(all(target_os = "linux", any(feature = "vault", feature = "aws")))]
fn traces_of(context: &TestContext) -> Traces {
    let mut command = context.command(["run", "server"]);
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    let mut session = Session::start(command);
    let mut said = session.initialize().to_string();
    said += &session.call("environment", &json!({})).to_string();
    let argv = crate::tree::processes().map(crate::process::cmdline).collect();
    said += &session.finish().everything();
    said += &context.run(&["why"], "").everything();
    let text = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let files = files_below(context.home()).into_iter().map(|path| (path.clone(), text(&path)));
    Traces { said, argv, files: files.collect() }
}

#[cfg(all(target_os = "linux", any(feature = "vault", feature = "aws")))]
impl Traces {
    /// Fails the test when a secret is in any of it; `what` says what had gone wrong.
    fn assert_without(&self, secret: &str, what: &str) {
        assert!(!self.said.contains(secret), "{what}: {secret} in {}", self.said);
        assert!(!self.argv.contains(secret), "{what}: {secret} in an argument list");
        for (path, text) in &self.files {
            assert!(!text.contains(secret), "{what}: {secret} in {}", path.display());
        }
    }
}

/// The verbs that look at secrets say names, lengths and times.
#[test]
fn no_verb_that_only_looks_prints_a_value() {
    let context = context();
    for args in [
        &["secret", "list"][..],
        &["secret", "list", "--json"],
        &["secret", "test", "server"],
        &["secret", "test", "server", "--json"],
        &["check"],
        &["check", "--json"],
        &["check", "--resolve"],
        &["list", "--json"],
        &["explain", "server"],
        &["explain", "server", "--json"],
    ] {
        let outcome = context.run(args, "");
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.everything());
        assert!(!outcome.everything().contains(VALUE), "{args:?}: {}", outcome.everything());
    }
}

/// Without a terminal to confirm on, as every agent runs it.
#[test]
fn a_value_is_not_given_out_without_a_person() {
    let context = context();
    let mut get = context.command(["secret", "get", "local://token"]);
    get.env("CLAUDECODE", "1");
    let outcome = crate::context::finish(get, b"local://token\n");
    assert_ne!(outcome.code, Some(0));
    assert!(!outcome.everything().contains(VALUE), "{}", outcome.everything());
    assert!(outcome.stderr.contains("ask the user"), "{}", outcome.stderr);
}

#[test]
fn a_damaged_store_is_reported_without_what_was_in_it() {
    let context = context();
    let store = files_below(context.home());
    let store = store.iter().find(|file| file.extension().is_some_and(|e| e == "age")).unwrap();
    let mut bytes = fs::read(store).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(store, bytes).unwrap();
    let request = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n";
    let outcome = context.relay(request);
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.messages()[0]["error"].is_object(), "{}", outcome.text());
    assert!(!outcome.everything().contains(VALUE), "{}", outcome.everything());
}
