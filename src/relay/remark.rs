//! What is said on stderr of the messages of a session, each line once: the same again is counted and said at the end.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::stderr::Log;
use crate::redact::Redactor;
use crate::redact::invisible::is_unprintable;

/// More different lines than this are counted and not said.
const DIFFERENT: usize = 64;

/// A line is cut behind so many characters: names of tools and of arguments are the model's.
const LONGEST: usize = 400;

/// What has been said. One thread relays, so plain cells do.
pub(super) struct Remarks<'a> {
    redactor: &'a Redactor,
    log: &'a Log,
    said: RefCell<HashMap<String, u64>>,
    unsaid: Cell<u64>,
}

impl<'a> Remarks<'a> {
    pub(super) fn new(redactor: &'a Redactor, log: &'a Log) -> Self {
        Self { redactor, log, said: RefCell::default(), unsaid: Cell::new(0) }
    }

    /// Says a line, unless it has been said; the first time with `place` behind it. What is a value or drives a
    /// terminal is withheld.
    pub(super) fn say(&self, line: &str, place: &str) {
        let line = shown(line, self.redactor);
        let mut said = self.said.borrow_mut();
        if let Some(times) = said.get_mut(&line) {
            *times += 1;
        } else if said.len() < DIFFERENT {
            self.log.note(&match place {
                "" => line.clone(),
                place => format!("{line} at {}", shown(&format!("`{place}`"), self.redactor)),
            });
            said.insert(line, 1);
        } else {
            if self.unsaid.get() == 0 {
                self.log.note("more of this kind is counted and not said");
            }
            self.unsaid.set(self.unsaid.get() + 1);
        }
    }

    /// Says what happened more than once, at the end of a session.
    pub(super) fn sum_up(&self) {
        let said = self.said.borrow();
        let mut again: Vec<_> = said.iter().filter(|(_, times)| **times > 1).collect();
        again.sort_unstable();
        again.iter().for_each(|(line, times)| self.log.note(&format!("{times} times: {line}")));
        if self.unsaid.get() > 0 {
            self.log.note(&format!("{} times: more of this kind", self.unsaid.get()));
        }
    }
}

/// The line as it may be shown. It is redacted before it is cut: half a value could not be found any more.
fn shown(line: &str, redactor: &Redactor) -> String {
    let cleaned = redactor.text(line.as_bytes());
    let clean = String::from_utf8_lossy(cleaned.clean.as_bytes());
    let unseen = |c: char| c.is_control() || is_unprintable(c);
    let shown = clean.chars().map(|c| if unseen(c) { '\u{FFFD}' } else { c });
    let mut shown: String = shown.take(LONGEST + 1).collect();
    if let Some((at, _)) = shown.char_indices().nth(LONGEST) {
        shown.replace_range(at.., "…");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn what_is_shown_holds_no_value_and_drives_no_terminal() {
        let secret = Secret::new(b"canary-remark-4be1".to_vec());
        let redactor = Redactor::armed([("TOKEN", &secret)]);
        assert_eq!(
            shown("a\x1b[31m\nb\u{202e} canary-remark-4be1", &redactor),
            "a\u{FFFD}[31m\u{FFFD}b\u{FFFD} [hushpipe:TOKEN]"
        );
        let long = shown(&"x".repeat(500), &redactor);
        assert_eq!((long.chars().count(), long.ends_with('…')), (LONGEST + 1, true));
        let cut = shown(&format!("{}canary-remark-4be1", "x".repeat(LONGEST - 9)), &redactor);
        assert!(!cut.contains("canary"), "{cut}");
    }

    #[test]
    fn a_line_is_kept_once_and_no_more_lines_than_some() {
        let (redactor, log) = (Redactor::armed([]), Log::default());
        let remarks = Remarks::new(&redactor, &log);
        for number in 0..3 * DIFFERENT {
            remarks.say(&format!("line {}", number % (2 * DIFFERENT)), "/a");
        }
        let said = remarks.said.borrow();
        assert_eq!(
            (said.len(), said["line 0"], remarks.unsaid.get()),
            (DIFFERENT, 2, DIFFERENT as u64)
        );
    }
}
