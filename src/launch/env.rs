//! The environment a server gets: from empty, by a keep-list, then what the manifest names.

use std::collections::BTreeMap;

/// A server's `env` table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvSettings {
    /// Plain settings, name to value.
    pub plain: BTreeMap<String, String>,
    /// Globs over names of our own environment that may pass through; names of credentials only when written in full.
    pub pass: Vec<String>,
    /// Names that may pass although they redirect loaders or interpreters; user manifest only, no globs.
    pub dangerously_pass: Vec<String>,
}
