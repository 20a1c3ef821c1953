//! What a JSON-RPC message says of itself at its top level: id, method, result, error.
//!
//! An [`Id`] keeps the spelling it came with, because an answer must carry it back unchanged, integers of any size
//! included; two ids are equal when they mean the same, because a server may spell `"a/b"` as `"a\/b"`. A name written
//! twice counts as its last spelling, as in every SDK. Nothing is ever refused here: what cannot be used is said to be
//! [`Field::Unusable`], and its reader decides.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::IgnoredAny;

use super::scan::members::plain;

/// The longest spelling of an id that is kept, in bytes. The longest id of a client on record is a UUID.
pub const MAX_ID: usize = 1024;

/// The longest spelling of a method that is kept, in bytes; the longest method of the specification has 36.
pub const MAX_METHOD: usize = 256;

/// The top level of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The `id`. `null` counts as absent; anything but a string or a number of at most [`MAX_ID`] bytes is unusable.
    pub id: Field<Id>,
    /// The `method`. `null` counts as absent; anything but a string of at most [`MAX_METHOD`] bytes is unusable.
    pub method: Field<String>,
    /// Whether there is a `result`, be it `null`.
    pub result: bool,
    /// Whether there is an `error` other than `null`.
    pub error: bool,
    /// Whether `jsonrpc` is `"2.0"`.
    pub version: bool,
    /// Whether readers could take it for different messages: see [`Names`].
    pub ambiguous: bool,
}

/// The names by which a message is judged, as far as they have been met in one object.
///
/// Readers differ: most take the last of two equal names, some the first, and those that ignore case (Go's
/// `encoding/json`) take `METHOD` for `method`. What one reader lets pass as one thing another could then run as another,
/// so a message with either is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names(u8);

impl Names {
    const WATCHED: [&'static str; 5] = ["jsonrpc", "id", "method", "params", "name"];

    /// Meets a name, which stands without its quotes; whether it is one too many, or a watched one in another case.
    pub fn meet(&mut self, name: &[u8]) -> bool {
        // Each character of a name is at most an escape of six bytes.
        if name.len() > 7 * 6 {
            return false;
        }
        let name = plain(name);
        let Some(at) = Self::WATCHED.iter().position(|watched| same_but_for_case(&name, watched))
        else {
            return false;
        };
        let met = self.0 & 1 << at != 0;
        self.0 |= 1 << at;
        met || name != Self::WATCHED[at]
    }
}

/// Whether a reader that ignores case takes `name` for `watched`. Two characters beyond ASCII fold to letters of it.
pub(super) fn same_but_for_case(name: &str, watched: &str) -> bool {
    let folded = name.chars().map(|c| match c {
        'ſ' => 's',
        '\u{212A}' => 'k',
        c => c.to_ascii_lowercase(),
    });
    folded.eq(watched.chars())
}

impl Envelope {
    /// The kind of the message by its members; `None` for an object that is no JSON-RPC message, such as a log line with
    /// an `id`.
    ///
    /// A request whose id is unusable is still a request: it must not run as a notification.
    pub fn kind(&self) -> Option<Kind> {
        match (&self.method, &self.id) {
            (Field::Absent, _) if !self.result && !self.error => None,
            (Field::Absent, _) => Some(Kind::Response),
            (_, Field::Absent) => Some(Kind::Notification),
            (_, _) => Some(Kind::Request),
        }
    }

    /// The kind of a message that a server printed; `None` unless it also says `"jsonrpc": "2.0"`.
    ///
    /// The SDKs' clients refuse a message without that version, so a server that omits it works with none of them. A log
    /// line in JSON may well have a `method`, an `id` or a `result`.
    pub fn kind_from_server(&self) -> Option<Kind> {
        self.kind().filter(|_| self.version)
    }

    /// Takes the value of a member; the last one counts.
    pub(super) fn take(&mut self, member: Member, value: Value<'_>) {
        match (member, value) {
            (Member::Id, Value::Null) => self.id = Field::Absent,
            (Member::Id, Value::Text(Some(text))) => self.id = Id::text(text).into(),
            (Member::Id, Value::Number(Some(number))) => self.id = Id::number(number).into(),
            (Member::Id, _) => self.id = Field::Unusable,
            (Member::Method, Value::Null) => self.method = Field::Absent,
            (Member::Method, Value::Text(Some(text))) => {
                self.method = decoded(text).filter(|method| method.len() <= MAX_METHOD).into();
            }
            (Member::Method, _) => self.method = Field::Unusable,
            (Member::Result, _) => self.result = true,
            (Member::Version, value) => {
                self.version = matches!(value, Value::Text(Some(text)) if plain(text) == "2.0");
            }
            (Member::Error, value) => self.error = !matches!(value, Value::Null),
        }
    }
}

/// The members of an envelope that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Id,
    Method,
    Result,
    Error,
    Version,
}

impl Member {
    /// The member of this name, which stands without its quotes.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match &*plain(name) {
            "id" => Some(Self::Id),
            "method" => Some(Self::Method),
            "result" => Some(Self::Result),
            "error" => Some(Self::Error),
            "jsonrpc" => Some(Self::Version),
            _ => None,
        }
    }
}

/// The value of a member, as far as it matters; strings and numbers are `None` when too long to be kept.
pub(super) enum Value<'a> {
    /// A string, without its quotes.
    Text(Option<&'a [u8]>),
    Number(Option<&'a [u8]>),
    Null,
    Other,
}

/// What a JSON-RPC message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Has a method and an id, and wants one answer.
    Request,
    /// Has a method and no id.
    Notification,
    /// Has no method: the answer to a request.
    Response,
}

