//! `hushpipe secret set`.

use clap::Args;

use super::{input, named_for, reference, to_store, what_weak_means};
use crate::cli::Context;
use crate::cli::runtime::block_on;
use crate::error::Error;
use crate::manifest::{self, Server};
use crate::provider::{Failure, Providers, Unwrapped};
use crate::secret::SecretRef;
use crate::sys::path::Paths;

/// Store a value: typed at a hidden prompt, or from stdin
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe secret set keychain://github-token         type or paste it at the prompt
  hushpipe secret set keychain://tls-key < key.pem    from a file, as it is
  hushpipe secret set local://github-token            where there is no keychain
  hushpipe secret set keychain://corp-secret-id --unwrap corp
                                                      unwrap a wrapping token of the Vault provider `corp`

The value is never an argument: every process of this machine can read arguments.")]
pub(super) struct Set {
    /// Where to store it, such as `keychain://github-token`
    #[arg(value_name = "REF")]
    reference: String,

    /// Read a wrapping token, and store what this `vault` provider unwraps from it
    #[arg(long, value_name = "PROVIDER")]
    unwrap: Option<String>,
}

impl Set {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        let reference = reference(&self.reference)?;
        let named = named_for(&reference.provider, paths)?;
        let providers = Providers::new(&named, &context.env, paths);
        let provider = to_store(providers, &reference)?;
        let typed = input::value(&reference)?;
        // Opened before a wrapping token is used up.
        provider.unlock(Some(&reference))?;
        let (value, made_at) = match &self.unwrap {
            None => (typed, None),
            Some(from) => {
                let named = named_for(from, paths)?;
                let from = Providers::new(&named, &context.env, paths).open(from)?;
                let Unwrapped { value, made_at } = block_on(from.unwrap(&typed, &reference))??;
                (value, made_at)
            }
        };
        let weakness = value.weakness();
        let keeper = provider.keeper().ok_or(Failure::Stopped)?;
        let put = keeper.put(&reference.path, &value)?;
        let done = if put.replaced { "replaced" } else { "stored" };
        // For the person to compare with what was asked for.
        let made_at = made_at.map(|path| format!(", made at `{path}`")).unwrap_or_default();
        let length = value.len();
        context.out.words(&format!("hushpipe: {done} `{reference}`, {length} bytes{made_at}"));
        if put.replaced {
            self.name_servers(context, paths, &reference);
        }
        if let Some(weakness) = weakness {
            context.out.warn(&what_weak_means(weakness));
        }
        if let Some(notice) = put.notice {
            context.out.warn(&notice);
        }
        Ok(())
    }

    /// Names the servers that read this reference: one that runs has the old value.
    fn name_servers(&self, context: &Context, paths: &Paths, reference: &SecretRef) {
        // The value is stored, whatever the manifest says.
        let Ok(manifest) = manifest::load(&context.sources(None), paths) else { return };
        let reads = |server: &&Server| {
            let mut requests = server.requests.values().flatten();
            requests.any(|request| request.reference.coordinate() == reference.coordinate())
        };
        let names: Vec<_> = manifest
            .servers
            .values()
            .filter(reads)
            .map(|server| format!("`{}`", server.name))
            .collect();
        if !names.is_empty() {
            context.out.words(&format!(
                "hushpipe: running servers keep the old value until they are restarted: {}",
                names.join(", ")
            ));
        }
    }
}
