//! What a manifest says about redaction: `[servers.NAME.redact]`, as types that cannot be wrong.
//!
//! The defaults are the protections; what is weaker than a default only the user manifest may say, which `manifest`
//! sees to with [`ProtectionSetting`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::allow::Allow;
pub use super::own::OwnRule;

/// What a server's manifest entry says about redaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// Whether findings are replaced, or only reported.
    pub mode: Mode,
    /// How sure a finding must be.
    pub level: Level,
    /// What is done with a marker in the arguments of a call, where the tool has no exception.
    pub write_back: WriteBack,
    /// What is done with a credential in the arguments of a call, where the tool has no exception.
    pub arguments: Arguments,
    /// What is done with instruction-like and invisible text, where the tool has no exception.
    pub instructions: Instructions,
    /// Rules of the manifest's own.
    pub rules: Vec<OwnRule>,
    /// What may pass although a rule finds it.
    pub allow: Vec<Allow>,
    /// Exceptions, by the name of a tool.
    pub tools: BTreeMap<String, Exceptions>,
}

/// What is different for one tool. `None` is what the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Exceptions {
    /// Instead of [`Settings::write_back`].
    pub write_back: Option<WriteBack>,
    /// Instead of [`Settings::arguments`].
    pub arguments: Option<Arguments>,
    /// Instead of [`Settings::instructions`].
    pub instructions: Option<Instructions>,
}

impl Settings {
    /// What is done with a marker in the arguments of a call of this tool.
    pub fn write_back(&self, tool: &str) -> WriteBack {
        self.tools.get(tool).and_then(|tool| tool.write_back).unwrap_or(self.write_back)
    }

    /// What is done with a credential in the arguments of a call of this tool.
    pub fn arguments(&self, tool: &str) -> Arguments {
        self.tools.get(tool).and_then(|tool| tool.arguments).unwrap_or(self.arguments)
    }

    /// What is done with instruction-like and invisible text in what this tool answers; of `None`, in everything else.
    pub fn instructions(&self, tool: Option<&str>) -> Instructions {
        let exception = tool.and_then(|tool| self.tools.get(tool)?.instructions);
        exception.unwrap_or(self.instructions)
    }

    /// The same for a person who has asked to redact: findings are never only reported.
    pub fn redacting(&self) -> Self {
        Self { mode: Mode::Redact, ..self.clone() }
    }

    /// What is not as it is where nothing is said, in words. Rules are told elsewhere.
    pub fn words(&self) -> Vec<SettingWords> {
        let default = Self::default();
        let mut words = Vec::new();
        let mut say = |key: &str, says: &str, weakens: bool| {
            words.push(SettingWords { key: key.to_owned(), says: says.to_owned(), weakens });
        };
        if self.mode != default.mode {
            say("mode", self.mode.words(), self.mode.weakens());
        }
        if self.level != default.level {
            say("level", "placeholders and every `*_token` are withheld too", false);
        }
        if self.write_back != default.write_back {
            say("write_back", self.write_back.words(), self.write_back.weakens());
        }
        if self.arguments != default.arguments {
            say("arguments", self.arguments.words(), self.arguments.weakens());
        }
        if self.instructions != default.instructions {
            say("instructions", self.instructions.words(), self.instructions.weakens());
        }
        for (number, allow) in self.allow.iter().enumerate() {
            say(&format!("allow {number}"), &allow.words(), true);
        }
        for (tool, Exceptions { write_back, arguments, instructions }) in &self.tools {
            let exceptions = [
                ("write_back", write_back.map(|it| (it.words(), it.weakens()))),
                ("arguments", arguments.map(|it| (it.words(), it.weakens()))),
                ("instructions", instructions.map(|it| (it.words(), it.weakens()))),
            ];
            for (key, words) in exceptions {
                let Some((says, weakens)) = words else { continue };
                let says = format!("in calls of `{tool}`, {says}");
                say(&format!("tool {tool} {key}"), &says, weakens);
            }
        }
        words
    }
}

