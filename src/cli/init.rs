//! `hushpipe init`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Make the user manifest and record what this machine has
#[derive(Debug, Args)]
pub(super) struct Init {}

impl Init {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
