//! What a login shell tells: its PATH, and the variables that the record may hold.
//!
//! The shell starts from nothing but what the system sets for every session, runs the user's start-up files and is asked
//! for variables by name, so that a token which a start-up file exports never comes here. It gets 5 s; whatever it prints
//! besides, or leaves running, is ignored and ended with its session.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use super::variable;
use crate::sys::command;
use crate::sys::env::{OwnEnv, ScrubbedEnv};
use crate::sys::os;

/// What a login shell ends up with.
#[derive(Debug, Default)]
pub(super) struct Shell {
    /// Its PATH, if it answered.
    pub(super) path: Option<String>,
    /// The variables that may be written down.
    pub(super) variables: BTreeMap<String, String>,
    /// The names of those that may not, because of a password.
    pub(super) withheld: Vec<String>,
}

/// Asks the user's login shell. Where there is none, or it does not answer, only what the system sets for every session is
/// known.
pub(super) fn of_login_shell(env: &OwnEnv, home: &Path) -> Shell {
    let session = os::session_variables(env, &asked());
    let answer = os::login_shell().and_then(|shell| ask(&shell, &session, env, home));
    Shell::of(answer, session)
}

impl Shell {
    fn of(answer: Option<BTreeMap<String, String>>, session: BTreeMap<String, String>) -> Self {
        let mut answer = answer.unwrap_or_else(|| {
            // A system's PATH without the user's folders is worse than the one we were started with.
            session.into_iter().filter(|(name, _)| name != "PATH").collect()
        });
        let path = answer.remove("PATH");
        let (variables, withheld): (BTreeMap<_, _>, BTreeMap<_, _>) =
            answer.into_iter().partition(|(name, value)| variable::is_recordable(name, value));
        Self { path, variables, withheld: withheld.into_keys().collect() }
    }
}

/// The names to ask for.
fn asked() -> Vec<&'static str> {
    std::iter::once("PATH").chain(variable::names()).collect()
}

/// How long a program gets to answer.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// Stands before each answer: start-up files print what they like.
const MARK: &str = "hushpipe-answer-4f1b";

/// The variables that a login shell ends up with, from nothing but the session's. `None` where it does not answer.
fn ask(
    shell: &Path,
    session: &BTreeMap<String, String>,
    env: &OwnEnv,
    home: &Path,
) -> Option<BTreeMap<String, String>> {
    let mut scrubbed = ScrubbedEnv::empty();
    for name in ["USER", "LOGNAME", "TMPDIR"] {
        scrubbed.keep(env, name);
    }
    scrubbed.set("HOME", home);
    scrubbed.set("SHELL", shell);
    scrubbed.set("TERM", "dumb");
    scrubbed.set("PATH", os::DEFAULT_PATH);
    session.iter().for_each(|(name, value)| scrubbed.set(name, value));
    // Every shell, fish and csh included, takes a text in single quotes as it is. In some `$PATH` is a list, so the
    // environment itself is asked.
    let names = asked().join(" ");
    let script = format!(
        "echo; /bin/sh -c 'for name in {names}; do echo {MARK} $name; /usr/bin/env printenv $name; done; echo {MARK} end'"
    );
    let mut command = command::helper(shell, ["-l", "-i", "-c", &script], &scrubbed, home);
    os::own_session(&mut command);
    let end = format!("{MARK} end");
    let answer = lines(command, LIMIT, |line| line == end);
    let found = answers(&answer);
    found.contains_key("PATH").then_some(found)
}

/// What stands below each mark. Only one line is an answer: none of these variables has several.
fn answers(lines: &[String]) -> BTreeMap<String, String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        match (line.strip_prefix(MARK), found.last_mut()) {
            (Some(name), _) => found.push((name.trim(), Vec::new())),
            (None, Some((_, values))) => values.push(line),
            (None, None) => {}
        }
    }
    let one = |(name, values): (&str, Vec<&str>)| match values.as_slice() {
        [value] if !value.is_empty() && !value.contains(char::is_control) => {
            Some((name.to_owned(), (*value).to_owned()))
        }
        _ => None,
    };
    found.into_iter().filter_map(one).collect()
}

