//! Every kind of descriptor a host may hand us: Node gives socketpairs, shells give files, services give /dev/null.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::context::TestContext;

const REQUEST: &[u8] = br#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"echo","arguments":{"text":"heard"}}}
"#;

fn context() -> TestContext {
    TestContext::with_example("echo_server", &[], "")
}

#[test]
fn a_host_that_hands_over_socketpairs_is_served() {
    let context = context();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let stdout: OwnedFd = theirs.try_clone().unwrap().into();
    let mut command = context.command(["run", "server"]);
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::from(stdout));
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    // The command holds its own copies of the other end.
    drop(command);
    ours.write_all(REQUEST).unwrap();
    let mut answer = String::new();
    BufReader::new(&ours).read_line(&mut answer).unwrap();
    assert!(answer.contains("heard"), "{answer}");
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn input_and_output_may_be_plain_files() {
    let context = context();
    let path = context.home().join("requests");
    std::fs::write(&path, REQUEST).unwrap();
    let mut answers = File::create_new(context.home().join("answers")).unwrap();
    let mut command = context.command(["run", "server"]);
    command.stdin(File::open(&path).unwrap()).stdout(answers.try_clone().unwrap());
    let status = command.stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    // The offset is shared with the program that wrote.
    answers = File::open(context.home().join("answers")).unwrap();
    answers.rewind().unwrap();
    let mut text = String::new();
    answers.read_to_string(&mut text).unwrap();
    assert!(text.contains("heard"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_session_goes_on_where_there_can_be_no_more_threads() {
    let mut session = context().start();
    session.initialize();
    let pid = session.pid();
    let pages = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    // Room for what a message takes, and none for the stack of a thread.
    let limit = pages * 4096 + (1 << 20);
    let limited = std::process::Command::new("prlimit")
        .args([format!("--pid={pid}"), format!("--as={limit}")])
        .status();
    assert!(limited.unwrap().success());
    session.call("complain", &serde_json::json!({"text": "of the server"}));
    let outcome = session.finish();
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    assert!(!outcome.stderr.contains("of the server"), "a thread was started");
}

#[test]
fn no_input_at_all_ends_the_session_well() {
    let context = context();
    let mut command = context.command(["run", "server"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn the_hosts_descriptors_are_given_back_as_they_were() {
    let context = context();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let kept = theirs.try_clone().unwrap();
    let mut command = context.command(["run", "server"]);
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // The flag sits on what both ends of a `dup` share: a host would suddenly read "would block".
    let flags = OFlag::from_bits_truncate(fcntl(&kept, FcntlArg::F_GETFL).unwrap());
    assert!(!flags.contains(OFlag::O_NONBLOCK), "{flags:?}");
}

#[test]
fn a_closed_stdout_ends_the_session() {
    let context = context();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut command = context.command(["run", "server"]);
    command.stdin(Stdio::piped()).stdout(Stdio::from(OwnedFd::from(theirs)));
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    // stdin stays open: only the missing reader of stdout can end it.
    let stdin = child.stdin.take().unwrap();
    drop(ours);
    assert!(child.wait().unwrap().code().is_some());
    drop(stdin);
}
