//! Everything a manifest can get wrong, as messages for a person.

use super::names::{nearest, shown};
use crate::redact::{NoPointer, OwnRuleError};
use crate::secret::reference::ReferenceError;

/// One thing that is wrong in a manifest. Names keys, variables and packages; never shows a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The bytes are not UTF-8.
    #[error("the manifest is not UTF-8 text")]
    NotUtf8,
    /// Not TOML.
    #[error("the manifest is not valid TOML: {0}")]
    Syntax(String),
    /// `version` is not one that this program reads.
    #[error("manifest version {0} is not one that this hushpipe reads")]
    ManifestVersion(i64),
    /// A key that means nothing here.
    #[error("unknown key `{}`", shown(key))]
    UnknownKey {
        /// The key.
        key: String,
        /// The closest key that means something here.
        nearest: Option<String>,
        /// All of them.
        known: Vec<String>,
    },
    /// A word that is not one of a short list.
    #[error("`{}` is not one of `{}`", shown(word), known.join("`, `"))]
    UnknownWord {
        /// The word.
        word: String,
        /// The list.
        known: Vec<String>,
    },
    /// The design has it, this version does not.
    #[error("{0}: not in this version of hushpipe")]
    NotYet(String),
    /// A value of the wrong TOML type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What belongs here.
        expected: String,
        /// What stands here.
        found: &'static str,
    },
    /// A command line in one string, as hosts' JSON has it beside `args`.
    #[error("`command` is a list of words here, not one string")]
    CommandString,
    /// A key that must be there is not.
    #[error("the key `{0}` is missing")]
    MissingKey(String),
    /// A name outside its alphabet.
    #[error("`{}` cannot be the name of a {what}", shown(name))]
    Name {
        /// What it should name.
        what: &'static str,
        /// The name.
        name: String,
        /// The alphabet.
        alphabet: &'static str,
    },
    /// A provider's name that would hide a scheme.
    #[error("a provider cannot be called `{0}`: that scheme is built in")]
    TakenScheme(String),
    /// Not exactly one of the keys that say what to start.
    #[error(
        "server `{server}` needs exactly one of `npm`, `pypi`, `binary`, `command`, and has {found}"
    )]
    Package {
        /// The server.
        server: String,
        /// How many it has.
        found: usize,
    },
    /// A key that means nothing for this kind of package.
    #[error("`{key}` is for {kinds} servers")]
    OnlyFor {
        /// The key.
        key: &'static str,
        /// The kinds of packages that it is for.
        kinds: &'static str,
    },
    /// Not a package of the npm registry.
    #[error("`npm` takes a registry package as `name@version`")]
    NotRegistry,
    /// Not a package of PyPI.
    #[error("`{key}` takes PyPI packages, each as `name==version` or `name[extra]==version`")]
    NotPypi {
        /// The key.
        key: &'static str,
    },
    /// A package of PyPI without an exact version.
    #[error("`{}` has no exact version", shown(name))]
    InexactPypi {
        /// The package.
        name: String,
        /// The exact version that was meant, where that can be told.
        write: Option<String>,
    },
    /// A package without an exact version.
    #[error("`{}` has no exact version", shown(name))]
    Inexact {
        /// The package.
        name: String,
        /// The exact version that was meant, where that can be told.
        write: Option<String>,
        /// What stands for the version: a tag, a partial version or nothing.
        asked: String,
    },
    /// A digest that is not one.
    #[error("`sha256` takes 64 hexadecimal digits")]
    Digest,
    /// An empty text or list where something must be.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// A text with a NUL, which no program can be handed.
    #[error("`{}` contains a NUL character", shown(.0))]
    Nul(String),
    /// A path that is not absolute.
    #[error("`{key}` takes an absolute path{other}")]
    Path {
        /// The key.
        key: &'static str,
        /// What else it takes.
        other: &'static str,
    },
    /// Not a length of time.
    #[error("`{key}` takes a duration from 0s to 1h, such as `1.5s`, `800ms` or `2m`")]
    Time {
        /// The key.
        key: &'static str,
    },
    /// Not a size.
    #[error("`frame_limit` takes a size from 1KiB to 1GiB, such as `64MiB`, or a number of bytes")]
    Size,
    /// A secret that is not a reference.
    #[error("secret `{}`: {error}", shown(variable))]
    Reference {
        /// The variable.
        variable: String,
        /// What is wrong with the reference.
        error: ReferenceError,
    },
    /// A reference that its provider could not honour.
    #[error("secret `{}`: {reason}", shown(variable))]
    Provider {
        /// The variable.
        variable: String,
        /// Why.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A provider that logs in with a reference that could not be honoured.
    #[error("provider `{}`: {reason}", shown(provider))]
    Login {
        /// The provider.
        provider: String,
        /// Why.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A provider whose settings are wrong.
    #[error("settings of a provider: {0}")]
    Settings(String),
    /// A secret's table that is not exactly one of its two forms.
    #[error("secret `{}` needs either `ref`, or `provider` and `path`", shown(.0))]
    ReferenceForm(String),
    /// `fields` and the variables do not pair up.
    #[error("secret `{}` needs `fields` with one field for each variable, and none in the reference", shown(.0))]
    Fields(String),
    /// A default for something secret.
    #[error("secret `{}` has a `default`, which needs `sensitive = false`", shown(.0))]
    Default(String),
    /// A variable that two entries fill.
    #[error("variable `{}` is set twice", shown(.0))]
    Twice(String),
    /// A variable that makes a loader or an interpreter run something else.
    #[error("variable `{}` can make a loader or interpreter run other code", shown(.0))]
    Redirects(String),
    /// A plain text that was meant to be replaced by a secret.
    #[error("`{}` looks like a reference, and references work only under `secrets`", shown(.0))]
    Unresolved(String),
    /// A reference among the words of a command line.
    #[error("`{key}` has a word that looks like a reference, and references do not work there")]
    UnresolvedWord {
        /// `args` or `command`.
        key: &'static str,
    },
    /// A word of a command line that a shell or a host was to replace.
    #[error("`{key}` has a word that is only `${{…}}`, and nothing replaces it")]
    Placeholder {
        /// `args` or `command`.
        key: &'static str,
    },
    /// A pattern in `pass` outside its alphabet.
    #[error("`{}` is not a pattern for variable names", shown(.0))]
    Pattern(String),
    /// A glob in `dangerously_pass`.
    #[error("`dangerously_pass` takes full names, no `*`")]
    DangerousGlob,
    /// A pattern that lets nearly everything through, in a project manifest.
    #[error("`{}` passes too much for a project manifest", shown(.0))]
    WidePattern(String),
    /// A key that only the user manifest may have.
    #[error("{0} is for the user manifest, not for a project's")]
    UserOnly(String),
    /// A rule of the manifest's own that cannot be one.
    #[error("rule `{}`: {error}", shown(id))]
    Rule {
        /// Its id.
        id: String,
        /// Why not.
        error: OwnRuleError,
    },
    /// Two rules of one id.
    #[error("there are two rules `{}`", shown(.0))]
    TwiceRule(String),
    /// A rule that is neither built in nor the manifest's own.
    #[error("there is no rule `{}`", shown(id))]
    UnknownRule {
        /// The id.
        id: String,
        /// The closest that exists.
        nearest: Option<String>,
    },
    /// Not the place of a finding.
    #[error("{0}")]
    Pointer(NoPointer),
    /// Not the HMAC of a value.
    #[error("`hmac` takes 64 hexadecimal digits in lower case")]
    Hmac,
    /// An entry of `allow` that is not exactly one of its two forms.
    #[error(
        "an entry of `allow` needs either `rule`, with `tool` and `pointer` if wanted, or `hmac`"
    )]
    AllowForm,
    /// A profile overrides what is not there.
    #[error(
        "profile `{}` overrides {what} `{}`, which is not in the manifest",
        shown(profile),
        shown(name)
    )]
    Overrides {
        /// The profile.
        profile: String,
        /// A server or a secret.
        what: &'static str,
        /// Its name.
        name: String,
        /// The closest that exists.
        nearest: Option<String>,
    },
}

