//! A word of `args` or `command` as it is written: a text, or where the secret is that stands there.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// One word of a command line.
pub(in crate::manifest) enum Word {
    /// The word itself.
    Plain(String),
    /// A secret in the place of a word.
    Secret(SecretWord),
}

/// A secret as an argument, which other processes of the user can read. User manifest only.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::manifest) struct SecretWord {
    /// Where it is: `scheme://path?query#field`.
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z][A-Za-z0-9._-]*://."))]
    pub(in crate::manifest) dangerously_arg: Spanned<String>,
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Word;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word::Plain(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Word, A::Error> {
                SecretWord::deserialize(MapAccessDeserializer::new(map)).map(Word::Secret)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Word {
    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let secret = generator.subschema_for::<SecretWord>();
        json_schema!({
            "description": "An argument: its text, or the reference of a secret.",
            "anyOf": [{ "type": "string" }, secret],
        })
    }
}
