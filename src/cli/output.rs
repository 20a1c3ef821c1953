//! The one printer: data on stdout, words on stderr, control characters escaped before a terminal shows them.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::error::{Error, Fault, Kind};
use crate::redact::invisible::is_unprintable;
use crate::sys::env::OwnEnv;

/// Where words and data go.
#[derive(Clone)]
pub struct Output {
    progress: bool,
    /// Why data could not be written, the first time.
    lost: Arc<Mutex<Option<io::Error>>>,
}

impl Output {
    /// A printer for this process.
    pub fn new(env: &OwnEnv) -> Self {
        let dumb = env.text("TERM").is_none_or(|term| term == "dumb");
        Self { progress: io::stderr().is_terminal() && !dumb, lost: Arc::default() }
    }

    /// Whether progress bars may be drawn: stderr is a terminal that can.
    pub fn progress(&self) -> bool {
        self.progress
    }

    /// Writes a line of data to stdout. A closed pipe is the reader's choice, any other failure is for [`Self::written`] to
    /// tell.
    pub fn data(&self, line: &str) {
        if let Err(error) = writeln!(io::stdout().lock(), "{line}")
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.lost().get_or_insert(error);
        }
    }

    /// Whether all data was written, for the end of a verb.
    ///
    /// # Errors
    /// Why some was not.
    pub fn written(&self) -> Result<(), Unwritten> {
        self.lost().take().map_or(Ok(()), |error| Err(Unwritten(error)))
    }

    fn lost(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes bytes to stdout as they are.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Writes a line of words to stderr.
    pub fn words(&self, line: &str) {
        words(line);
    }

    /// Writes a warning to stderr.
    pub fn warn(&self, line: &str) {
        self.words(&format!("hushpipe: warning: {}", printable(line)));
    }

    /// Writes a failure to stderr.
    pub fn report(&self, error: &Error) {
        for line in error.report().lines() {
            self.words(&printable(line));
        }
    }
}

/// Data could not be written to stdout.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to stdout")]
pub struct Unwritten(#[source] pub(super) io::Error);

impl Fault for Unwritten {
    fn kind(&self) -> Kind {
        Kind::Io
    }
}

/// Writes a line of words to stderr, for the one place that has no [`Output`]: a panic.
pub fn words(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// `text` with control characters, bidirectional overrides and other invisible characters written as `\u{…}`, so that
/// text from servers and packages cannot steer a terminal or forge a line. Line feeds and tabs stay.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) {
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same as one line, for a cell or a place in a sentence: a name or a path cannot look like a line of its own.
pub(super) fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// JSON with those characters written as `\uXXXX`, which is the same JSON: they can only stand in strings.
pub fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unprintable(c) && c != '\r' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Rows as lines with their columns aligned.
pub(super) fn table<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> Vec<String> {
    let rows: Vec<[String; N]> = rows.map(|row| row.map(|cell| one_line(&cell))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A value as indented JSON. What is written here are names, numbers and dates, which always have a JSON form.
pub(super) fn json(value: &impl Serialize) -> String {
    printable_json(&serde_json::to_string_pretty(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_never_sees_control_characters() {
        assert_eq!(printable("a\u{1b}[31mb\tc\nd\u{202e}e"), "a\\u{1b}[31mb\tc\nd\\u{202e}e");
    }

    #[test]
    fn what_no_font_draws_is_spelt() {
        let invisible = "\u{ad}\u{61c}\u{115f}\u{1160}\u{180b}\u{180e}\u{2028}\u{2029}\u{202d}\u{2066}\u{2800}\u{3164}\
                         \u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{fffb}\u{e0000}\u{e0100}\u{e0fff}";
        for c in invisible.chars() {
            assert_eq!(printable(&format!("a{c}b")), format!("a{}b", c.escape_unicode()));
        }
        let drawn = "é 漢 ‰ ⠿ ｡ \u{10000}";
        assert_eq!(printable(drawn), drawn);
    }

    #[test]
    fn columns_are_aligned_and_nothing_steers_the_terminal() {
        let rows = [["A", "LONG"], ["local://\u{1b}[2J", "x\nB"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(rows.into_iter()),
            ["A                  LONG", "local://\\u{1b}[2J  x\\nB"]
        );
    }

    #[test]
    fn json_stays_the_same_json() {
        let json = "{\"a\": \"\u{9b}31m\u{202e}\u{e0041}é\"}";
        assert_eq!(printable_json(json), r#"{"a": "\u009b31m\u202e\udb40\udc41é"}"#);
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&printable_json(json)), value(json));
    }
}
