//! The arguments of a server's program as the manifest has them.

use std::fmt;

use crate::secret::SecretRef;

/// One word behind the program, and where the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Where it stands.
    pub place: ArgumentPlace,
    /// What stands there.
    pub word: Word,
}

/// What stands in the place of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// The argument itself.
    Plain(String),
    /// The value of this secret, put in at launch.
    Secret(SecretRef),
}

/// The key and the number of a word in the manifest. Shown in a sentence: "word 2 of `args`".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgumentPlace {
    /// `args` or `command`.
    pub key: &'static str,
    /// From 1 on.
    pub number: usize,
}

impl Argument {
    /// The text, where it is no secret.
    pub fn plain(&self) -> Option<&str> {
        match &self.word {
            Word::Plain(text) => Some(text),
            Word::Secret(_) => None,
        }
    }

    /// The argument as the manifest has it: the text, or the reference behind its key.
    pub fn shown(&self) -> String {
        match &self.word {
            Word::Plain(text) => text.clone(),
            Word::Secret(reference) => format!("{{ dangerously_arg = \"{reference}\" }}"),
        }
    }
}

impl ArgumentPlace {
    /// What stands for the variable where the argument is a secret. No variable can be called that.
    pub fn name(self) -> String {
        format!("{}-{}", self.key, self.number)
    }
}

impl fmt::Display for ArgumentPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {} of `{}`", self.number, self.key)
    }
}
