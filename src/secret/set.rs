//! What a server asks for and what it gets: requests in, injected values out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Secret, SecretRef};

/// How a value reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// The variable holds the value.
    #[default]
    Env,
    /// The variable holds the path of a private file that holds the value.
    File,
    /// The value is an argument of the server's program, which other processes of the user can read. Only
    /// `dangerously_arg` asks for it.
    #[serde(skip_deserializing)]
    #[schemars(skip)]
    Argument,
}

/// One line of a server's `secrets` table: one reference that fills one or several variables. Or one `dangerously_arg`,
/// which has the name of its argument where a variable stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRequest {
    /// The environment variables to fill, in the order written.
    pub variables: Vec<String>,
    /// Where the value is.
    pub reference: SecretRef,
    /// The field for each variable where one fetch fills several; empty where the reference itself says it.
    pub fields: Vec<String>,
    /// How the value reaches the server.
    pub deliver: Delivery,
    /// Whether the value is redacted. `false` only for settings that live in a store, such as a region.
    pub sensitive: bool,
    /// What to use when the store has no such value; only where `sensitive` is `false`.
    pub default: Option<String>,
}

impl SecretRequest {
    /// The reference of each variable, its field included.
    pub fn per_variable(&self) -> impl Iterator<Item = (&str, SecretRef)> {
        self.variables.iter().enumerate().map(|(index, variable)| {
            let mut reference = self.reference.clone();
            if let Some(field) = self.fields.get(index) {
                reference.field = Some(field.clone());
            }
            (variable.as_str(), reference)
        })
    }
}

/// A resolved value under the name the server will see.
#[derive(Debug)]
pub struct Injected {
    /// The environment variable, or the name of the argument.
    pub variable: String,
    /// Where the value came from.
    pub reference: SecretRef,
    /// The value.
    pub value: Secret,
    /// How it reaches the server.
    pub deliver: Delivery,
    /// Whether it is redacted.
    pub sensitive: bool,
}

/// Everything one server was given, all or nothing.
#[derive(Debug, Default)]
pub struct SecretSet(Vec<Injected>);

impl SecretSet {
    /// A set of these values.
    pub fn new(injected: Vec<Injected>) -> Self {
        Self(injected)
    }

    /// The values in manifest order.
    pub fn iter(&self) -> std::slice::Iter<'_, Injected> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a SecretSet {
    type Item = &'a Injected;
    type IntoIter = std::slice::Iter<'a, Injected>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
