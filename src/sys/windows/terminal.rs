//! The console, whatever stdin and stdout are. Twin of `unix/terminal.rs`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::System::Console::FlushConsoleInputBuffer;
use zeroize::Zeroizing;

/// The console that a person sits at.
pub struct Terminal {
    input: File,
    output: File,
}

impl Terminal {
    /// Opens the console of this process.
    ///
    /// # Errors
    /// There is none.
    pub fn open() -> io::Result<Self> {
        // The console gives its buffers to handles that could write only (CreateFile, "Consoles").
        let both = |name| OpenOptions::new().read(true).write(true).open(name);
        Ok(Self { input: both("CONIN$")?, output: both("CONOUT$")? })
    }

    /// Asks a question and returns the line that was typed after it, without its end. What was typed before is discarded.
    ///
    /// # Errors
    /// What the console says.
    pub fn ask(&mut self, question: &str) -> io::Result<String> {
        self.discard_rest();
        self.output.write_all(question.as_bytes())?;
        let mut line = String::new();
        BufReader::new(&self.input).take(4096).read_line(&mut line)?;
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    }

    /// Asks for a line without showing it. What was pasted behind it is discarded; it cannot be told from the release of the
    /// Enter key, so there is always an answer here.
    ///
    /// # Errors
    /// What the console says.
    pub fn ask_hidden(&mut self, question: &str) -> io::Result<Option<Zeroizing<String>>> {
        let answer = rpassword::prompt_password(question).map(Zeroizing::new);
        self.discard_rest();
        if answer.is_err() {
            let _ = self.output.write_all(b"\n");
        }
        answer.map(Some)
    }

    /// Discards what waits to be read.
    #[expect(unsafe_code, reason = "FlushConsoleInputBuffer has no safe wrapper")]
    fn discard_rest(&self) {
        // SAFETY: the handle is open as long as `self.input` is.
        unsafe { FlushConsoleInputBuffer(self.input.as_raw_handle()) };
    }
}
