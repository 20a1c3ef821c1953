//! No orphans: when the client goes away, by any signal or by none, the server's whole process tree goes too.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::context::TestContext;
use crate::process::{comm, mentioning, signal, wait_until_gone};
use crate::session::Session;
use crate::tree;

/// A started session and every process below it, found while all are still there.
fn started(manner: &str, mark: &str) -> (TestContext, Session, Vec<u32>) {
    let context = TestContext::with_example("misbehave", &[manner, mark], "grace = \"300ms\"\n");
    let mut session = context.start();
    session.initialize();
    let tree = tree::of(session.pid());
    assert!(tree.len() >= 2, "hushpipe and the server: {tree:?}");
    (context, session, tree)
}

#[test]
fn the_end_of_input_ends_a_server_that_ignores_it() {
    let (_context, session, tree) = started("ignore-eof", "0");
    assert_eq!(session.finish().code, Some(0));
    wait_until_gone(&tree);
}

#[test]
fn the_end_of_input_ends_a_server_that_ignores_term_too() {
    let (_context, session, tree) = started("ignore-term", "0");
    assert_eq!(session.finish().code, Some(0));
    wait_until_gone(&tree);
}

#[test]
fn a_signal_to_us_ends_the_tree_and_is_no_failure() {
    for stop in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        for manner in ["ignore-eof", "ignore-term"] {
            let (_context, mut session, tree) = started(manner, "0");
            signal(session.pid(), stop);
            assert_eq!(session.wait().code, Some(0), "{stop} with {manner}");
            wait_until_gone(&tree);
        }
    }
}

#[test]
fn a_kill_that_nothing_can_catch_ends_the_tree() {
    for manner in ["ignore-eof", "ignore-term"] {
        let (_context, mut session, tree) = started(manner, "0");
        signal(session.pid(), Signal::SIGKILL);
        assert_eq!(session.wait().code, None);
        wait_until_gone(&tree);
    }
}

/// How a session ends.
#[derive(Debug, Clone, Copy)]
enum Stop {
    /// The client closes its end.
    Close,
    /// A signal to hushpipe.
    Signal(Signal),
    /// A signal that nothing can catch, to every process of hushpipe's group.
    KillGroup,
}

const STOPS: [Stop; 6] = [
    Stop::Close,
    Stop::Signal(Signal::SIGTERM),
    Stop::Signal(Signal::SIGINT),
    Stop::Signal(Signal::SIGHUP),
    Stop::Signal(Signal::SIGKILL),
    Stop::KillGroup,
];

impl Stop {
    /// Ends the session and waits for hushpipe, which must lead a group of its own.
    fn end(self, session: &mut Session) {
        match self {
            Self::Close => session.close(),
            Self::Signal(stop) => signal(session.pid(), stop),
            Self::KillGroup => {
                killpg(Pid::from_raw(session.pid().cast_signed()), Signal::SIGKILL).unwrap()
            }
        }
        session.wait();
    }
}

/// How far a session is when it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    Start,
    Idle,
    InFlight,
}

/// A session with a server of this manner, in a group of its own as a host starts it; `mark` stands in the command lines of
/// the server and of what that starts.
fn session(manner: &str, mark: &str) -> (TestContext, Session) {
    let tables = "grace = \"300ms\"\ndrain = \"300ms\"\n";
    let context = TestContext::with_example("misbehave", &[manner, mark], tables);
    let mut command = context.command(["run", "server"]);
    command.process_group(0);
    let session = Session::start(command);
    (context, session)
}

fn mark(name: &str) -> String {
    format!("mark-{name}-{}", std::process::id())
}

/// The server is deaf to the end of its input and to TERM, does not answer, and has started a process in a session of its
/// own that is deaf to TERM too.
#[test]
fn whatever_the_server_started_goes_with_it() {
    std::thread::scope(|scope| {
        for stop in STOPS {
            for moment in [Moment::Idle, Moment::InFlight] {
                scope.spawn(move || {
                    goes_with_it("leave-child", stop, moment);
                    goes_with_it("stubborn", stop, moment);
                });
            }
        }
    });
}

fn goes_with_it(manner: &str, stop: Stop, moment: Moment) {
    let mark = mark(&format!("{manner}-{stop:?}-{moment:?}").replace(['(', ')'], ""));
    let (_context, mut session) = session(manner, &mark);
    session.initialize();
    let tree = tree::of(session.pid());
    let marked = mentioning(&mark);
    assert!(marked.len() >= 2, "the server and what it started: {marked:?}");
    if moment == Moment::InFlight {
        session.send(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\"}\n");
    }
    stop.end(&mut session);
    wait_until_gone(&tree);
    wait_until_gone(&marked);
    wait_until_gone(&mentioning(&mark));
}

/// At every millisecond of a start: before there is a guard, before there is a server, before it has said anything.
#[test]
fn a_session_may_end_while_it_starts() {
    let mark = mark(&format!("{:?}", Moment::Start));
    for stop in STOPS.into_iter().filter(reaches_a_start) {
        for delay in (0..40).step_by(4) {
            let (_context, mut session) = session("stubborn", &mark);
            std::thread::sleep(Duration::from_millis(delay));
            stop.end(&mut session);
        }
    }
    wait_until_gone(&mentioning(&mark));
}

