//! `cache = { max_age = "10m" }`, in the table of a provider whose values come over a network.

use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::KEEP;
use crate::provider::ProviderKind;
use crate::sys::clock;

/// What a provider's table says of the cache.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Cache {
    /// How old a value may be that is given without asking the store.
    pub(super) max_age: Duration,
    /// A digest of the rest of the table: what the provider is asked with other settings is another value.
    pub(super) settings: [u8; 32],
}

/// The table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    max_age: String,
}

impl Cache {
    /// Takes `cache` out of a provider's table; none where it has none.
    ///
    /// # Errors
    /// The reason, in words that repeat nothing of the table: this kind's values are on this machine anyway, or the
    /// time is none.
    pub(in crate::provider) fn take(
        table: &mut toml::Table,
        kind: &ProviderKind,
    ) -> Result<Option<Self>, String> {
        let Some(cache) = table.remove("cache") else { return Ok(None) };
        if !kind.remote {
            return Err(format!(
                "`cache` makes no sense for `{}`, which reads from this machine",
                kind.scheme
            ));
        }
        let wrong = || {
            format!("`cache` is written `{{ max_age = \"10m\" }}`, a time from `1s` to `{LONGEST}`")
        };
        let Table { max_age } = Table::deserialize(cache).map_err(|_| wrong())?;
        let times = Duration::from_secs(1)..=KEEP;
        let max_age = clock::duration(&max_age).filter(|age| times.contains(age));
        let settings = Sha256::digest(table.to_string().as_bytes()).into();
        Ok(Some(Self { max_age: max_age.ok_or_else(wrong)?, settings }))
    }
}

/// [`KEEP`], as a person writes it.
const LONGEST: &str = "24h";

/// What the manifest's schema says of `cache`.
pub(in crate::provider) fn describe() -> serde_json::Value {
    serde_json::json!({
        "description": "Keeps values between launches, in the kernel's memory or in encrypted files.",
        "type": "object",
        "properties": {
            "max_age": {
                "description": "How old a cached value may be, such as `10m`; `24h` at most.",
                "type": "string",
                "pattern": "^[0-9.]+(ms|s|m|h)$"
            }
        },
        "required": ["max_age"],
        "additionalProperties": false
    })
}
