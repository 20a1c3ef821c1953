//! `hushpipe secret get`.

use std::io::{IsTerminal, stdout};

use clap::Args;

use super::{named_for, reference};
use crate::cli::fetch::fetch_once;
use crate::cli::{Context, confirm};
use crate::error::Error;
use crate::provider::{Failure, Providers};
use crate::sys::path::Paths;

/// Write a value to stdout, after a person has typed its name at the terminal
#[derive(Debug, Args)]
#[command(after_long_help = "\
You must type the name on the controlling terminal, so a script or an agent cannot do it. The value is written as it \
is; a newline follows only where stdout is a terminal.

Example:
  hushpipe secret get keychain://github-token | wc -c")]
pub(super) struct Get {
    /// Which secret, such as `keychain://github-token` or `file:///run/secrets/db#password`
    #[arg(value_name = "REF")]
    reference: String,
}

impl Get {
    #[expect(clippy::disallowed_methods, reason = "a person confirmed it on the terminal")]
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        let reference = reference(&self.reference)?;
        let named = named_for(&reference.provider, paths)?;
        let providers = Providers::new(&named, &context.env, paths);
        providers.check(&reference)?;
        confirm::type_word(
            &context.env,
            &format!("hushpipe secret get {reference}"),
            &format!("This writes the value of `{reference}` to stdout."),
            &reference.path,
        )?;
        providers.open(&reference.provider)?.unlock(Some(&reference))?;
        let value = fetch_once(&reference, providers, &context.out)??;
        let newline: &[u8] = if stdout().is_terminal() { b"\n" } else { b"" };
        let written = context.out.bytes(value.expose()).and_then(|()| context.out.bytes(newline));
        let action = "writing the value to stdout".to_owned();
        Ok(written.map_err(|source| Failure::Io { action, source })?)
    }
}
