//! What a host hands down besides streams: signals, limits, a folder that is gone, a guard that somebody stopped.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::context::{Outcome, TestContext, finish};
use crate::process::{comm, signal, wait_until_gone};
use crate::session::Session;
use crate::tree;

const ASK: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n";

/// `hushpipe run server` behind another program, which replaces itself with it.
fn behind(context: &TestContext, program: &[&str]) -> Command {
    let run = context.command(["run", "server"]);
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(run.get_program()).args(run.get_args()).env_clear();
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", "/usr/bin:/bin");
    command
}

fn answered(outcome: &Outcome, words: &[&str]) {
    let answer = &outcome.messages()[0];
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "`{word}`: {}", outcome.everything());
        assert!(outcome.stderr.contains(word), "`{word}`: {}", outcome.everything());
    }
}

#[test]
fn signals_that_the_host_blocked_or_ignored_are_heard_and_reach_no_server() {
    let context = TestContext::new();
    let ready = context.home().join("ready");
    let show = format!(
        "grep -E '^Sig(Blk|Ign)' /proc/self/status >&2; touch '{}'; cat >/dev/null",
        ready.display()
    );
    context.write_manifest(&format!(
        "version = 1\n[servers.server]\ncommand = [\"/bin/sh\", \"-c\", \"{show}\"]\n"
    ));
    let host = ["env", "--block-signal=TERM,USR1", "--ignore-signal=HUP,CHLD,PIPE,XFSZ"];
    let mut session = Session::start(behind(&context, &host));
    let start = std::time::Instant::now();
    while !ready.exists() && start.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    signal(session.pid(), Signal::SIGTERM);
    let outcome = session.wait();
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    // Signals 32 and 33 belong to the C library, which lets no program change them; some versions of cargo ignore one.
    let of_the_library = 0b11_u64 << 31;
    for set in ["SigBlk:\t", "SigIgn:\t"] {
        let line = outcome.stderr.lines().find_map(|line| line.strip_prefix(set));
        let signals = line.map(|digits| u64::from_str_radix(digits, 16).expect("hex"));
        let signals = signals.map(|signals| signals & !of_the_library);
        assert_eq!(signals, Some(0), "{set}{}", outcome.stderr);
    }
}

#[test]
fn a_limit_on_the_length_of_files_does_not_end_the_session() {
    let context = TestContext::with_example(
        "echo_server",
        &[],
        "[servers.server.secrets]\nTOKEN = \"local://token\"\n",
    );
    context.set_secret("local://token", "canary-limit-77aa31c9e0");
    let mut session =
        Session::start(behind(&context, &["sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"]));
    session.initialize();
    for _ in 0..3 {
        let answer = session.call("echo", &serde_json::json!({"text": "canary-limit-77aa31c9e0"}));
        assert!(answer.get("result").is_some(), "{answer}");
    }
    assert_eq!(session.finish().code, Some(0));
}

#[test]
fn too_few_descriptors_are_said_in_the_answer_and_nothing_panics() {
    let context = TestContext::with_example("echo_server", &[], "");
    for most in ["7", "8", "9", "11"] {
        let limit = format!("ulimit -n {most}; exec \"$@\"");
        let outcome = finish(behind(&context, &["sh", "-c", &limit, "sh"]), ASK);
        answered(&outcome, &["the limit on open files is too low", "ulimit -n"]);
        assert_eq!(outcome.code, Some(125), "{}", outcome.everything());
    }
}

#[test]
fn a_working_folder_that_is_gone_is_named() {
    let context = TestContext::with_example("echo_server", &[], "");
    let folder = context.home().join("gone");
    std::fs::create_dir(&folder).unwrap();
    let leave = "cd \"$1\" && rmdir \"$1\" && PWD=\"$1\" && export PWD && shift && exec \"$@\"";
    let gone = crate::context::path_text(&folder);
    let outcome = finish(behind(&context, &["sh", "-c", leave, "sh", &gone]), ASK);
    answered(&outcome, &["gone`: the folder no longer exists", "cwd"]);
    assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
}

/// The guard cannot see our end while it is stopped, so the kernel makes it go on.
#[test]
fn a_stopped_guard_still_ends_the_server_when_we_are_killed() {
    let context = TestContext::with_example("misbehave", &["ignore-term", "0"], "");
    let mut session = context.start();
    session.initialize();
    let tree = tree::of(session.pid());
    let guard = tree.iter().copied().find(|pid| comm(*pid).trim() == "mcp-guard").expect("a guard");
    signal(guard, Signal::SIGSTOP);
    signal(session.pid(), Signal::SIGKILL);
    assert_eq!(session.wait().code, None);
    wait_until_gone(&tree);
}
