//! `hushpipe secret forget`.

use std::collections::BTreeMap;

use clap::Args;

use crate::cli::Context;
use crate::error::Error;
use crate::provider::Providers;
use crate::sys::path::Paths;

/// Empty the cache of values kept between launches
///
/// A provider with `cache` in the user manifest keeps its values for a while. Emptying the cache changes nothing in the
/// stores; the next launch asks them again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe secret forget
  hushpipe secret forget corp")]
pub(super) struct Forget {
    /// Remove only the values of this provider
    provider: Option<String>,
}

impl Forget {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        // No manifest is read: what is kept may be from a provider that it no longer names.
        let none = BTreeMap::new();
        let providers = Providers::new(&none, &context.env, paths);
        let count = providers.forget(self.provider.as_deref())?;
        let values = if count == 1 { "value" } else { "values" };
        context.out.words(&format!("hushpipe: {count} {values} removed from the cache"));
        Ok(())
    }
}
