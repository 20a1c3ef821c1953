//! `hushpipe schema`: the JSON Schema of the manifest, on stdout.

use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::Error;
use crate::manifest::schema::schema;

/// Print the JSON Schema of hushpipe.toml
///
/// Editors that support JSON Schema use it to complete and check keys. With taplo or Even Better TOML, save it and name it in
/// the manifest's first line: `#:schema ./hushpipe.schema.json`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  hushpipe schema > hushpipe.schema.json")]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        context.out.data(&format!("{:#}", schema()));
        Ok(ExitCode::SUCCESS)
    }
}
