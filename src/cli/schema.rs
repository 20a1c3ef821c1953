//! `hushpipe schema`.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;

/// Print the JSON Schema of the manifest
#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self, _context: &Context) -> Result<ExitCode, Error> {
        Ok(ExitCode::SUCCESS)
    }
}