/// What to write instead of a key that hosts have in their JSON (`mcpServers`) and a manifest has not.
fn of_hosts(key: &str) -> Option<&'static str> {
    Some(match key {
        "mcpServers" | "mcp_servers" | "context_servers" => "write each server as `[servers.NAME]`",
        "type" | "transport" => "leave it out: every server here speaks MCP on its stdio",
        "disabled" | "enabled" => {
            "leave it out: the host's own entry says whether it starts the server"
        }
        "alwaysAllow" | "autoApprove" | "trust" | "includeTools" | "excludeTools" => {
            "leave it in the host's own entry, beside `command`"
        }
        "envFile" | "env_file" => {
            "write its settings under `[servers.NAME.env]`, and where each secret is under `[servers.NAME.secrets]`"
        }
        "dangerously_arg" => {
            "it replaces one argument: `args = [\"--db\", { dangerously_arg = \"keychain://ITEM\" }]`"
        }
        "environment" => "call it `env`: `[servers.NAME.env]`",
        "workingDirectory" | "working_directory" => "call it `cwd`",
        "timeout" | "startup_timeout_sec" | "tool_timeout_sec" => {
            "leave it in the host's own entry: the host is what waits"
        }
        _ => return None,
    })
}

/// Where a secret goes that was meant for an argument.
const ARGUMENT: &str = "pass the secret in a variable, `NAME = \"keychain://ITEM\"` under \
     `[servers.NAME.secrets]`; where it takes one only as an argument, write `{ dangerously_arg = \"keychain://ITEM\" }` for \
     the word, in the user manifest";

