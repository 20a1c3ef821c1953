//! `hushpipe explain`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Show what would run: argv, environment names, secrets by reference, protections
#[derive(Debug, Args)]
pub(super) struct Explain {}

impl Explain {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
