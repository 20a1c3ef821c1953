//! `hushpipe secret remove`.

use clap::Args;

use super::{named_for, reference, to_store};
use crate::cli::{Context, confirm};
use crate::error::Error;
use crate::provider::{Failure, Providers};
use crate::sys::path::Paths;

/// Remove a stored value
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe secret remove keychain://github-token         asks at the terminal
  hushpipe secret remove --yes keychain://github-token   for scripts

The credential itself stays valid: revoke it where it was issued.")]
pub(super) struct Remove {
    /// Which secret, such as `keychain://github-token`
    #[arg(value_name = "REF")]
    reference: String,

    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
}

impl Remove {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        let reference = reference(&self.reference)?;
        let named = named_for(&reference.provider, paths)?;
        let providers = Providers::new(&named, &context.env, paths);
        let provider = to_store(providers, &reference)?;
        if !self.yes {
            confirm::yes(&format!("Remove `{reference}`?"), "--yes")?;
        }
        provider.unlock(Some(&reference))?;
        provider.keeper().ok_or(Failure::Stopped)?.remove(&reference.path)?;
        context.out.words(&format!("hushpipe: removed `{reference}`"));
        Ok(())
    }
}
