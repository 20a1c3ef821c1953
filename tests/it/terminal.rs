//! A person at a terminal: a real pseudo-terminal that is the controlling one of what a test starts. Linux only, by
//! `setsid(1)`, so that no test needs unsafe code.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

/// How long a program may take to show something or to end.
const LIMIT: Duration = Duration::from_secs(30);

/// A terminal with a program on it.
pub(crate) struct Terminal {
    person: File,
    // Kept open so that what is left in the terminal can be looked at when the program has ended.
    line: OwnedFd,
    program: Child,
    shown: String,
}

impl Terminal {
    /// Starts a program on a terminal of its own; stdin, stdout and stderr are that terminal.
    pub(crate) fn start(command: &Command) -> Self {
        let pty = openpty(None, None).expect("a pseudo-terminal");
        let end = || pty.slave.try_clone().expect("another descriptor");
        // Whoever runs the tests in the background made them ignore interrupts; a person's shell does not.
        let mut session = Command::new("env");
        session.args(["--default-signal=INT", "setsid", "--ctty"]);
        session.arg(command.get_program()).args(command.get_args()).env_clear();
        for (name, value) in command.get_envs() {
            session.env(name, value.unwrap_or_default());
        }
        let program = session.stdin(end()).stdout(end()).stderr(end()).spawn();
        let program = program.expect("`env` of coreutils, `setsid` of util-linux");
        Self { person: File::from(pty.master), line: pty.slave, program, shown: String::new() }
    }

    /// Waits until this text is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            assert!(self.read(), "`{text}` did not appear; on the screen: {}", self.shown);
        }
    }

    /// Types this. `\r` is the Enter key.
    pub(crate) fn type_in(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).expect("the terminal takes it");
    }

    /// Waits for the end of the program. Returns how it ended and everything that was on the screen.
    pub(crate) fn end(&mut self) -> (ExitStatus, &str) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.program.try_wait().expect("a program of ours") {
                break status;
            }
            assert!(start.elapsed() < LIMIT, "it does not end; on the screen: {}", self.shown);
            if self.is_readable(PollTimeout::from(20_u8)) {
                self.read();
            }
        };
        while self.is_readable(PollTimeout::ZERO) && self.read() {}
        (status, &self.shown)
    }

    /// Whether the terminal shows what is typed, as a shell expects it to.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.line).expect("a terminal").local_flags.contains(LocalFlags::ECHO)
    }

    /// Whether something that was typed waits for whoever reads next, such as the shell.
    pub(crate) fn holds_input(&self) -> bool {
        let mut fds = [PollFd::new(self.line.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).expect("a terminal") > 0
    }

    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        if !self.is_readable(PollTimeout::try_from(LIMIT).expect("a short time")) {
            return false;
        }
        let read = self.person.read(&mut bytes).unwrap_or(0);
        self.shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        read > 0
    }

    fn is_readable(&self, limit: PollTimeout) -> bool {
        let mut fds = [PollFd::new(self.person.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, limit).expect("a terminal") > 0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
