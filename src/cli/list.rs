//! `hushpipe list`: the servers at hand, one a line.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::output::{json, table};
use super::standing::{ServerStanding, ServerState};
use crate::error::Error;
use crate::manifest::{self, Level};
use crate::plan::program::is_pinned;
use crate::sys::machine::Machine;
use crate::sys::path::Paths;

/// List the servers of the manifest
///
/// One line for each server: its package, whether `hushpipe run` would start it now, and the variables of its secrets.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe list
  hushpipe list --json | jq -r '.[] | select(.state != \"ready\") | .name'")]
pub(super) struct List {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// One server, as `--json` writes it.
#[derive(Debug, Serialize)]
struct ListedServer {
    name: String,
    package: String,
    pinned: bool,
    state: ServerState,
    level: Level,
    manifest: String,
    secrets: Vec<String>,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let manifest = manifest::load(&context.sources(None), &paths)?;
        let machine = Machine::load(&paths)?;
        let line = |server: &manifest::Server| ListedServer {
            name: server.name.clone(),
            package: server.package.to_string(),
            pinned: is_pinned(server),
            state: ServerStanding::of(server, &paths, machine.as_ref()).state,
            level: server.level,
            manifest: server.manifest.display().to_string(),
            secrets: server.secrets.iter().flat_map(|secret| secret.variables.clone()).collect(),
        };
        let lines: Vec<ListedServer> = manifest.servers.values().map(line).collect();
        if self.json {
            context.out.data(&json(&lines));
        } else if lines.is_empty() {
            context.out.words("hushpipe: the manifest lists no servers yet");
        } else {
            let header = ["NAME", "PACKAGE", "STATE", "SECRETS"].map(str::to_owned);
            let rows = std::iter::once(header).chain(lines.into_iter().map(ListedServer::cells));
            table(rows).iter().for_each(|line| context.out.data(line));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl ListedServer {
    /// The cells of a row for people.
    fn cells(self) -> [String; 4] {
        let pinned = if self.pinned { "" } else { ", not pinned" };
        let state = format!("{}{pinned}", self.state.words());
        [self.name, self.package, state, self.secrets.join(", ")]
    }
}
