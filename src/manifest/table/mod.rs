//! `hushpipe.toml` as it is written: the keys, their TOML types and their descriptions.
//!
//! These structs are read by serde, which refuses unknown keys, and are the source of the JSON Schema that
//! `hushpipe schema` prints, so the two cannot drift apart. Every value that `read/` judges keeps its span for messages.
//! Nothing is judged here beyond the TOML type: `read/` turns these into types that cannot be wrong.

pub(super) mod redact;
pub(super) mod word;

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::server::Integrity;
use crate::launch::preset::Preset;
use crate::provider::ProviderConfig;
use crate::secret::Delivery;
use word::Word;

/// What MCP servers to start, with which secrets.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// The version of this grammar.
    #[expect(dead_code, reason = "judged before the keys are; here it must be present")]
    #[schemars(with = "i64", range(min = 1, max = 1))]
    pub(super) version: Spanned<i64>,
    /// Where secrets are and how to log in there, by the name that references use as their scheme. User manifest only.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ProviderConfig>")]
    pub(super) providers: BTreeMap<Spanned<String>, ProviderConfig>,
    /// The servers, by name (letters, digits, `.`, `_`, `-`).
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, Server>",
        extend("propertyNames" = { "pattern": "^[A-Za-z0-9._-]{1,64}$" })
    )]
    pub(super) servers: BTreeMap<Spanned<String>, Server>,
    /// Other secret references for some servers, chosen with `--profile`: profile, then server, then variable.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, BTreeMap<String, Secret>>>")]
    pub(super) profiles: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Secrets>>,
}

/// A server's secrets, by the environment variable each fills, or by several variables with commas between.
pub(super) type Secrets = BTreeMap<Spanned<String>, Spanned<Secret>>;

/// One server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["npm"] }, { "required": ["pypi"] }, { "required": ["binary"] }, { "required": ["command"] },
]))]
pub(super) struct Server {
    /// A package of the npm registry with its exact version: `name@1.2.3`.
    #[schemars(with = "Option<String>")]
    pub(super) npm: Option<Spanned<String>>,
    /// A package of PyPI with its exact version: `name==1.2.3` or `name[extra]==1.2.3`.
    #[schemars(with = "Option<String>")]
    pub(super) pypi: Option<Spanned<String>>,
    /// Packages of PyPI to install beside it, each with its exact version.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) with: Vec<Spanned<String>>,
    /// Packages of PyPI, as `name==1.2.3`, that may be built from source, which runs their code. User manifest only.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) allow_sdist: Vec<Spanned<String>>,
    /// Packages of npm, as `name@1.2.3`, whose install scripts run at `sync`. User manifest only.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) allow_scripts: Vec<Spanned<String>>,
    /// An executable file and the SHA-256 it must have.
    #[schemars(with = "Option<Binary>")]
    pub(super) binary: Option<Spanned<Binary>>,
    /// Your own program and its arguments, not pinned. User manifest only.
    #[schemars(with = "Option<Vec<Word>>")]
    pub(super) command: Option<Spanned<Vec<Spanned<Word>>>>,
    /// Which of the package's programs to start, where it has several.
    #[schemars(with = "Option<String>")]
    pub(super) bin: Option<Spanned<String>>,
    /// The node or Python to use instead of the machine's own: an absolute path (user manifest only), or a version such as
    /// `22` or `3.12`.
    #[schemars(with = "Option<String>")]
    pub(super) runtime: Option<Spanned<String>>,
    /// Arguments for the server.
    #[serde(default)]
    #[schemars(with = "Vec<Word>")]
    pub(super) args: Vec<Spanned<Word>>,
    /// Where the server runs: `client` (the default), the folder in which the client starts hushpipe, or an absolute path.
    #[schemars(with = "Option<String>")]
    pub(super) cwd: Option<Spanned<String>>,
    /// The time between asking the server to stop (TERM) and killing it (KILL), such as `1.5s`, `800ms` or `2m`.
    /// Default `1.5s`.
    #[schemars(with = "Option<String>")]
    pub(super) grace: Option<Spanned<String>>,
    /// How long to wait for answers under way after the client has closed its end. Default `30s`.
    #[schemars(with = "Option<String>")]
    pub(super) drain: Option<Spanned<String>>,
    /// The largest message relayed, such as `64MiB` (the default), or a number of bytes. More than the default in the user
    /// manifest only.
    #[schemars(with = "Option<Scalar>")]
    pub(super) frame_limit: Option<Spanned<Scalar>>,
    /// How the install is checked at launch: `fast` by size and times (the default), `full` by hashing every file.
    pub(super) integrity: Option<Integrity>,
    /// Secrets: the environment variable each fills, and where its value is.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Secret>")]
    pub(super) secrets: Secrets,
    /// Plain settings by variable; `pass` lists what passes from hushpipe's own environment.
    #[serde(default)]
    #[schemars(with = "Env")]
    pub(super) env: BTreeMap<Spanned<String>, Spanned<TextOrList>>,
    /// What is withheld from the client, and what happens to tool calls.
    #[serde(default)]
    pub(super) redact: redact::Redact,
}

