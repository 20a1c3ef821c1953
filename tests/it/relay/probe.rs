//! A client that asks for the era of a server which cannot bear it: the probe is answered, once, and the session behind it is
//! whole.

use serde_json::{Value, json};

use crate::context::TestContext;
use crate::session::Session;

fn context(manner: &str) -> TestContext {
    TestContext::with_example("probed", &[manner], "")
}

fn ask(session: &mut Session, id: u64, method: &str) {
    let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {}});
    session.send(format!("{request}\n").as_bytes());
}

/// A session whose server has been sent the probe.
fn probing(context: &TestContext) -> Session {
    let mut session = context.start();
    ask(&mut session, 101, "server/discover");
    session
}

fn is_refused_probe(answer: &Value, id: u64) -> bool {
    answer["id"] == id && answer["error"]["code"] == -32601
}

/// The stateful session opens, and its next answer is the next frame: nothing came between.
fn opens(session: &mut Session) {
    assert_eq!(session.initialize()["result"]["serverInfo"]["name"], "probed");
    ask(session, 102, "ping");
    assert_eq!(session.receive_json(), json!({"jsonrpc": "2.0", "id": 102, "result": {}}));
}

#[test]
fn a_server_that_ends_on_the_probe_is_replaced() {
    let context = context("exit");
    let mut session = probing(&context);
    assert!(is_refused_probe(&session.receive_json(), 101));
    opens(&mut session);
    assert_eq!(session.finish().code, Some(0));
}