/// Whether a stop is heard before hushpipe listens: not a signal that whoever started the tests has set to be ignored, as
/// `nohup` does with HUP.
fn reaches_a_start(stop: &Stop) -> bool {
    let Stop::Signal(signal) = stop else { return true };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    ignored & 1 << (*signal as u32 - 1) == 0
}

/// The guard ends with the server and not before it, whoever means everything that is called hushpipe.
#[test]
fn signals_to_the_guard_leave_the_session_alone() {
    let (_context, mut session, tree) = started("serve", "0");
    let guard = tree[1];
    assert!(!comm(guard).contains("hushpipe"), "meant by `pkill -9 hushpipe`");
    for meant_for_us in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        signal(guard, meant_for_us);
    }
    session.call("any", &serde_json::json!({}));
    assert_eq!(session.finish().code, Some(0));
    wait_until_gone(&tree);
}

#[test]
fn a_guard_that_is_killed_takes_the_server_along_and_the_client_is_told() {
    let mark = mark("unguarded");
    let (_context, mut session, tree) = started("stubborn", &mark);
    session.send(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\"}\n");
    // Answered, so the call before it has reached the server.
    session.request("initialize", &serde_json::json!({}));
    signal(tree[1], Signal::SIGKILL);
    let answer = session.receive_json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&7.into(), &(-32603).into()));
    assert_eq!(session.wait().code, Some(128 + 9));
    wait_until_gone(&tree);
    wait_until_gone(&mentioning(&mark));
}

/// A host that closes or dies while the server reads nothing: its last messages wait in the pipe, and behind them its end.
#[test]
fn a_client_that_goes_while_the_server_does_not_read_is_noticed() {
    let context = TestContext::with_example("misbehave", &["deaf"], "drain = \"300ms\"\n");
    let mut command = context.command(["run", "server"]);
    command.stdin(Stdio::piped()).stdout(tempfile::tempfile().unwrap()).stderr(Stdio::null());
    let mut hushpipe = command.spawn().unwrap();
    let mut stdin = hushpipe.stdin.take().unwrap();
    // As much as fits: the server's pipe, hushpipe's own frame and the pipe to it.
    fcntl(&stdin, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let line = [&[b' '; 1023][..], b"\n"].concat();
    let mut idle = 0;
    while idle < 20 {
        match stdin.write_all(&line) {
            Ok(()) => idle = 0,
            Err(_) => {
                idle += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
    let tree = tree::of(hushpipe.id());
    drop(stdin);
    assert_eq!(hushpipe.wait().unwrap().code(), Some(0));
    wait_until_gone(&tree);
}

/// As a host does that starts every server twice and kills what is slow; the store and the state are as before.
#[test]
fn two_at_once_started_and_killed_again_and_again_leave_nothing() {
    let context = TestContext::with_installed("memory");
    context.set_secret("local://memory", "canary-value-of-no-use");
    // The first launch of all makes the key of this machine.
    assert_eq!(Session::start(context.command(["run", "memory"])).finish().code, Some(0));
    let before = files(context.home());
    for round in 0..50 {
        let mut pair = [(); 2].map(|()| Session::start(context.command(["run", "memory"])));
        std::thread::sleep(Duration::from_millis(round * 2));
        let trees: Vec<u32> = pair.iter().flat_map(|session| tree::of(session.pid())).collect();
        for session in &mut pair {
            signal(session.pid(), Signal::SIGKILL);
            let outcome = session.wait();
            assert_eq!(outcome.code, None, "{}", outcome.stderr);
        }
        wait_until_gone(&trees);
    }
    assert_eq!(files(context.home()), before);
    let mut session = Session::start(context.command(["run", "memory"]));
    assert_eq!(session.initialize()["result"]["serverInfo"]["name"], "memory-server");
    assert_eq!(session.finish().code, Some(0));
}

/// Every file below a folder, lock files and halves of something included.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

/// The session's opening, cut at every point where a client may stop.
#[test]
fn a_client_may_close_at_any_point() {
    let opening = concat!(
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
        "\n",
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        "\n",
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
        "\n",
    );
    let context = TestContext::with_example("echo_server", &[], "");
    for cut in (0..=opening.len()).step_by(9) {
        let outcome = context.relay(&opening.as_bytes()[..cut]);
        assert_eq!(outcome.code, Some(0), "cut at {cut}: {}", outcome.stderr);
    }
}

#[test]
fn a_host_that_dies_takes_the_tree_along() {
    let context = TestContext::with_example("misbehave", &["ignore-eof", "0"], "");
    let mut command = context.command(["run", "server"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut host = command.spawn().unwrap();
    host.stdin.as_mut().unwrap().write_all(b"{\"id\":1,\"method\":\"initialize\"}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(host.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
    let tree = tree::of(host.id());
    // All three pipes break at once, as when a host is killed.
    drop((host.stdin.take(), host.stdout.take(), host.stderr.take()));
    assert!(host.wait().unwrap().code().is_some());
    wait_until_gone(&tree);
}
