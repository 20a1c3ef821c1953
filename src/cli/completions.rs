//! `hushpipe completions`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Print shell completions
#[derive(Debug, Args)]
pub(super) struct Completions {}

impl Completions {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
