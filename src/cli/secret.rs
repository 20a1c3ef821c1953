//! `hushpipe secret`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Store, read, list, remove and test secrets
#[derive(Debug, Args)]
pub(super) struct Secret {}

impl Secret {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
