//! Every recorded session of `tests/fixture/recordings` replayed through `hushpipe run` is what it is without: each side
//! gets every frame byte for byte and nothing else, however frames are cut into writes.
//!
//! Both sides are played by `examples/replay.rs`, which fails at the first byte that differs from the recording, so a direct
//! run and a relayed one that both succeed have moved the same bytes. A secret is armed: every frame is really searched.
//! What is recorded of a replay is the recording again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::context::{Outcome, TestContext, path_text};
use crate::fixture::{example, repository};

/// Longer than any session takes: only a lost frame reaches it.
const LIMIT: Duration = Duration::from_secs(60);

/// The recordings, by name.
pub(crate) fn recordings() -> &'static [(String, PathBuf)] {
    static FOUND: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = fs::read_dir(repository().join("tests/fixture/recordings")).unwrap();
        let files = folder.map(|entry| entry.unwrap().path());
        let recorded = files.filter(|file| file.extension().is_some_and(|end| end == "jsonl"));
        let mut found: Vec<_> = recorded
            .map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), file))
            .collect();
        found.sort();
        assert!(found.len() > 20, "{found:?}");
        found
    })
}

/// Replays all recordings directly and through hushpipe, with frames cut like this.
fn replay(pieces: &str) {
    let side = |side: &str, file: &PathBuf| {
        [path_text(&example("replay")), side.to_owned(), path_text(file), pieces.to_owned()]
    };
    let mut manifest = "version = 1\n".to_owned();
    for (name, file) in recordings() {
        let command = json!(side("server", file));
        manifest += &format!(
            "[servers.{name}]\ncommand = {command}\n[servers.{name}.secrets]\nTOKEN = \"local://token\"\n"
        );
    }
    let context = TestContext::with_manifest(&manifest);
    context.set_secret("local://token", "canary-replayed-4b0d9e6f17");
    for (name, file) in recordings() {
        let [program, args @ ..] = side("client", file);
        let again = context.home().join(name);
        let relayed = context.command(["run", name, "--record", again.to_str().unwrap()]);
        let through: Vec<_> =
            [relayed.get_program()].into_iter().chain(relayed.get_args()).collect();
        let mut client = Command::new(&program);
        client.args(&args).args(through).env_clear();
        client.envs(relayed.get_envs().filter_map(|(name, value)| Some((name, value?))));
        finished(&format!("{name}, {pieces}, through hushpipe"), client);
        assert_eq!(frames(&again), frames(file), "{name}, {pieces}: recorded again");
        let mut client = Command::new(&program);
        client.args(&args).args(side("server", file));
        finished(&format!("{name}, {pieces}, directly"), client);
    }
}

/// Whose frames a recording has, and the frames, without the times.
fn frames(recording: &Path) -> Vec<Value> {
    let text = fs::read_to_string(recording).unwrap();
    let mut entries: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    entries.iter_mut().for_each(|entry| entry["at"] = Value::Null);
    entries
}

/// Runs a client to its end and fails the test unless both sides have got all of the recording.
fn finished(what: &str, mut client: Command) {
    client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = client.spawn().unwrap_or_else(|e| panic!("{what}: {e}"));
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("{what}: still waiting for a frame after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
    let outcome = Outcome::from(child.wait_with_output().unwrap());
    assert_eq!(outcome.code, Some(0), "{what}: {}", outcome.stderr);
    for side in ["server", "client"] {
        let word = format!("the {side} has replayed all");
        assert!(outcome.stderr.contains(&word), "{what}: {}", outcome.stderr);
    }
}

#[test]
fn every_recorded_session_is_the_same_through_hushpipe() {
    replay("all");
}

#[test]
fn every_recorded_session_is_the_same_in_pieces_of_random_lengths() {
    for seed in 1..=3 {
        replay(&format!("random:{seed}"));
    }
}

#[test]
fn every_recorded_session_is_the_same_one_byte_at_a_time() {
    replay("one");
}
