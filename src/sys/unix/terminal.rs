//! The controlling terminal, whatever stdin and stdout are. Twin of `windows/terminal.rs`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{FlushArg, LocalFlags, SetArg, tcflush, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// The terminal that a person sits at.
pub struct Terminal(File);

impl Terminal {
    /// Opens the controlling terminal of this session.
    ///
    /// # Errors
    /// There is none, as in a service, a container without a terminal or under most agents.
    pub fn open() -> io::Result<Self> {
        let open =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open("/dev/tty");
        open.map(Self)
    }

    /// Asks a question and returns the line that was typed after it, without its end. What was typed before is discarded, so
    /// that nobody confirms what was not yet on the screen.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        let _ = tcflush(&self.0, FlushArg::TCIFLUSH);
        self.0.write_all(question.as_bytes())?;
        let mut line = String::new();
        BufReader::new(&self.0).take(4096).read_line(&mut line)?;
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    }

    /// Asks for a line without showing it; nothing where more than one line was typed or pasted. What stands behind the
    /// first is discarded: left alone it would be typed into the shell, and stand in its history.
    ///
    /// An interrupt is held until the terminal shows again what is typed, and then ends the process.
    ///
    /// # Errors
    /// What the terminal says; `UnexpectedEof` where the person ended the input.
    pub fn ask_hidden(&mut self, question: &str) -> io::Result<Option<Zeroizing<String>>> {
        // rpassword asks before it hides, which shows a quick paste and lets an early interrupt pass it by; so its own mode is
        // set before it starts. It also raises SIGINT before it restores the terminal.
        let shown = tcgetattr(&self.0)?;
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        let interrupt: SigSet = [Signal::SIGINT].into_iter().collect();
        interrupt.thread_block()?;
        let answer = tcsetattr(&self.0, SetArg::TCSAFLUSH, &hidden)
            .map_err(io::Error::from)
            .and_then(|()| self.0.write_all(question.as_bytes()))
            .and_then(|()| rpassword::read_password())
            .map(Zeroizing::new);
        let more = self.discard_rest();
        if answer.is_err() {
            let _ = self.0.write_all(b"\n");
        }
        tcsetattr(&self.0, SetArg::TCSANOW, &shown)?;
        interrupt.thread_unblock()?;
        answer.map(|answer| (!more).then_some(answer))
    }

    /// Discards what waits to be read, and says whether it was more than line ends.
    fn discard_rest(&mut self) -> bool {
        let mut more = false;
        let mut bytes = Zeroizing::new([0; 1024]);
        while self.is_readable()
            && let Ok(read @ 1..) = self.0.read(&mut *bytes)
        {
            more |= bytes[..read].iter().any(|b| !matches!(b, b'\n' | b'\r'));
        }
        more
    }

    fn is_readable(&self) -> bool {
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
            && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN))
    }
}
