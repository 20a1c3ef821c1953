//! What a session has shown of a server's era is kept in the receipt of its install, and saves the next probe.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use super::shield::{assert_refused, probe};
use crate::context::{TestContext, files_holding};
use crate::process::{of_user, runs, signal, wait_until_gone};
use crate::session::Session;
use crate::stage::request;
use crate::tree;

fn run(context: &TestContext, name: &str) -> Session {
    Session::start(context.command(["run", name]))
}

/// The era in the one receipt.
fn era(context: &TestContext) -> Option<String> {
    let state = context.home().join(".local/state/hushpipe");
    let [receipt] = &files_holding(&state, b"\nera\t")[..] else { return None };
    // The file that a receipt is written to before it has its name may be gone by now.
    let text = fs::read_to_string(receipt).ok()?;
    text.lines().find_map(|line| line.strip_prefix("era\t")).map(str::to_owned)
}

/// The same, once it is there: another thread writes it beside the session.
fn wait_for_era(context: &TestContext) -> String {
    let start = Instant::now();
    loop {
        match era(context) {
            Some(era) => return era,
            None => assert!(start.elapsed() < Duration::from_secs(30), "the era was not kept"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One install for all of it: each step leaves the record that the next begins with.
#[test]
fn a_stateful_server_is_known_as_one_and_not_started_for_a_probe() {
    let context = TestContext::with_installed("memory");
    a_session_without_a_probe_says_nothing(&context);
    a_refused_probe_and_a_session_do(&context);
    a_probe_starts_nothing_and_reads_no_secret(&context);
    twenty_probes_at_once_leave_nothing(&context);
}

/// Such a server may know both eras.
fn a_session_without_a_probe_says_nothing(context: &TestContext) {
    let mut client = run(context, "memory");
    client.initialize();
    assert!(client.request("tools/list", &json!({}))["result"]["tools"].is_array());
    assert_eq!(client.finish().code, Some(0));
    assert_eq!(era(context), None);
}

fn a_refused_probe_and_a_session_do(context: &TestContext) {
    let mut client = run(context, "memory");
    client.send_json(&probe("probe"));
    assert_refused(&mut client);
    assert_eq!(client.initialize()["result"]["serverInfo"]["name"], "memory-server");
    assert_eq!(wait_for_era(context), "stateful");
    assert_eq!(client.finish().code, Some(0));
}

fn a_probe_starts_nothing_and_reads_no_secret(context: &TestContext) {
    // Nothing but a launch would miss it.
    let path = context.config().join("hushpipe.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    let secret = "\n[servers.memory.secrets]\nTOKEN = \"file:///not/there\"\n";
    context.write_manifest(&format!("{manifest}{secret}"));
    let mut client = run(context, "memory");
    for _ in 0..2 {
        client.send_json(&probe("probe"));
        assert_refused(&mut client);
    }
    assert_eq!(tree::of(client.pid()).len(), 2, "hushpipe and its guard");
    let outcome = client.finish();
    assert_eq!((outcome.code, outcome.text()), (Some(0), ""), "{}", outcome.stderr);

    // Behind the probe a session is what it was: with the secret missing, a refusal that says so.
    let mut client = run(context, "memory");
    client.send_json(&probe("probe"));
    assert_refused(&mut client);
    let answer = client.initialize();
    assert!(answer["error"]["message"].as_str().unwrap().contains("TOKEN"), "{answer}");
    context.write_manifest(&manifest);
    let mut client = run(context, "memory");
    client.send_json(&probe("probe"));
    assert_refused(&mut client);
    assert_eq!(client.initialize()["result"]["serverInfo"]["name"], "memory-server");
    assert_eq!(client.finish().code, Some(0));
}

/// As hosts do that start every server once to probe it and once to use it, and end the first at once.
fn twenty_probes_at_once_leave_nothing(context: &TestContext) {
    let mut clients: Vec<_> = (0..20).map(|_| run(context, "memory")).collect();
    clients.iter_mut().for_each(|client| client.send_json(&probe("probe")));
    clients.iter_mut().for_each(assert_refused);
    let trees: Vec<u32> = clients.iter().flat_map(|client| tree::of(client.pid())).collect();
    assert_eq!(trees.len(), 2 * clients.len());
    clients.iter().for_each(|client| signal(client.pid(), Signal::SIGTERM));
    for client in &mut clients {
        let outcome = client.wait();
        assert!(outcome.text().is_empty() && outcome.stderr.is_empty(), "{}", outcome.everything());
    }
    wait_until_gone(&trees);
    let left = of_user(context.home().to_str().unwrap());
    assert!(!left.iter().any(|pid| runs(*pid)), "{left:?}");
    assert_eq!(era(context).as_deref(), Some("stateful"));
}

#[test]
fn a_stateless_server_is_known_as_one_and_probed_again() {
    let context = TestContext::with_installed("time");
    for _ in 0..2 {
        let mut client = run(&context, "time");
        client.send_json(&probe("probe"));
        let answer = client.receive_json();
        assert!(answer["result"]["supportedVersions"].is_array(), "{answer}");
        let mut list = request("list", "tools/list", &json!({}));
        list["params"] = probe(0)["params"].take();
        client.send_json(&list);
        assert_eq!(client.receive_json()["result"]["resultType"], "complete");
        assert_eq!(wait_for_era(&context), "stateless");
        assert_eq!(client.finish().code, Some(0));
    }
}
