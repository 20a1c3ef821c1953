//! `hushpipe call`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Call a tool of a server, started as run starts it
#[derive(Debug, Args)]
pub(super) struct Call {}

impl Call {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
