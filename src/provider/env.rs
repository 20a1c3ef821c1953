//! `env://NAME`: a variable of the environment that hushpipe itself was started with.
//!
//! Reads the copy that was taken at the start, never the process's environment, which `run` has cleared. Who starts
//! hushpipe chooses that environment, so this is for settings and for machines (containers, CI) that hand secrets over
//! this way; the variable does not reach the server unless its manifest entry asks for it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Failure, Fetched, Fetching, Fields, Leases, Provider, ProviderKind, Settings, Surroundings,
    config,
};
use crate::secret::{Secret, SecretRef};
use crate::sys::env::OwnEnv;

pub(super) const KIND: ProviderKind = ProviderKind {
    scheme: "env",
    about: "a variable of the environment that hushpipe was started with",
    query: &[],
    fields: Fields::Json,
    built_in_settings: false,
    remote: false,
    settings: config::parse::<Env>,
    schema: config::describe::<Env>,
};

/// Settings of the environment provider: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Env {}

impl Settings for Env {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        Box::new(Environment(surroundings.env))
    }
}

struct Environment<'a>(&'a OwnEnv);

impl Provider for Environment<'_> {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        if coordinate.path.contains(['=', '\0', '/']) {
            return Err(Failure::BadPath {
                reason: "an `env` reference is the name of one variable, as in `env://NAME`",
            });
        }
        Ok(())
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, _: &'a Leases) -> Fetching<'a> {
        let name = &coordinate.path;
        let found = self
            .0
            .var(name)
            .map(|value| Fetched::of(Secret::new(value.as_encoded_bytes().to_vec())));
        let found = found.ok_or_else(|| Failure::NotFound {
            place: format!("the variable `{name}` in hushpipe's own environment"),
            hint: format!("set `{name}` where hushpipe is started, or use another provider"),
        });
        Box::pin(std::future::ready(found))
    }
}
