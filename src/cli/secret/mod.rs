//! `hushpipe secret`: values in, names out.
//!
//! A value comes from a prompt that does not show it or from stdin, never from an argument, which every process can read.
//! Only `get` gives one out, and only to a person at a terminal.

mod forget;
mod get;
mod input;
mod list;
mod rekey;
mod remove;
mod set;
mod test;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Context;
use super::output::{json, table};
use crate::error::{Error, Fault, Kind};
use crate::manifest::{self, Sources};
use crate::provider::{self, Failure, Provider, ProviderConfig, Providers};
use crate::secret::reference::ReferenceError;
use crate::secret::{SecretRef, Weakness};
use crate::sys::path::Paths;

/// Store, read, list, remove and test secrets
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe secret set keychain://github-token
  hushpipe secret set keychain://corp-secret-id --unwrap corp
  hushpipe secret list
  hushpipe secret test github")]
pub(super) struct Secret {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Set(set::Set),
    Get(get::Get),
    List(list::ListSecrets),
    Remove(remove::Remove),
    Rekey(rekey::Rekey),
    Forget(forget::Forget),
    Test(test::Test),
}

impl Secret {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        match self.verb {
            Verb::Set(verb) => verb.run(context, &paths),
            Verb::Get(verb) => verb.run(context, &paths),
            Verb::List(verb) => return verb.run(context, &paths),
            Verb::Remove(verb) => verb.run(context, &paths),
            Verb::Rekey(verb) => verb.run(context, &paths),
            Verb::Forget(verb) => verb.run(context, &paths),
            Verb::Test(verb) => verb.run(context, &paths),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The user's `[providers.<name>]`; none where there is no manifest yet.
fn named(paths: &Paths) -> Result<BTreeMap<String, ProviderConfig>, manifest::Error> {
    match manifest::load(&Sources::default(), paths) {
        Ok(manifest) => Ok(manifest.providers),
        Err(manifest::Error::Missing(_)) => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

/// The same for one provider: a built-in one is at hand even while the manifest is broken, unless the manifest may say
/// how it works.
fn named_for(
    provider: &str,
    paths: &Paths,
) -> Result<BTreeMap<String, ProviderConfig>, manifest::Error> {
    match provider::kind(provider) {
        Some(kind) if !kind.built_in_settings => Ok(BTreeMap::new()),
        _ => named(paths),
    }
}

/// Reads a `REF` argument. Not clap's work, whose error would repeat the argument: it may be a value.
fn reference(text: &str) -> Result<SecretRef, NotAReference> {
    text.parse().map_err(NotAReference)
}

/// The `REF` argument is no reference.
#[derive(Debug, thiserror::Error)]
#[error("REF is not a secret reference")]
struct NotAReference(#[source] ReferenceError);

impl Fault for NotAReference {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("write it as `keychain://name` or `local://name`; if you typed a secret here, it is now in your shell's history".to_owned())
    }
}

/// The provider that a reference to store under names, and the checked reference: a whole value, not a field of one.
fn to_store<'a>(
    providers: Providers<'a>,
    reference: &SecretRef,
) -> Result<Box<dyn Provider + 'a>, Failure> {
    providers.check(reference)?;
    if reference.field.is_some() {
        let reason = "a value is stored and removed as a whole: leave `#field` out";
        return Err(Failure::BadPath { reason });
    }
    let provider = providers.open(&reference.provider)?;
    match provider.keeper() {
        Some(_) => Ok(provider),
        None => Err(Failure::CannotStore {
            scheme: reference.provider.clone(),
            stores: storing(providers).map(|(scheme, _)| format!("`{scheme}://`")).collect(),
        }),
    }
}

/// The providers that hushpipe stores into, by scheme.
pub(super) fn storing<'a>(
    providers: Providers<'a>,
) -> impl Iterator<Item = (String, Box<dyn Provider + 'a>)> {
    let schemes: Vec<String> = providers.schemes().map(str::to_owned).collect();
    schemes.into_iter().filter_map(move |scheme| {
        let provider = providers.open(&scheme).ok()?;
        provider.keeper()?;
        Some((scheme, provider))
    })
}

/// What a weak value means for redaction, as a warning (design, promise 1).
pub(super) fn what_weak_means(weakness: Weakness) -> String {
    format!(
        "the value is {weakness}, so hushpipe redacts it only where it is a whole string of a message, not inside other text"
    )
}
