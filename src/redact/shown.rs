//! Names and places as a person may see them. The client or the server chose them, so a value can stand in either.

use std::fmt;

use super::Redactor;

impl Redactor {
    /// A name, to so many characters. It is redacted before it is cut: half a value could not be found any more.
    pub fn name_shown(&self, name: &str, longest: usize) -> String {
        let cleaned = self.text(name.as_bytes());
        String::from_utf8_lossy(cleaned.clean.as_bytes()).chars().take(longest).collect()
    }

    /// A JSON pointer, without the steps that hold something. `~0` and `~1` are undone before one is looked at: many a
    /// value has a `/` in it.
    pub fn pointer_shown(&self, pointer: &str) -> String {
        let shown = |step: &str| {
            let plain = step.replace("~1", "/").replace("~0", "~");
            // A weak value counts as a whole step only, as elsewhere as a whole leaf.
            let is_weak = self.weak(plain.as_bytes()).is_some();
            match !is_weak && self.text(plain.as_bytes()).findings.is_empty() {
                true => step.to_owned(),
                false => "[withheld]".to_owned(),
            }
        };
        pointer.split('/').map(shown).collect::<Vec<_>>().join("/")
    }
}

/// More than this of what was found is not named in words: one is enough to judge a message.
pub(super) const NAMED: usize = 3;

/// The first of what was found, in words.
pub fn listed(found: &[impl fmt::Display]) -> String {
    found.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::redact::spelling::armed;

    const VALUE: &str = "pa/ss~canary/0d9c41";

    #[test]
    fn a_name_is_redacted_before_it_is_cut() {
        let redactor = armed(&[("TOKEN", VALUE)]);
        assert_eq!(redactor.name_shown(&format!("read {VALUE}"), 12), "read [hushpi");
        assert_eq!(redactor.name_shown("read_file", 80), "read_file");
    }

    #[test]
    fn a_step_that_is_a_weak_value_is_withheld_too() {
        let redactor = armed(&[("PASSWORD", "hunter2")]);
        assert_eq!(redactor.pointer_shown("/a/hunter2/0"), "/a/[withheld]/0");
        assert_eq!(redactor.pointer_shown("/a/hunter22/0"), "/a/hunter22/0");
    }

    #[test]
    fn a_step_that_is_a_value_is_withheld_whatever_escapes_a_pointer_gave_it() {
        let redactor = armed(&[("TOKEN", VALUE)]);
        for step in ["pa~1ss~0canary~10d9c41", r"x pa\~1ss\u007ecanary~10d9c41 y"] {
            assert_eq!(redactor.pointer_shown(&format!("/a/{step}/0")), "/a/[withheld]/0");
        }
        let plain = "/params/arguments/[hushpipe:TOKEN]#2/a~1b";
        assert_eq!(redactor.pointer_shown(plain), plain);
    }
}
