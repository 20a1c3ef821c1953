//! The values that were injected, with their parts, in every spelling that is looked for.
//!
//! This is the one place in `redact` where a secret's bytes are read. A value that is too weak to be found inside other
//! text without wrecking it (`Secret::weakness`) is kept apart and compared with whole leaves only. Everything held here
//! is zeroed on drop and has no `Debug`.

use zeroize::Zeroizing;

use super::encoding::{Characters, Form, Listing};
use super::part::{self, Part};
use super::quoting;
use crate::secret::Secret;

/// The armed values.
#[derive(Default)]
pub(super) struct Known {
    /// The variable of each secret, in the order armed.
    pub(super) names: Vec<String>,
    /// Each spelling with the number of its name.
    pub(super) forms: Vec<(usize, Form)>,
    /// Spellings that are looked for only where a program has folded them.
    pub(super) folded: Vec<(usize, Form)>,
    /// Each value, read from a text character by character.
    pub(super) characters: Vec<(usize, Characters)>,
    /// Each value, read from a text number by number.
    pub(super) listings: Vec<(usize, Listing)>,
    /// Values that match as a whole leaf only, with the number of their name.
    pub(super) weak: Vec<(usize, Zeroizing<Vec<u8>>)>,
    /// Values of several lines.
    pub(super) blocks: Vec<Zeroizing<Vec<u8>>>,
}

impl Known {
    /// Arms the values under their names. One name may come with several values: before and after a rotation.
    #[expect(clippy::disallowed_methods, reason = "what must be found has to be known")]
    pub(super) fn new<'a>(armed: impl IntoIterator<Item = (&'a str, &'a Secret)>) -> Self {
        let mut known = Self::default();
        for (name, secret) in armed {
            let number = known.number(name);
            known.arm(number, secret.expose());
        }
        known
    }

    fn number(&mut self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// Arms a value and its parts. White space around it is left out: programs trim it, and what is around may stay.
    fn arm(&mut self, name: usize, value: &[u8]) {
        let value = value.trim_ascii();
        self.arm_one(name, value);
        if value.contains(&b'\n') {
            self.blocks.push(value.to_vec().into());
        }
        for part in part::of(value) {
            match part {
                Part::Value(part) => self.arm_one(name, &part),
                Part::Line(line) => self.add(name, Form::line(&line)),
            }
        }
    }

    fn arm_one(&mut self, name: usize, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        if Secret::new(value.to_vec()).weakness().is_some() {
            self.weak.push((name, value.to_vec().into()));
            return;
        }
        self.add(name, Form::exact(value));
        self.characters.extend(Characters::new(value).map(|value| (name, value)));
        self.listings.push((name, Listing::new(value)));
        for shift in 0..3 {
            self.add(name, Form::base64(value, shift));
        }
        self.add(name, Form::hex(value));
        let len = value.len();
        for text in quoting::quoted(value).iter().chain(&quoting::numbers(value)) {
            self.add(name, Form::spelled(text, len));
        }
        for text in quoting::spaced_hex(value) {
            self.add(name, Form::spelled_in_any_case(&text, len));
        }
        for form in Form::base64_twice(value).into_iter().chain(Form::base64_of_spelled(value)) {
            self.add(name, form);
        }
        for text in quoting::hex_digits(value) {
            self.add(name, Form::spelled_in_any_case(&text, len));
        }
        if value.contains(&b' ') {
            // `application/x-www-form-urlencoded`; the rest of that spelling is undone as percent escapes.
            let plus: Zeroizing<Vec<u8>> =
                value.iter().map(|b| if *b == b' ' { b'+' } else { *b }).collect::<Vec<_>>().into();
            self.add(name, Form::exact(&plus));
        }
        for form in Form::escaped(value) {
            let known = self.forms.iter().chain(&self.folded);
            if !known.into_iter().any(|(_, known)| known.equals(&form)) {
                self.folded.push((name, form));
            }
        }
    }

    fn add(&mut self, name: usize, form: Form) {
        if !self.forms.iter().any(|(_, known)| known.equals(&form)) {
            self.forms.push((name, form));
        }
    }
}
