//! `hushpipe secret rekey`.

use clap::Args;

use super::named_for;
use crate::cli::Context;
use crate::error::Error;
use crate::provider::{Failure, Providers};
use crate::sys::path::Paths;

/// Re-encrypt hushpipe's own store with the key that the manifest names
///
/// First set the new place of the key in the user manifest, as `key` under `[providers.local]`. This command then opens
/// the store with the old key and encrypts it with the new one, which it creates if it can. The old key is not removed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example, from the key file into the keychain; in the manifest:
  [providers.local]
  type = \"local\"
  key = \"keychain://local-key\"
then:
  hushpipe secret rekey
  rm ~/.config/hushpipe/local.key")]
pub(super) struct Rekey {
    /// The provider, if it is not the built-in one
    #[arg(default_value = "local")]
    provider: String,

    /// Where the old key is: `file:///path`, `keychain://account`, `systemd-credential://name` or
    /// `passphrase-file:///path`; without it the file `local.key` beside the manifest
    #[arg(long, value_name = "KEY")]
    from: Option<String>,
}

impl Rekey {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        let named = named_for(&self.provider, paths)?;
        let providers = Providers::new(&named, &context.env, paths);
        let provider = providers.open(&self.provider)?;
        let keeper = provider.keeper().ok_or_else(|| Failure::CannotStore {
            scheme: self.provider.clone(),
            stores: vec!["`local://`".to_owned()],
        })?;
        let rekeyed = keeper.rekey(self.from.as_deref())?;
        context.out.words(&format!("hushpipe: the store is now opened by {}", rekeyed.to));
        if rekeyed.from != rekeyed.to {
            context.out.words(&format!(
                "hushpipe: {} now opens only old backups of the store: remove it when you no longer need them",
                rekeyed.from
            ));
        }
        Ok(())
    }
}
