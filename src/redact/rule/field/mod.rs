//! Values of fields, variables, options, parameters, cells and sentences that the name of a secret stands before.
//!
//! The name says how much the value must look like a secret ([`name`]), and so does what binds the two ([`value`]): what
//! a program assigns may be a password of a few letters, what merely follows a name in a text must be random.

mod beside;
mod name;
mod run;
mod table;
mod value;
mod words;

use std::ops::Range;

use memchr::memmem;
use name::Meaning;
pub(super) use name::word_lengths;
use value::{Bond, Value};

use super::{Tried, check, plausible};
use crate::redact::settings::Level;

/// A value that was refused is not tried again from a name in it if it is longer than this, or a text of nothing but
/// names would be read from each of them on.
const LONG: usize = 128;

/// What the name of a secret at `keyword` stands before.
pub(super) fn find(text: &[u8], keyword: usize, issuers: &[String], level: Level) -> Option<Tried> {
    let name = name::around(text, keyword)?;
    if !value::may_follow(text, name.end) || is_in_public_name(text, name.start) {
        return None;
    }
    let meaning = name::meaning(text, &name, issuers, level)?;
    let field = Field { text, name, meaning, issuers, level };
    let mut value = value::behind(text, &field.name);
    if let Some(flag) = value.as_ref().filter(|flag| text[flag.range.clone()] == *b"true") {
        value = beside::flagged(text, field.name.start, flag.range.end);
    }
    if let Some(secret) = value.as_ref().and_then(|value| field.secret(value)) {
        let until = secret.end;
        return Some(Tried { secrets: vec![secret], until });
    }
    if let Some((secrets, until)) = field.columns() {
        return Some(Tried { secrets, until });
    }
    let Range { start, end } = value?.range;
    (end > start + LONG).then_some(Tried { secrets: Vec::new(), until: end })
}

/// Whether a name at `at` is a part of the name of a resource of AWS, or of the URL of a badge, which everybody is meant
/// to load: `arn:aws:secretsmanager:…:secret:db`, `https://…/badge.svg?token=…`.
fn is_in_public_name(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(128)..at];
    let word = before.rsplit(|b| *b <= b' ' || b"\"'`<>".contains(b)).next().unwrap_or_default();
    match before.last() {
        Some(b':') => memmem::find(word, b"arn:").is_some(),
        Some(b'?' | b'&') => {
            [&b"badge"[..], b"shields.io"].iter().any(|of| memmem::find(word, of).is_some())
        }
        _ => false,
    }
}

/// Whether there is an escape of JSON in it, or several of C: the next view of the text shows what they stand for.
fn has_escape(value: &[u8]) -> bool {
    let escape = |at: &[u8]| at.starts_with(b"\\u") && at[2..].iter().all(u8::is_ascii_hexdigit);
    value.windows(6).any(escape) || memmem::find_iter(value, b"\\x").count() > 2
}

/// Whether a name of three letters stands before an opening bracket, as in a call or an index.
fn has_call(value: &[u8]) -> bool {
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    value.windows(4).any(|at| b"([{".contains(&at[3]) && at[..3].iter().all(in_name))
}

/// A name in its text.
struct Field<'t> {
    text: &'t [u8],
    name: Range<usize>,
    meaning: Meaning,
    issuers: &'t [String],
    level: Level,
}

impl Field<'_> {
    /// What of the value is a secret. Of a value that may hold code only the part before the code is looked at if the
    /// whole is none.
    fn secret(&self, value: &Value) -> Option<Range<usize>> {
        let bytes = &self.text[value.range.clone()];
        if !value.odd {
            return self.is_secret(value, bytes).then(|| value.range.clone());
        }
        if plausible::is_mixed(bytes) && !has_call(bytes) && self.is_secret(value, bytes) {
            return Some(value.range.clone());
        }
        let code = bytes.iter().position(|b| b"&;,|(){}[]".contains(b))?;
        let head = &bytes[..code];
        let cut = matches!(bytes[code], b'&' | b';' | b',' | b'|');
        (cut && self.is_secret(value, head)).then(|| value.range.start..value.range.start + code)
    }

    fn is_secret(&self, value: &Value, bytes: &[u8]) -> bool {
        if self.level == Level::Strict {
            return bytes.len() >= check::SHORTEST && !check::holds_marker(bytes);
        }
        let shortest = if value.quoted { 6 } else { 8 };
        let name = &self.text[self.name.clone()];
        if bytes.len() < shortest
            || bytes.eq_ignore_ascii_case(name)
            || !plausible::is_real(bytes)
            || has_escape(bytes)
            || str::from_utf8(bytes).is_err()
        {
            return false;
        }
        if bytes.iter().any(u8::is_ascii_whitespace) {
            return value.quoted && value.bond != Bond::Next && plausible::is_phrase(bytes);
        }
        let password = self.meaning == Meaning::Password;
        match (self.meaning, value.bond) {
            (Meaning::Session, _) => {
                value.bond == Bond::Neighbour && value.quoted && plausible::is_random(bytes)
            }
            (Meaning::Flag, bond) if bond != Bond::Neighbour => false,
            (Meaning::Handle, Bond::Member) if !name::is_setting(name) => false,
            (Meaning::Handle | Meaning::Opaque, _) => plausible::is_random(bytes),
            (_, Bond::Next) => plausible::is_token(bytes) && plausible::is_telling(bytes, true),
            (_, Bond::Beside | Bond::Said) if name::is_word_of_prose(name) => false,
            (_, Bond::Cell) => plausible::is_random(bytes) || password && plausible::is_cell(bytes),
            (_, Bond::Beside | Bond::Said) if !value.quoted => {
                plausible::is_random(bytes)
                    || bytes.len() >= 16 && plausible::is_shuffled(bytes)
                    || password && plausible::is_mixed(bytes) && !plausible::is_expression(bytes)
            }
            _ => {
                plausible::is_telling(bytes, value.quoted)
                    || password && plausible::is_shuffled(bytes)
                    || value.quoted
                        && password
                        && value.bond != Bond::Neighbour
                        && plausible::is_word(bytes)
            }
        }
    }

    /// The secrets in the columns of a table of which this is in the header.
    fn columns(&self) -> Option<(Vec<Range<usize>>, usize)> {
        let is_wanted = |name: &Range<usize>| {
            let meaning = name::meaning(self.text, name, self.issuers, self.level);
            matches!(meaning, Some(Meaning::Password | Meaning::Secret))
        };
        let (cells, until) = table::columns(self.text, &self.name, is_wanted)?;
        let secret = |cell: &Range<usize>| {
            let bytes = &self.text[cell.clone()];
            plausible::is_real(bytes) && plausible::is_cell(bytes)
        };
        Some((cells.into_iter().filter(secret).collect(), until))
    }
}
