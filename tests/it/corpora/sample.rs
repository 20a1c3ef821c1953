//! One labelled text, the three places in which it is measured, and when its secret counts as caught.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::{Action, Redactor};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixture;

/// A text, and what is known of the secret in it.
#[derive(Deserialize)]
pub(super) struct Sample {
    /// The tool whose tests it is from, or how it was made.
    pub(super) source: String,
    /// The source's own name for what it shows.
    pub(super) rule: String,
    /// The text.
    pub(super) text: String,
    expect: String,
    scope: String,
    secret_span: Option<(usize, usize)>,
    /// What kind of secret it holds; empty for a benign text.
    #[serde(default)]
    pub(super) class: String,
}

/// Where a text stands when it is measured.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The one text block of a tool's result.
    Text,
    /// A string in the structured content of a result.
    Structured,
    /// The server's stderr.
    Stderr,
}

/// A text after redaction.
pub(super) struct Outcome {
    /// What the client reads.
    pub(super) left: String,
    /// Whether anything was replaced.
    pub(super) touched: bool,
}

/// The samples of one file of `../shared/corpora`; nothing where the folder is not beside the project.
pub(super) fn read(name: &str) -> Option<Vec<Sample>> {
    let text = fs::read_to_string(folder().join(format!("{name}.jsonl"))).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).expect("a sample")).collect())
}

/// Where the labelled samples are.
pub(super) fn folder() -> PathBuf {
    fixture::repository().join("../shared/corpora")
}

impl Sample {
    /// A sample of our own, whose secret stands at these characters.
    pub(super) fn made(class: &str, rule: &str, text: String, span: (usize, usize)) -> Self {
        let of = str::to_owned;
        let (source, secret_span) = (of("made"), Some(span));
        let (expect, scope) = (of("secret"), of("any"));
        Self { source, rule: of(rule), text, expect, scope, secret_span, class: of(class) }
    }

    /// Whether any tool should find a secret in it.
    pub(super) fn is_secret(&self) -> bool {
        self.scope == "any" && self.expect == "secret"
    }

    /// Whether no tool should find a secret in it.
    pub(super) fn is_benign(&self) -> bool {
        self.scope == "any" && self.expect == "benign"
    }

    /// Whether the secret is gone: no eight characters of it in a row are left. Where it is not known which characters
    /// are the secret, anything that was replaced counts.
    pub(super) fn is_caught(&self, outcome: &Outcome) -> bool {
        let Some((start, end)) = self.secret_span else { return outcome.touched };
        let secret: Vec<char> = self.text.chars().take(end).skip(start).collect();
        let left: Vec<char> = outcome.left.chars().collect();
        let len = secret.len().clamp(1, 8);
        let left: HashSet<&[char]> = left.windows(len).collect();
        !secret.windows(len).any(|piece| left.contains(piece))
    }
}

impl Place {
    pub(super) const ALL: [Self; 3] = [Self::Text, Self::Structured, Self::Stderr];

    /// The message that carries a text in this place; `None` for stderr.
    pub(super) fn message(self, text: &str) -> Option<Value> {
        let result = match self {
            Self::Text => json!({"content": [{"type": "text", "text": text}]}),
            Self::Structured => json!({"content": [], "structuredContent": {"record": [text]}}),
            Self::Stderr => return None,
        };
        Some(json!({"jsonrpc": "2.0", "id": 1, "result": result}))
    }

    /// The text as the client of a message in this place reads it.
    pub(super) fn text_of(self, message: &Value) -> String {
        let pointer = match self {
            Self::Structured => "/result/structuredContent/record/0",
            Self::Text | Self::Stderr => "/result/content/0/text",
        };
        let text = message.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no {pointer} in {message}")).to_owned()
    }

    /// What is left of a text in this place.
    pub(super) fn redact(self, redactor: &Redactor, text: &str) -> Outcome {
        let Some(message) = self.message(text) else { return stderr(redactor, text) };
        let line = message.to_string();
        let cleaned = redactor.frame(line.as_bytes(), Fields::default());
        let cleaned = cleaned.unwrap_or_else(|blocked| panic!("{blocked}: {line}"));
        let message = serde_json::from_slice(cleaned.clean.as_bytes()).expect("still JSON");
        let touched = cleaned.findings.iter().any(|finding| finding.action == Action::Replaced);
        Outcome { left: self.text_of(&message), touched }
    }
}

fn stderr(redactor: &Redactor, text: &str) -> Outcome {
    let mut out = Vec::new();
    let mut cleaner = redactor.stderr();
    cleaner.push(text.as_bytes(), &mut out);
    cleaner.finish(&mut out);
    let left = String::from_utf8(out).expect("always UTF-8");
    let markers = |text: &str| text.matches("[hushpipe:").count();
    let touched = markers(&left) > markers(text);
    Outcome { left, touched }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Structured => "structured",
            Self::Stderr => "stderr",
        })
    }
}
