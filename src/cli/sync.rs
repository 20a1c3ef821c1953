//! `hushpipe sync`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Install exactly what hushpipe.lock says
#[derive(Debug, Args)]
pub(super) struct Sync {}

impl Sync {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
