//! `hushpipe list`: the servers at hand, one a line.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;
use crate::manifest;
use crate::sys::path::Paths;

/// List the servers of the manifest
#[derive(Debug, Args)]
pub(super) struct List {}

impl List {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let manifest = manifest::load(&context.sources(None), &paths)?;
        for server in manifest.servers.values() {
            context.out.data(&server.name);
        }
        Ok(ExitCode::SUCCESS)
    }
}
