//! `[providers.<name>]`: which kind of provider, and the settings that this kind reads.
//!
//! Each provider owns the struct of its settings; this reads `type`, hands the rest of the table to that struct and
//! keeps what it made. An error names keys and expectations, never what was written: someone may have put a token there.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::cache::Cache;
use super::{Failure, KINDS, ProviderKind, Settings, cache, kind};

/// Reads a provider's settings from its table, `type` removed.
pub(super) type Parse = fn(toml::Table) -> Result<Arc<dyn Settings>, String>;

/// Describes a provider's settings, `type` left out.
pub(super) type Describe = fn(&mut SchemaGenerator) -> Schema;

/// The settings of one named provider.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Which kind it is.
    pub(super) kind: &'static ProviderKind,
    /// What that kind read.
    pub(super) settings: Arc<dyn Settings>,
    /// Whether and how long its values are kept between launches.
    pub(super) cache: Option<Cache>,
}

impl ProviderConfig {
    /// Whether these may be the settings of a built-in provider itself.
    pub fn configures(&self, kind: &ProviderKind) -> bool {
        kind.built_in_settings && self.kind.scheme == kind.scheme
    }

    /// A built-in provider for which the manifest has no table.
    pub(super) fn without_settings(kind: &'static ProviderKind) -> Result<Self, Failure> {
        let settings = (kind.settings)(toml::Table::new())
            .map_err(|reason| Failure::NeedsSettings { scheme: kind.scheme, reason })?;
        Ok(Self { kind, settings, cache: None })
    }
}

impl<'de> Deserialize<'de> for ProviderConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = toml::Table::deserialize(deserializer)
            .map_err(|error| D::Error::custom(without_value(&error.to_string())))?;
        let name = table.remove("type").ok_or_else(|| D::Error::missing_field("type"))?;
        let kind = name.as_str().and_then(kind);
        let kind = kind.ok_or_else(|| D::Error::custom(wrong_type(name.type_str())))?;
        let cache = Cache::take(&mut table, kind).map_err(D::Error::custom)?;
        let settings = (kind.settings)(table).map_err(D::Error::custom)?;
        Ok(Self { kind, settings, cache })
    }
}

/// In serde's words, which the manifest turns into its own.
fn wrong_type(found: &str) -> String {
    let types: Vec<_> = KINDS.iter().map(|kind| format!("`{}`", kind.scheme)).collect();
    format!("invalid value: {found}, expected one of {}", types.join(", "))
}

impl JsonSchema for ProviderConfig {
    fn schema_name() -> Cow<'static, str> {
        "Provider".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Schema> = KINDS.iter().map(|kind| describe_kind(kind, generator)).collect();
        json_schema!({ "description": "Where a named provider is and how to reach it.", "oneOf": kinds })
    }
}

/// A kind's settings with its `type` among them.
fn describe_kind(kind: &ProviderKind, generator: &mut SchemaGenerator) -> Schema {
    let mut schema = (kind.schema)(generator);
    let name = serde_json::json!({ "const": kind.scheme });
    let object = schema.ensure_object();
    object.insert("description".to_owned(), format!("Reads {}.", kind.about).into());
    let property = |object: &mut serde_json::Map<_, _>, key: &str, empty| {
        object.entry(key.to_owned()).or_insert(empty).take()
    };
    if let serde_json::Value::Object(mut properties) =
        property(object, "properties", serde_json::json!({}))
    {
        properties.insert("type".to_owned(), name);
        if kind.remote {
            properties.insert("cache".to_owned(), cache::describe());
        }
        object.insert("properties".to_owned(), properties.into());
    }
    if let serde_json::Value::Array(mut required) =
        property(object, "required", serde_json::json!([]))
    {
        required.push("type".into());
        object.insert("required".to_owned(), required.into());
    }
    schema
}

/// The [`Parse`] of a kind whose settings are `S`.
pub(super) fn parse<S: Settings + DeserializeOwned + 'static>(
    table: toml::Table,
) -> Result<Arc<dyn Settings>, String> {
    match S::deserialize(table) {
        Ok(settings) => Ok(Arc::new(settings)),
        Err(error) => Err(without_value(error.message())),
    }
}

/// The [`Describe`] of a kind whose settings are `S`.
pub(super) fn describe<S: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    S::json_schema(generator)
}

/// A serde message without what was written in the manifest: keys stay, of a value only its kind.
pub(super) fn without_value(message: &str) -> String {
    const ABOUT_KEYS: [&str; 3] = ["unknown field", "missing field", "duplicate field"];
    if ABOUT_KEYS.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    let found = message.split_once(": ").map_or("", |(_, found)| found);
    let found = found.split([' ', ',']).next().unwrap_or_default();
    let expected = message.rsplit_once(", expected ").map_or("something else", |(_, what)| what);
    format!("invalid value: {found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        toml::from_str::<ProviderConfig>(text).expect_err(text).message().to_owned()
    }

    #[test]
    fn a_provider_is_read_by_its_type() {
        let config: ProviderConfig =
            toml::from_str("type = \"file\"\nroot = \"/run/secrets\"").expect("valid");
        assert_eq!(config.kind.scheme, "file");
    }

    #[test]
    fn an_error_names_the_key_and_never_a_value() {
        assert_eq!(error("root = \"/\""), "missing field `type`");
        let wrong = |found| {
            let kinds: Vec<_> = KINDS.iter().map(|kind| format!("`{}`", kind.scheme)).collect();
            format!("invalid value: {found}, expected one of {}", kinds.join(", "))
        };
        assert_eq!(error("type = \"hvs.canary\""), wrong("string"));
        assert_eq!(error("type = [\"hvs.canary\"]"), wrong("array"));
        let unknown = error("type = \"file\"\nrot = \"hvs.canary\"");
        assert_eq!(unknown, "unknown field `rot`, expected `root`");
        let number = error("type = \"file\"\nroot = 1234567");
        assert_eq!(number, "invalid value: integer, expected path string");
    }

    #[test]
    fn the_schema_holds_every_kind_with_its_type() {
        let schema = SchemaGenerator::default().into_root_schema_for::<ProviderConfig>();
        let kinds = schema.get("oneOf").and_then(|kinds| kinds.as_array()).expect("kinds");
        assert_eq!(kinds.len(), KINDS.len());
        for (described, kind) in kinds.iter().zip(KINDS) {
            assert_eq!(described.pointer("/properties/type/const"), Some(&kind.scheme.into()));
            assert_eq!(
                described.get("additionalProperties"),
                Some(&false.into()),
                "{}",
                kind.scheme
            );
        }
    }
}