/// The name of the table with the settings of a server, or with what is different for one of its tools.
pub fn table(server: &str, tool: Option<&str>) -> String {
    let tool = tool.map(|tool| format!(".tools.{}", key(tool))).unwrap_or_default();
    format!("servers.{}.redact{tool}", key(server))
}

/// A name as a key of TOML, whose basic strings have the escapes of JSON's.
fn key(name: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let is_bare = !name.is_empty() && name.bytes().all(bare);
    if is_bare { name.to_owned() } else { serde_json::json!(name).to_string() }
}

/// Something that a server's settings say, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingWords {
    /// Names the setting, and stays the same while it changes: `write_back`, `tool NAME write_back`.
    pub key: String,
    /// A sentence about the server, without its subject.
    pub says: String,
    /// Whether it is weaker than where nothing is said.
    pub weakens: bool,
}

impl Mode {
    fn words(self) -> &'static str {
        match self {
            Self::Redact => "redaction is on",
            Self::Report => "redaction is OFF: findings are only reported",
        }
    }
}

impl WriteBack {
    fn words(self) -> &'static str {
        match self {
            Self::Deny => "receives no tool calls that contain redaction markers",
            Self::Warn => "receives tool calls that contain redaction markers; you get a warning",
            Self::Off => "receives tool calls that contain redaction markers, without a warning",
        }
    }
}

impl Arguments {
    fn words(self) -> &'static str {
        match self {
            Self::Deny => "receives no tool calls with credentials in their arguments",
            Self::Warn => {
                "receives tool calls with credentials in their arguments; you get a warning"
            }
            Self::Off => {
                "receives tool calls with credentials in their arguments, without a warning"
            }
        }
    }
}

impl Instructions {
    fn words(self) -> &'static str {
        match self {
            Self::Flag => "instruction-like text is reported, not removed",
            Self::Strip => "instruction-like text is removed",
            Self::Off => "instruction-like text is neither reported nor removed",
        }
    }
}

/// Whether findings are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Markers replace findings; a message with a finding that cannot be replaced is withheld.
    #[default]
    Redact,
    /// Nothing is changed or withheld: findings are only reported. User manifest only.
    Report,
}

/// How sure a finding must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Rules and their checks.
    #[default]
    Default,
    /// Rules without the checks that keep placeholders and words apart from secrets, and every `*_token` counts.
    Strict,
}

/// What happens to a tool call with a marker in its arguments: written back, it would overwrite the real value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WriteBack {
    /// The call is refused.
    #[default]
    Deny,
    /// The call passes with a warning. User manifest only.
    Warn,
    /// The call passes. User manifest only.
    Off,
}

/// What happens to a tool call with a credential in its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arguments {
    /// The call is refused.
    Deny,
    /// The call passes with a warning.
    #[default]
    Warn,
    /// The call passes. User manifest only.
    Off,
}

/// What happens to instruction-like and invisible text from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Instructions {
    /// It is kept and reported.
    #[default]
    Flag,
    /// It is removed.
    Strip,
    /// It is kept. User manifest only.
    Off,
}

/// A setting that can be weaker than what holds where a manifest says nothing.
pub trait ProtectionSetting: Copy {
    /// Whether this one is, so that only the user manifest may have it.
    fn weakens(self) -> bool;
}

impl ProtectionSetting for Mode {
    fn weakens(self) -> bool {
        self == Self::Report
    }
}

impl ProtectionSetting for WriteBack {
    fn weakens(self) -> bool {
        self != Self::Deny
    }
}

impl ProtectionSetting for Arguments {
    fn weakens(self) -> bool {
        self == Self::Off
    }
}

impl ProtectionSetting for Instructions {
    fn weakens(self) -> bool {
        self == Self::Off
    }
}

#[cfg(test)]
mod tests;