#[test]
fn a_server_that_ends_on_the_second_probe_has_both_answered() {
    let context = context("exit-at-second");
    let mut session = probing(&context);
    ask(&mut session, 103, "server/discover");
    let mut answers = [session.receive_json(), session.receive_json()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert!(
        is_refused_probe(&answers[0], 101) && is_refused_probe(&answers[1], 103),
        "{answers:?}"
    );
    opens(&mut session);
}

#[test]
fn a_probe_is_answered_once_when_its_answer_was_refused_and_the_server_ends() {
    let context = context("answer-oddly");
    let mut session = probing(&context);
    assert_eq!(session.receive_json()["error"]["data"]["kind"], "ambiguous");
    opens(&mut session);
}

#[cfg(unix)]
#[test]
fn a_probe_is_answered_when_the_server_only_falls_silent_on_it() {
    let context = context("fall-silent");
    let mut session = probing(&context);
    assert!(is_refused_probe(&session.receive_json(), 101));
    drop(session);
}

#[test]
fn a_batch_behind_the_probe_is_answered_when_the_server_ends() {
    let context = context("exit-at-batch");
    let mut session = probing(&context);
    session.send(b"[{\"jsonrpc\":\"2.0\",\"id\":104,\"method\":\"ping\"}]\n");
    let mut answers = [session.receive_json(), session.receive_json()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers.map(|answer| answer["id"].clone()), [101, 104]);
    assert_eq!(session.wait().code, Some(3));
}

/// Which of the two is seen first, the request or the end, is up to chance.
#[test]
fn a_client_that_opens_the_session_with_its_last_words_is_answered() {
    for _ in 0..20 {
        let context = context("exit");
        let mut session = probing(&context);
        assert!(is_refused_probe(&session.receive_json(), 101));
        session.send(b"{\"jsonrpc\":\"2.0\",\"id\":106,\"method\":\"initialize\"}");
        let outcome = session.finish();
        assert_eq!(outcome.messages()[0]["result"]["serverInfo"]["name"], "probed");
        assert_eq!((outcome.messages().len(), outcome.code), (1, Some(0)));
    }
}

#[test]
fn an_answer_for_the_server_that_is_gone_does_not_reach_the_next() {
    let context = context("ask");
    let mut session = probing(&context);
    assert_eq!(session.receive_json()["id"], "asked");
    session.initialize();
    session.send(b"{\"jsonrpc\":\"2.0\",\"id\":\"asked\",\"result\":{}}\n");
    opens(&mut session);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    use std::thread;
    use std::time::Duration;

    use nix::sys::signal::Signal;

    use super::*;
    use crate::context::path_text;
    use crate::fixture::example;
    use crate::process::{cmdline, comm, runs, signal, wait_until_gone};
    use crate::tree;

    /// What a client reads that looks only when the server is gone; behind the probe it says no more.
    fn read_late(manner: &str) -> Vec<Value> {
        let context = context(manner);
        let mut command = context.command(["run", "server"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut client = command.spawn().unwrap();
        let mut stdin = client.stdin.take().unwrap();
        stdin
            .write_all(b"{\"jsonrpc\":\"2.0\",\"id\":101,\"method\":\"server/discover\"}\n")
            .unwrap();
        let mut out = BufReader::new(client.stdout.take().unwrap());
        // The first byte is there: so is the server.
        out.fill_buf().unwrap();
        let server = tree::of(client.id()).into_iter().find(|pid| comm(*pid) == "probed");
        server.into_iter().for_each(|pid| wait_until_gone(&[pid]));
        // hushpipe has heard of it too: it waits for the guard's word, which comes behind the end.
        thread::sleep(Duration::from_millis(300));
        drop(stdin);
        let frames = out.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let frames = frames.collect();
        assert!(client.wait().unwrap().code().is_some());
        frames
    }

    #[test]
    fn what_a_server_said_before_it_ended_arrives_whole() {
        let frames = read_late("talk");
        assert_eq!(frames[0]["params"]["data"].as_str().map(str::len), Some(100_000));
        assert!(is_refused_probe(&frames[1], 101), "{}", frames[1]);
        assert_eq!(frames.len(), 2);
    }

    #[test]
    fn the_answer_to_a_probe_is_the_servers_own_even_if_it_ends_with_it() {
        let frames = read_late("talk-and-answer");
        assert_eq!(frames[1]["result"]["resultType"], "complete", "{}", frames[1]);
        assert_eq!(frames.len(), 2);
    }

    #[test]
    fn a_session_whose_server_cannot_be_started_again_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("probed");
        fs::copy(example("probed"), &program).unwrap();
        let command = json!([path_text(&program), "remove"]);
        let context = TestContext::with_manifest(&format!(
            "version = 1\n[servers.server]\ncommand = {command}\n"
        ));
        let mut session = probing(&context);
        assert!(is_refused_probe(&session.receive_json(), 101));
        ask(&mut session, 105, "initialize");
        let answer = session.receive_json();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(105), &json!(-32603)));
        assert!(session.wait().stderr.contains("was not found"));
    }

    #[test]
    fn a_server_that_refused_a_probe_once_is_not_started_for_the_next() {
        let context = TestContext::with_installed("everything");
        context.set_secret("local://everything", "canary-probed-5e1f0c9a72");
        let start = || Session::start(context.command(["run", "everything"]));
        let probe = |session: &mut Session| {
            ask(session, 101, "server/discover");
            session.receive_json()
        };
        let mut first = start();
        assert!(probe(&mut first)["error"]["data"].is_null(), "the server's own answer");
        first.initialize();
        assert_eq!(first.finish().code, Some(0));
        let mut next = start();
        assert_eq!(probe(&mut next)["error"]["data"]["source"], "hushpipe");
        let started = tree::of(next.pid());
        assert!(
            started.iter().all(|pid| !cmdline(*pid).contains("server-everything")),
            "{started:?}"
        );
        assert_eq!(next.initialize()["result"]["protocolVersion"], "2025-11-25");
        assert!(tree::of(next.pid()).iter().any(|pid| cmdline(*pid).contains("server-everything")));
        assert_eq!(next.finish().code, Some(0));
    }

    /// Stopped before it has its first order, and again while it carries that out: each time its answer is waited for.
    #[test]
    fn a_guard_that_is_stopped_over_and_over_starts_the_server() {
        let context = context("hang");
        let mut session = context.start();
        let guard = loop {
            let tree = tree::of(session.pid());
            if let Some(guard) = tree.into_iter().find(|pid| comm(*pid) == "mcp-guard") {
                break guard;
            }
        };
        signal(guard, Signal::SIGSTOP);
        ask(&mut session, 101, "server/discover");
        for _ in 0..20 {
            signal(guard, Signal::SIGSTOP);
            thread::sleep(Duration::from_millis(5));
        }
        opens(&mut session);
    }

    #[test]
    fn a_guard_that_was_stopped_goes_on_when_it_has_work() {
        let context = context("hang");
        let mut session = probing(&context);
        // The server has started: its guard is beside it.
        let guard = loop {
            let tree = tree::of(session.pid());
            let find = |name| tree.iter().copied().find(|pid| comm(*pid) == name);
            if let (Some(guard), Some(_)) = (find("mcp-guard"), find("probed")) {
                break guard;
            }
        };
        signal(guard, Signal::SIGSTOP);
        opens(&mut session);
        signal(guard, Signal::SIGSTOP);
        let tree = tree::of(session.pid());
        signal(session.pid(), Signal::SIGTERM);
        assert_eq!(session.wait().code, Some(0));
        assert!(!runs(guard));
        wait_until_gone(&tree);
    }
}
