//! The facts of a manifest entry, and what each of them is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One sentence about a server, as a person accepts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The sentence, without a value.
    pub says: String,
    /// The value as JSON, so that a person sees where it ends. It is shown and never recorded.
    pub value: Option<String>,
}

/// The subject of a fact. It stays the same while the fact changes, so that two versions of a manifest can be compared.
///
/// A record stores it as text (`variable LOG_LEVEL`). Records that were written before this type existed have a digit in
/// front (`4 variable LOG_LEVEL`); they are still read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum FactKey {
    /// The package or program.
    Package,
    /// The digest of a binary.
    Sha256,
    /// The arguments.
    Args,
    /// The chosen program of a package.
    Bin,
    /// The working directory.
    Cwd,
    /// The locked entry point.
    EntryPoint,
    /// The version of Node or Python.
    Runtime,
    /// A package whose install scripts run.
    InstallScripts(String),
    /// A package that is built from source.
    SourceBuild(String),
    /// A variable that a secret fills.
    Secret(String),
    /// The same in a profile.
    ProfileSecret {
        /// The profile.
        profile: String,
        /// The variable.
        variable: String,
    },
    /// A plain setting.
    Variable(String),
    /// A name or pattern under `pass`.
    Pass(String),
    /// A preset.
    Preset(String),
    /// A package that is installed beside the server's.
    With(String),
    /// A time or size, by the key of the manifest.
    Limit(String),
    /// A setting of redaction, by the key of its table.
    Redaction(String),
    /// A key of another version of hushpipe.
    Unknown(String),
}

impl FactKey {
    /// How far from the question the trust screen shows the fact: 0 is next to it.
    pub fn distance(&self) -> u8 {
        match self {
            Self::Package | Self::Sha256 => 0,
            Self::Args | Self::Bin | Self::Cwd | Self::EntryPoint | Self::Runtime => 1,
            Self::InstallScripts(_) | Self::SourceBuild(_) => 1,
            Self::Secret(_) => 2,
            Self::ProfileSecret { .. } => 3,
            Self::Variable(_) => 4,
            Self::Pass(_) | Self::Preset(_) | Self::With(_) => 5,
            Self::Limit(_) => 6,
            Self::Redaction(_) | Self::Unknown(_) => 7,
        }
    }

    /// Reads a key of a record that was written before this type existed.
    fn from_numbered(digit: u8, rest: &str) -> Option<Self> {
        match digit {
            b'6' => Some(Self::Limit(rest.to_owned())),
            b'7' => Some(Self::Redaction(rest.to_owned())),
            b'0'..=b'5' => Self::from_words(rest),
            _ => None,
        }
    }

    fn from_words(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(' ').unwrap_or((text, ""));
        let owned = name.to_owned();
        Some(match (kind, name.is_empty()) {
            ("package", true) => Self::Package,
            ("sha256", true) => Self::Sha256,
            ("args", true) => Self::Args,
            ("bin", true) => Self::Bin,
            ("cwd", true) => Self::Cwd,
            ("entry", true) => Self::EntryPoint,
            ("runtime", true) => Self::Runtime,
            ("scripts", false) => Self::InstallScripts(owned),
            ("sdist", false) => Self::SourceBuild(owned),
            ("secret", false) => Self::Secret(owned),
            ("profile", false) => {
                // Neither name can contain a space.
                let (profile, variable) = name.split_once(' ')?;
                let (profile, variable) = (profile.to_owned(), variable.to_owned());
                Self::ProfileSecret { profile, variable }
            }
            ("variable", false) => Self::Variable(owned),
            ("pass", false) => Self::Pass(owned),
            ("preset", false) => Self::Preset(owned),
            ("with", false) => Self::With(owned),
            ("limit", false) => Self::Limit(owned),
            ("redact", false) => Self::Redaction(owned),
            _ => return None,
        })
    }
}

impl From<String> for FactKey {
    fn from(text: String) -> Self {
        let key = match text.as_bytes() {
            [digit, b' ', ..] if digit.is_ascii_digit() => Self::from_numbered(*digit, &text[2..]),
            _ => Self::from_words(&text),
        };
        key.unwrap_or(Self::Unknown(text))
    }
}

impl From<FactKey> for String {
    fn from(key: FactKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for FactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package => f.write_str("package"),
            Self::Sha256 => f.write_str("sha256"),
            Self::Args => f.write_str("args"),
            Self::Bin => f.write_str("bin"),
            Self::Cwd => f.write_str("cwd"),
            Self::EntryPoint => f.write_str("entry"),
            Self::Runtime => f.write_str("runtime"),
            Self::InstallScripts(package) => write!(f, "scripts {package}"),
            Self::SourceBuild(package) => write!(f, "sdist {package}"),
            Self::Secret(variable) => write!(f, "secret {variable}"),
            Self::ProfileSecret { profile, variable } => write!(f, "profile {profile} {variable}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Pass(pattern) => write!(f, "pass {pattern}"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::With(package) => write!(f, "with {package}"),
            Self::Limit(key) => write!(f, "limit {key}"),
            Self::Redaction(key) => write!(f, "redact {key}"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_so_does_its_numbered_form() {
        let name = || "a b".to_owned();
        let keys = [
            ("0", FactKey::Package),
            ("0", FactKey::Sha256),
            ("1", FactKey::Args),
            ("1", FactKey::Bin),
            ("1", FactKey::Cwd),
            ("1", FactKey::EntryPoint),
            ("1", FactKey::Runtime),
            ("1", FactKey::InstallScripts(name())),
            ("1", FactKey::SourceBuild(name())),
            ("2", FactKey::Secret(name())),
            ("3", FactKey::ProfileSecret { profile: "p".into(), variable: "V".into() }),
            ("4", FactKey::Variable(name())),
            ("5", FactKey::Pass(name())),
            ("5", FactKey::Preset(name())),
            ("5", FactKey::With(name())),
        ];
        for (digit, key) in keys {
            assert_eq!(FactKey::from(key.to_string()), key);
            assert_eq!(FactKey::from(format!("{digit} {key}")), key);
        }
        for (numbered, text, key) in [
            ("6 grace", "limit grace", FactKey::Limit("grace".into())),
            ("7 rule r", "redact rule r", FactKey::Redaction("rule r".into())),
            ("9 else", "9 else", FactKey::Unknown("9 else".into())),
        ] {
            assert_eq!(FactKey::from(numbered.to_owned()), key);
            assert_eq!(key.to_string(), text);
            assert_eq!(FactKey::from(text.to_owned()), key);
        }
    }
}
