//! `hushpipe tools`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// List a server's tools, started as run starts it
#[derive(Debug, Args)]
pub(super) struct Tools {}

impl Tools {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
