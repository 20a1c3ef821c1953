//! No orphans: when the client goes away, by any signal or by none, the server's whole process tree goes too.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::context::TestContext;
use crate::process::{mentioning, signal, wait_until_gone};
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

#[test]
#[ignore = "gap: the guard process is not there yet"]
fn what_the_server_started_goes_with_it() {
    for stop in [None, Some(Signal::SIGTERM), Some(Signal::SIGKILL)] {
        let mark = format!("mark-{}-{stop:?}", std::process::id());
        let (_context, mut session, tree) = started("leave-child", &mark);
        assert!(mentioning(&mark).len() >= 2, "the server and what it started");
        match stop {
            None => session.close(),
            Some(stop) => signal(session.pid(), stop),
        }
        session.wait();
        wait_until_gone(&tree);
        wait_until_gone(&mentioning(&mark));
    }
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
