//! `hushpipe secret list`.

use clap::Args;
use serde::Serialize;

use super::{json, named, storing, table};
use crate::cli::Context;
use crate::error::Error;
use crate::provider::{Kept, Providers};
use crate::secret::SecretRef;
use crate::sys::clock;
use crate::sys::path::Paths;

/// List what is stored: references, lengths and dates, no values
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe secret list
  hushpipe secret list --json")]
pub(super) struct List {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// One stored secret, as `--json` writes it.
#[derive(Debug, Serialize)]
struct Line {
    reference: String,
    name: String,
    /// In bytes.
    length: usize,
    created: String,
    updated: String,
}

impl Line {
    fn of(scheme: &str, kept: Kept) -> Self {
        let Kept { name, created, updated, length } = kept;
        let reference = SecretRef {
            provider: scheme.to_owned(),
            path: name.clone(),
            query: Default::default(),
            field: None,
        };
        let (created, updated) = (clock::utc(created), clock::utc(updated));
        Self { reference: reference.to_string(), name, length, created, updated }
    }
}

impl List {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<(), Error> {
        let named = named(paths)?;
        let providers = Providers::new(&named, &context.env, paths);
        let mut lines = Vec::new();
        for (scheme, provider) in storing(providers) {
            let Some(keeper) = provider.keeper() else { continue };
            lines.extend(keeper.list()?.into_iter().map(|kept| Line::of(&scheme, kept)));
        }
        if self.json {
            context.out.data(&json(&lines));
            return Ok(());
        }
        if lines.is_empty() {
            context.out.words("hushpipe: nothing is stored");
            return Ok(());
        }
        let rows = lines.into_iter().map(|line| {
            [line.reference, format!("{} bytes", line.length), line.created, line.updated]
        });
        let header = ["REFERENCE", "LENGTH", "CREATED", "UPDATED"].map(str::to_owned);
        table(std::iter::once(header).chain(rows)).iter().for_each(|line| context.out.data(line));
        Ok(())
    }
}