/// What to do with a value that stands where a reference belongs.
pub(super) const STORE_IT: &str =
    "store the value with `hushpipe secret set local://NAME` and write `local://NAME` here";

impl Mistake {
    /// What to write for an entry that was copied from a host's JSON.
    fn hint_from_hosts(&self) -> Option<&'static str> {
        match self {
            Self::CommandString => Some(
                "write each word by itself, as in `command = [\"node\", \"/path/index.js\"]`; for `npx` or `uvx` write the \
                 package, as in `npm = \"name@1.2.3\"`",
            ),
            Self::UnknownKey { key, .. } => of_hosts(key),
            _ => None,
        }
    }

    /// The next step for the person, if one exists.
    pub fn hint(&self) -> Option<String> {
        if let Some(hint) = self.hint_from_hosts() {
            return Some(hint.to_owned());
        }
        let did_you_mean = |nearest: &String| format!("did you mean `{nearest}`?");
        let hint = match self {
            Self::NotUtf8 => "save the file as UTF-8".into(),
            Self::ManifestVersion(_) => "write `version = 1`, or update hushpipe".into(),
            Self::MissingKey(key) if key == "version" => "write `version = 1` at the top".into(),
            Self::UnknownKey { nearest: Some(nearest), .. } => did_you_mean(nearest),
            Self::UnknownWord { word, known } => {
                return nearest(word, known.iter().map(String::as_str))
                    .map(|nearest| did_you_mean(&nearest.to_owned()));
            }
            Self::UnknownKey { known, .. } if !known.is_empty() => {
                format!("known here: `{}`", known.join("`, `"))
            }
            Self::WrongType { expected, found }
                if expected.contains("string")
                    && ["an integer", "a number", "a boolean"].contains(found) =>
            {
                "put the value in quotes".into()
            }
            Self::Name { alphabet, .. } => format!("use {alphabet}"),
            Self::NotRegistry => "write the package's name and exact version".into(),
            Self::Inexact { name, write: Some(version), .. } => {
                format!("write `{}@{version}`", shown(name))
            }
            Self::Inexact { name, asked, .. } => {
                let name = shown(name);
                // The hint is a command: what a shell would read otherwise is left out.
                let is_word = asked.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
                let asked = match is_word && !asked.is_empty() {
                    true => format!("@{asked}"),
                    false => String::new(),
                };
                format!("`npm view {name}{asked} version` shows it; write `{name}@VERSION`")
            }
            Self::NotPypi { .. } => "write the package's name and exact version".into(),
            Self::InexactPypi { name, write, .. } => {
                let version = write.as_deref().unwrap_or("VERSION");
                format!("write `{}=={version}`", shown(name))
            }
            Self::Digest => "`sha256sum FILE` shows it".into(),
            Self::Reference { error: ReferenceError::NoScheme, .. } => STORE_IT.into(),
            Self::Provider { hint, .. } | Self::Login { hint, .. } => return hint.clone(),
            Self::Fields(_) => r#"write `"A,B" = { ref = "…", fields = ["a", "b"] }`"#.into(),
            Self::Redirects(name) => {
                format!("list `{}` under `dangerously_pass` in the user manifest", shown(name))
            }
            Self::Unresolved(_) => "move it to the server's `secrets` table".into(),
            Self::UnresolvedWord { .. } => ARGUMENT.into(),
            Self::Placeholder { .. } => format!("write the text itself; {ARGUMENT}"),
            Self::DangerousGlob => "write each name in full".into(),
            Self::WidePattern(_) => "write the names in full".into(),
            Self::Overrides { nearest: Some(nearest), .. }
            | Self::UnknownRule { nearest: Some(nearest), .. } => did_you_mean(nearest),
            Self::Rule { error: OwnRuleError::Taken, .. } => "give it another id".into(),
            Self::Hmac => "`hushpipe why` prints the line that allows a value".into(),
            _ => return None,
        };
        Some(hint)
    }
}
