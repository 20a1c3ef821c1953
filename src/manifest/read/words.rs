//! `args` and `command`: the words of a command line, some of which may be secrets.
//!
//! `${…}` inside a word passes, unlike in `env`: some servers replace it themselves (`mcp-remote --header 'X: ${TOKEN}'`).
//! A word that is nothing else was meant for a shell or a host, and no server would replace it.

use toml::Spanned;

use super::super::argument::{Argument, ArgumentPlace, Word};
use super::super::error::Mistake;
use super::super::server::Level;
use super::super::table::word::{SecretWord, Word as Written};
use super::{Reader, secrets};
use crate::secret::SecretRequest;

/// The arguments of a server's program, and the secrets among them.
#[derive(Default)]
pub(super) struct Arguments {
    /// The arguments in their order.
    pub(super) words: Vec<Argument>,
    /// The secrets among them.
    pub(super) requests: Vec<SecretRequest>,
}

impl Arguments {
    /// Reads the words of a key. The first word of a `command` is its program and no argument.
    pub(super) fn read(
        &mut self,
        key: &'static str,
        words: &[Spanned<Written>],
        reader: &mut Reader<'_>,
    ) {
        for (index, word) in words.iter().enumerate() {
            let place = ArgumentPlace { key, number: index + 1 };
            let is_program = key == "command" && index == 0;
            match word.get_ref() {
                Written::Plain(text) => {
                    check_plain(key, text, word, reader);
                    let word = Word::Plain(text.clone());
                    self.words.extend((!is_program).then_some(Argument { place, word }));
                }
                Written::Secret(_) if is_program => {
                    let expected = "the program, a string".to_owned();
                    let mistake = Mistake::WrongType { expected, found: "a table" };
                    reader.findings.add(word.span(), mistake);
                }
                Written::Secret(secret) => self.add_secret(place, secret, reader),
            }
        }
    }

    fn add_secret(&mut self, place: ArgumentPlace, secret: &SecretWord, reader: &mut Reader<'_>) {
        let reference = &secret.dangerously_arg;
        if reader.around.level == Level::Project {
            // Other processes of the user read arguments (design, promise 5).
            let mistake = Mistake::UserOnly("`dangerously_arg`".into());
            reader.findings.add(reference.span(), mistake);
        }
        if let Some(request) = secrets::argument(place.name(), reference, reader) {
            let word = Word::Secret(request.reference.clone());
            self.words.push(Argument { place, word });
            self.requests.push(request);
        }
    }
}

/// Whether a program can be handed a word, and whether it is what the writer meant.
fn check_plain(key: &'static str, text: &str, word: &Spanned<Written>, reader: &mut Reader<'_>) {
    if text.contains('\0') {
        reader.findings.add(word.span(), Mistake::Nul(key.into()));
    }
    if reader.around.holds_reference(text) {
        reader.findings.add(word.span(), Mistake::UnresolvedWord { key });
    } else if is_placeholder(text) {
        reader.findings.add(word.span(), Mistake::Placeholder { key });
    }
}

/// Whether a text is `${…}` and nothing else.
fn is_placeholder(text: &str) -> bool {
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['{', '}']))
}
