//! Credentials that stand in clear among a server's arguments and plain settings: found by the rules of redaction, so that
//! `check` can name them and nothing shows them.
//!
//! An argument is judged by itself and together with the option before it: `--password` alone says what the next word is.

use std::cell::OnceCell;

use crate::manifest::{Argument, Server, looks_opaque};
use crate::redact::Redactor;
use crate::redact::settings::{Level, Settings};
use crate::secret::userinfo;

/// What stands in place of a login in a URL, so that the host can still be read.
const WITHHELD: &str = "[withheld]";

/// Finds literal credentials in one server's entry.
pub(super) struct Literals<'a> {
    server: &'a Server,
    /// Without the checks for placeholders and plain words: whoever writes `--password hunter2` means a password.
    strict: OnceCell<Redactor>,
    /// With them, for words that hold `${…}` and for paths.
    checked: OnceCell<Redactor>,
}

/// An argument as it may be shown.
pub(super) struct Shown<'a> {
    /// The argument as the manifest has it.
    pub(super) argument: &'a Argument,
    /// What may be shown of it.
    pub(super) text: String,
    /// Whether it holds a credential, which `text` does not.
    pub(super) is_credential: bool,
}

impl<'a> Literals<'a> {
    /// The entry of this server.
    pub(super) fn new(server: &'a Server) -> Self {
        Self { server, strict: OnceCell::new(), checked: OnceCell::new() }
    }

    /// The server's arguments in their order.
    pub(super) fn arguments(&self) -> Vec<Shown<'a>> {
        let arguments = &self.server.args;
        let option = |at: usize| arguments.get(at.checked_sub(1)?)?.plain();
        let shown = |(at, argument): (usize, &'a Argument)| {
            let hidden = argument.plain().and_then(|word| self.hide_in_word(option(at), word));
            let is_credential = hidden.is_some();
            Shown { argument, text: hidden.unwrap_or_else(|| argument.shown()), is_credential }
        };
        arguments.iter().enumerate().map(shown).collect()
    }

    /// A plain setting's value without the credential in it; `None` where it holds none.
    pub(super) fn hide_in_setting(&self, name: &str, value: &str) -> Option<String> {
        let open = userinfo::without_login(value, WITHHELD);
        let value = open.as_deref().unwrap_or(value);
        self.clean_behind(&format!("{name}="), value).or(open)
    }

    fn hide_in_word(&self, before: Option<&str>, word: &str) -> Option<String> {
        let open = userinfo::without_login(word, WITHHELD);
        let word = open.as_deref().unwrap_or(word);
        let of_option = |option: &str| {
            let name = option.trim_start_matches('-');
            self.clean_behind(&format!("{option} "), word)
                .or_else(|| self.clean_behind(&format!("{name}="), word))
        };
        let option = before.filter(|before| before.starts_with('-') && !before.contains('='));
        let option = option.filter(|_| !word.starts_with('-'));
        self.clean_behind("", word)
            .or_else(|| option.and_then(of_option))
            .or_else(|| hide_named(option, word))
            .or(open)
    }

    /// The text without what is found in it where it stands behind `prefix`; `None` where nothing is.
    fn clean_behind(&self, prefix: &str, text: &str) -> Option<String> {
        let whole = format!("{prefix}{text}");
        let cleaned = self.redactor(text).text(whole.as_bytes());
        let clean = String::from_utf8_lossy(cleaned.clean.as_bytes());
        match clean.strip_prefix(prefix) {
            Some(rest) if rest == text => None,
            Some(rest) => Some(rest.to_owned()),
            None => Some("…".to_owned()),
        }
    }

    fn redactor(&self, text: &str) -> &Redactor {
        let (cell, level) = match names_a_place(text) {
            true => (&self.checked, Level::Default),
            false => (&self.strict, Level::Strict),
        };
        cell.get_or_init(|| {
            let rules = self.server.redact.rules.clone();
            Redactor::with([], &Settings { level, rules, ..Settings::default() }, None)
        })
    }
}

/// The last words of options whose value is a credential whatever it looks like; the rules pass over short ones.
const CREDENTIALS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "api-key",
    "apikey",
    "access-key",
    "secret-key",
    "private-key",
];

/// The word without its value, where its option, before it or in it, says that it is a credential.
fn hide_named(before: Option<&str>, word: &str) -> Option<String> {
    let (option, value) = match (before, word.split_once('=')) {
        (_, Some((option, value))) if word.starts_with('-') => (option, value),
        (Some(option), _) => (option, word),
        (None, _) => return None,
    };
    let name = option.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    let names = |credential: &str| {
        name.strip_suffix(credential).is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
    };
    let is_switch = ["", "true", "false", "none", "stdin", "prompt"].contains(&value);
    let is_number = value.bytes().all(|b| b.is_ascii_digit()) && name.ends_with("token");
    let counts = CREDENTIALS.iter().any(|credential| names(credential));
    (counts && !is_switch && !is_number && !names_a_place(value))
        .then(|| format!("{}…", &word[..word.len() - value.len()]))
}

/// Whether a text says where a value is: a path, or a variable that the server replaces.
fn names_a_place(text: &str) -> bool {
    text.starts_with(['/', '~', '.', '$', '<', '%', '@']) || text.contains("${")
}

/// Whether a word that no rule finds looks like a key all the same. Paths, names of hosts, hashes and UUIDs do not count: they
/// are as random, and name something.
pub(super) fn looks_like_key(word: &str) -> bool {
    let names_something = word.contains(['/', '\\', '.', '@', ':']);
    let value = word.split_once('=').map_or(word, |(_, value)| value);
    let is_hash = value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    !names_something && !is_hash && looks_opaque(word)
}