/// An executable file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Binary {
    /// Its absolute path.
    #[schemars(with = "String")]
    pub(super) path: Spanned<String>,
    /// Its SHA-256, 64 hexadecimal digits.
    #[schemars(with = "String", regex(pattern = r"^[0-9a-fA-F]{64}$"))]
    pub(super) sha256: Spanned<String>,
}

/// Where one secret is.
pub(super) enum Secret {
    /// `scheme://path?query#field`.
    Reference(String),
    /// The same in parts, with settings.
    Table(Box<SecretTable>),
}

/// Where a secret is, and how it is handled: `ref`, or `provider` and `path`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretTable {
    /// Where it is: `scheme://path?query#field`.
    #[serde(rename = "ref")]
    #[schemars(with = "Option<String>")]
    pub(super) reference: Option<Spanned<String>>,
    /// The scheme, or the name of a `[providers.NAME]`.
    #[schemars(with = "Option<String>")]
    pub(super) provider: Option<Spanned<String>>,
    /// Where it is there.
    #[schemars(with = "Option<String>")]
    pub(super) path: Option<Spanned<String>>,
    /// The version to fetch.
    #[schemars(with = "Option<Scalar>")]
    pub(super) version: Option<Spanned<Scalar>>,
    /// The staging label to fetch, for stores that have them.
    #[schemars(with = "Option<String>")]
    pub(super) stage: Option<Spanned<String>>,
    /// The version to fetch by its id, for stores that have them.
    #[schemars(with = "Option<String>")]
    pub(super) version_id: Option<Spanned<String>>,
    /// One field of a structured value: a key, or a dotted path into JSON.
    #[schemars(with = "Option<String>")]
    pub(super) field: Option<Spanned<String>>,
    /// One field for each variable, where one fetch fills several.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) fields: Option<Spanned<Vec<Spanned<String>>>>,
    /// How the value reaches the server: in the variable (`env`, the default), or in a file whose path it holds (`file`; user
    /// manifest only).
    pub(super) deliver: Option<Delivery>,
    /// Whether the value is withheld from the client. `false` is for settings that live in a store. User manifest only.
    #[schemars(with = "Option<bool>")]
    pub(super) sensitive: Option<Spanned<bool>>,
    /// What to use when the store has no such value; only with `sensitive = false`.
    #[schemars(with = "Option<String>")]
    pub(super) default: Option<Spanned<String>>,
}

/// What else the server's environment holds: plain settings, and what passes from hushpipe's own.
// Only describes: the table is read as a map of `TextOrList`, which keeps the spans that a flattened map loses.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only describes")]
struct Env {
    /// Names of hushpipe's own environment that may pass to the server; `*` stands for any characters.
    pass: Option<Vec<String>>,
    /// Sets of variables that servers of one kind want.
    presets: Option<Vec<Preset>>,
    /// Full names that may be passed or set although they redirect a loader or an interpreter. User manifest only.
    dangerously_pass: Option<Vec<String>>,
    /// A plain setting.
    #[serde(flatten)]
    plain: BTreeMap<String, String>,
}

/// A string, or a list of strings.
pub(super) enum TextOrList {
    /// A plain setting.
    Text(String),
    /// Names or patterns.
    List(Vec<Spanned<String>>),
}

/// A string or a whole number.
pub(super) enum Scalar {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Secret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reference in a string, or a table")
            }
            fn visit_str<E>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::Reference(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
                let table = SecretTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Secret::Table(Box::new(table)))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for TextOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = TextOrList;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, text: &str) -> Result<TextOrList, E> {
                Ok(TextOrList::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TextOrList, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(TextOrList::List(names))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a whole number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<SecretTable>();
        json_schema!({
            "description": "Where a secret is: `scheme://path?query#field`, or the same in parts.",
            "anyOf": [{ "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9._-]*://." }, table],
        })
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }
}
