//! `hushpipe secret rekey`.

use clap::Args;

use super::named_for;
use crate::cli::Context;
use crate::error::Error;
use crate::provider::{Failure, Providers};
use crate::sys::path::Paths;

/// Move hushpipe's own store to the key that the manifest names
///
/// Say in the user manifest where the key is to be, with `key` of `[providers.local]`, then run this: it opens the store
/// with the old key and seals it with the new one, which it makes where it can. The old key stays where it is.
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
    /// The provider, where it is not the built-in one
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
        context.out.words(&format!("hushpipe: {} opens the store now", rekeyed.to));
        if rekeyed.from != rekeyed.to {
            context.out.words(&format!(
                "hushpipe: {} opens it no more, but backups of it: remove it when you need none",
                rekeyed.from
            ));
        }
        Ok(())
    }
}