/// One member of an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not there.
    #[default]
    Absent,
    /// There, and not of a kind or a length that can be used.
    Unusable,
    /// There.
    Is(T),
}

impl<T> Field<T> {
    /// The value, if there is a usable one.
    pub fn usable(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unusable => None,
        }
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unusable, Self::Is)
    }
}

/// The id of a request, spelled as it came: a JSON string or number, valid as it stands.
#[derive(Clone)]
pub struct Id {
    raw: Box<str>,
    /// The plain spelling of the same id, where `raw` is another one.
    plain: Option<Box<str>>,
}

impl Id {
    /// The id of a string without its quotes. `None` when no JSON could carry it back: control characters, not UTF-8.
    fn text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        let raw = format!("\"{text}\"");
        serde_json::from_str::<IgnoredAny>(&raw).ok()?;
        let plain = plain_text(&raw);
        Some(Self { raw: raw.into(), plain })
    }

    /// The id of a number.
    fn number(number: &[u8]) -> Option<Self> {
        let raw = std::str::from_utf8(number).ok()?;
        serde_json::from_str::<IgnoredAny>(raw).ok()?;
        Some(Self { raw: raw.into(), plain: plain_number(raw) })
    }

    /// Reads an id as it is spelled.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        match value.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) {
            Some(text) => Self::text(text),
            None => Self::number(value),
        }
    }

    /// The same digits as the other kind of id, `7` for `"7"`: some servers answer with it, and some clients take that.
    pub fn twin(&self) -> Option<Self> {
        let plain = self.plain();
        match plain.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(digits)
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Self::number(digits.as_bytes())
            }
            Some(_) => None,
            None => Self::text(plain.as_bytes()),
        }
    }

    /// The JSON text of the id, exactly as it was spelled.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The spelling that equal ids share.
    fn plain(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.raw)
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self { raw: number.to_string().into(), plain: None }
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.plain() == other.plain()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain().hash(state);
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// A string id without needless escapes. One that is not Unicode (a lone surrogate) only equals its own spelling.
fn plain_text(raw: &str) -> Option<Box<str>> {
    let text = raw.contains('\\').then(|| serde_json::from_str::<String>(raw).ok()).flatten()?;
    serde_json::to_string(&text).ok().map(Into::into)
}

/// A number id without a needless fraction or exponent: a server that keeps all numbers as doubles may answer `1` with
/// `1.0`. Beyond 2⁵³ doubles skip integers, so there only the same spelling is the same id.
fn plain_number(raw: &str) -> Option<Box<str>> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = raw.contains(['.', 'e', 'E']).then(|| raw.parse::<f64>().ok()).flatten()?;
    (number.fract() == 0.0 && number.abs() < EXACT).then(|| format!("{number:.0}").into())
}

/// The text that a string without its quotes stands for; `None` when it is not Unicode or not JSON.
fn decoded(text: &[u8]) -> Option<String> {
    serde_json::from_slice(&[b"\"", text, b"\""].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(raw: &str) -> Id {
        let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        text.map_or_else(|| Id::number(raw.as_bytes()), |text| Id::text(text.as_bytes())).unwrap()
    }

    #[test]
    fn ids_that_mean_the_same_are_equal_and_keep_their_spelling() {
        for (one, other) in [(r#""a/b""#, r#""a\/b""#), (r#""é""#, r#""\u00e9""#), ("1", "1.0")] {
            assert_eq!(id(one), id(other));
            assert_eq!(id(other).raw(), other);
        }
    }

    #[test]
    fn ids_that_differ_are_not_equal() {
        for (one, other) in [
            ("1", r#""1""#),
            ("1", "1.5"),
            ("9007199254740993", "9007199254740992.0"),
            (r#""\ud800""#, r#""\ud801""#),
        ] {
            assert_ne!(id(one), id(other));
        }
    }

    #[test]
    fn an_id_that_no_answer_could_carry_is_refused() {
        assert!(Id::text(b"a\x01b").is_none());
        assert!(Id::text(b"a\xffb").is_none());
        assert!(Id::text(br"a\xb").is_none());
        assert!(Id::number(b"1-2").is_none());
    }

    #[test]
    fn an_id_has_a_twin_of_the_other_kind() {
        assert_eq!(id("7").twin(), Some(id("\"7\"")));
        assert_eq!(id("\"7\"").twin(), Some(id("7")));
        assert_eq!(id("\"a\"").twin(), None);
    }

    #[test]
    fn names_that_readers_could_tell_apart_differently_are_met() {
        let odd = |names: &[&str]| {
            let mut met = Names::default();
            names.iter().any(|name| met.meet(name.as_bytes()))
        };
        assert!(!odd(&["jsonrpc", "id", "method", "params", "name", "x", "x", "X"]));
        for names in [
            &["id", "id"][..],
            &["Method"],
            &["id", r"\u0069d"],
            &["param\u{17F}"],
            &[r"\u004eame"],
        ] {
            assert!(odd(names), "{names:?}");
        }
    }

    #[test]
    fn a_message_is_known_by_its_members() {
        let id = || Field::Is(Id::from(1));
        let method = || Field::Is("ping".to_owned());
        let of = |id, method, result, error| {
            Envelope { id, method, result, error, ..Envelope::default() }.kind()
        };
        assert_eq!(of(id(), method(), false, false), Some(Kind::Request));
        assert_eq!(of(Field::Unusable, method(), false, false), Some(Kind::Request));
        assert_eq!(of(Field::Absent, method(), false, false), Some(Kind::Notification));
        assert_eq!(of(id(), Field::Absent, true, false), Some(Kind::Response));
        assert_eq!(of(Field::Absent, Field::Absent, false, true), Some(Kind::Response));
        assert_eq!(of(Field::Absent, Field::Absent, false, false), None);
    }
}
