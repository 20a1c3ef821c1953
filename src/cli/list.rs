//! `hushpipe list`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// List the servers of the manifest
#[derive(Debug, Args)]
pub(super) struct List {}

impl List {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
