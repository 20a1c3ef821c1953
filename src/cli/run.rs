//! `hushpipe run`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Start a server and relay it: the command for a client's configuration
#[derive(Debug, Args)]
pub(super) struct Run {}

impl Run {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
