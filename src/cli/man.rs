//! `hushpipe man`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Print the man page
#[derive(Debug, Args)]
pub(super) struct Man {}

impl Man {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
