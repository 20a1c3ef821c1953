//! `[servers.NAME.redact]` as it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::redact::settings::{Arguments, Instructions, Level, Mode, OwnRule, WriteBack};

/// What is withheld from the client, and what happens to tool calls. A project manifest may only make it stricter.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::manifest) struct Redact {
    /// `redact` (the default) replaces findings with markers; `report` changes nothing and only reports (user manifest
    /// only).
    #[schemars(with = "Option<Mode>")]
    pub(in crate::manifest) mode: Option<Spanned<Mode>>,
    /// `strict` also withholds placeholders and words, and treats every `*_token` as a credential.
    pub(in crate::manifest) level: Option<Level>,
    /// What happens to a call with a marker in its arguments: `deny` (the default), `warn`, `off`.
    #[schemars(with = "Option<WriteBack>")]
    pub(in crate::manifest) write_back: Option<Spanned<WriteBack>>,
    /// What happens to a call with a credential in its arguments: `warn` (the default), `deny`, `off`.
    #[schemars(with = "Option<Arguments>")]
    pub(in crate::manifest) arguments: Option<Spanned<Arguments>>,
    /// What happens to instruction-like and invisible text from the server: `flag` (the default), `strip`, `off`.
    #[schemars(with = "Option<Instructions>")]
    pub(in crate::manifest) instructions: Option<Spanned<Instructions>>,
    /// Your own rules.
    #[serde(default)]
    #[schemars(with = "Vec<OwnRule>")]
    pub(in crate::manifest) rules: Vec<Rule>,
    /// Findings that may pass; never a known value. User manifest only.
    #[serde(default)]
    #[schemars(with = "Vec<Allow>")]
    pub(in crate::manifest) allow: Vec<Spanned<Allow>>,
    /// Exceptions, by the name of a tool.
    #[serde(default)]
    pub(in crate::manifest) tools: BTreeMap<String, Tool>,
}

/// A rule; the same as [`OwnRule`], with the places of what can be wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::manifest) struct Rule {
    pub(in crate::manifest) id: Spanned<String>,
    #[serde(default)]
    pub(in crate::manifest) description: String,
    pub(in crate::manifest) keywords: Spanned<Vec<String>>,
    pub(in crate::manifest) pattern: Spanned<String>,
    #[serde(default)]
    pub(in crate::manifest) confidence: crate::redact::Confidence,
    #[serde(default)]
    pub(in crate::manifest) checks: Vec<crate::redact::Check>,
    #[serde(default)]
    pub(in crate::manifest) examples: Vec<String>,
    #[serde(default)]
    pub(in crate::manifest) non_examples: Vec<String>,
}

/// A finding that may pass: by `rule` and place, or by `hmac`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::manifest) struct Allow {
    /// The id of a rule, as markers show it.
    #[schemars(with = "Option<String>")]
    pub(in crate::manifest) rule: Option<Spanned<String>>,
    /// Only in answers of this tool.
    #[schemars(with = "Option<String>")]
    pub(in crate::manifest) tool: Option<Spanned<String>>,
    /// Only here: a JSON pointer into the message (`*` stands for any step, at the end for any number), or `stderr`.
    #[schemars(with = "Option<String>")]
    pub(in crate::manifest) pointer: Option<Spanned<String>>,
    /// The HMAC of one value under this machine's key, as `hushpipe why` prints it.
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9a-f]{64}$"))]
    pub(in crate::manifest) hmac: Option<Spanned<String>>,
}

/// Exceptions for one tool.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::manifest) struct Tool {
    /// Instead of the server's `write_back`.
    #[schemars(with = "Option<WriteBack>")]
    pub(in crate::manifest) write_back: Option<Spanned<WriteBack>>,
    /// Instead of the server's `arguments`.
    #[schemars(with = "Option<Arguments>")]
    pub(in crate::manifest) arguments: Option<Spanned<Arguments>>,
    /// Instead of the server's `instructions`.
    #[schemars(with = "Option<Instructions>")]
    pub(in crate::manifest) instructions: Option<Spanned<Instructions>>,
}