/// The lines that a command writes to stdout in time, up to the one that `is_last`.
pub(super) fn lines(
    mut command: std::process::Command,
    limit: Duration,
    mut is_last: impl FnMut(&str) -> bool,
) -> Vec<String> {
    command.stderr(std::process::Stdio::null());
    let mut answer = Vec::new();
    let Ok(mut child) = command.spawn() else { return answer };
    let stdout = child.stdout.take();
    let (sender, received) = std::sync::mpsc::channel();
    // Not joined: something that a start-up file left running may hold the pipe open for ever. Without a thread there is no
    // sender, and so no answer.
    let _ = std::thread::Builder::new().spawn(move || {
        let read = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
        let _ = read.map_while(Result::ok).try_for_each(|line| sender.send(line));
    });
    let end = Instant::now() + limit;
    while let Ok(line) = received.recv_timeout(end.saturating_duration_since(Instant::now())) {
        let last = is_last(&line);
        answer.push(line);
        if last {
            break;
        }
    }
    end_soon(&mut child);
    answer
}

/// Gives a process that has answered a moment to end by itself, then ends it and all of its session.
fn end_soon(child: &mut Child) {
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            _ => return,
        }
    }
    os::end_session(child.id());
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
#[expect(
    clippy::expect_used,
    reason = "a test fails by panicking; the exemption for tests misses helpers"
)]
mod tests {
    use super::super::tests::script;
    use super::*;

    fn asked_with(profile: &str, own: &[(&str, &str)]) -> Shell {
        let home = tempfile::tempdir().expect("folder");
        std::fs::write(home.path().join(".profile"), profile).expect("written");
        let own = OwnEnv::of(own.iter().copied());
        let session = BTreeMap::from([("LANG".to_owned(), "C.UTF-8".to_owned())]);
        Shell::of(ask(Path::new("/bin/sh"), &session, &own, home.path()), BTreeMap::new())
    }

    #[test]
    fn a_login_shell_tells_its_path_whatever_its_start_up_files_print() {
        let profile = "printf 'no newline'; echo hello >&2; export PATH=\"/from/profile:$PATH\"";
        let shell = asked_with(profile, &[("PATH", "/from/the/environment")]);
        let path = shell.path.expect("an answer");
        assert!(path.starts_with("/from/profile:"), "{path}");
        assert!(!path.contains("/from/the/environment"), "{path}");
    }

    #[test]
    fn only_listed_variables_are_read_and_none_with_a_password() {
        let shell = asked_with(
            "export HTTPS_PROXY=http://me:canary@proxy:8080 http_proxy=http://proxy:3128 SSL_CERT_FILE=/ca.pem
             export GITHUB_TOKEN=canary NO_PROXY='a
b'",
            &[("ALL_PROXY", "http://from-our-environment:1")],
        );
        let shown = format!("{shell:?}");
        assert!(!shown.contains("canary") && !shown.contains("from-our-environment"), "{shown}");
        assert_eq!(shell.withheld, ["HTTPS_PROXY"]);
        let names: Vec<&str> = shell.variables.keys().map(String::as_str).collect();
        assert_eq!(names, ["LANG", "SSL_CERT_FILE", "http_proxy"]);
    }

    #[test]
    fn a_shell_that_never_answers_is_ended() {
        let home = tempfile::tempdir().expect("folder");
        let silent = script(home.path(), "silent", "sleep 1000 & echo x; wait");
        let mut command = command::helper(&silent, [""; 0], &ScrubbedEnv::empty(), home.path());
        os::own_session(&mut command);
        assert_eq!(lines(command, Duration::from_millis(300), |_| false), ["x"]);
    }

    #[test]
    fn something_left_running_does_not_keep_an_answer_back() {
        let home = tempfile::tempdir().expect("folder");
        let leaving = script(home.path(), "leaving", "sleep 2 & echo one; echo end; echo two");
        let mut command = command::helper(&leaving, [""; 0], &ScrubbedEnv::empty(), home.path());
        os::own_session(&mut command);
        assert_eq!(lines(command, Duration::from_secs(60), |line| line == "end"), ["one", "end"]);
    }
}
