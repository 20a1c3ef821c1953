//! `hushpipe check`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Check the manifest, the lockfile, the installs and the references, without a value
#[derive(Debug, Args)]
pub(super) struct Check {}

impl Check {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
