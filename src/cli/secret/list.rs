//! `hushpipe secret list`.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{json, named, storing, table};
use crate::cli::{Context, Outcomes};
use crate::error::Error;
use crate::provider::{Failure, Providers, StoredItem};
use crate::secret::SecretRef;
use crate::sys::clock;
use crate::sys::path::Paths;

/// List what is stored: references, lengths and dates, no values
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe secret list
  hushpipe secret list --json")]
pub(super) struct ListSecrets {
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// One stored secret, as `--json` writes it.
#[derive(Debug, Serialize)]
struct StoredSecret {
    reference: String,
    name: String,
    /// In bytes; `null`, as the dates, where the store does not say.
    length: Option<usize>,
    created: Option<String>,
    updated: Option<String>,
}

impl StoredSecret {
    fn of(scheme: &str, kept: StoredItem) -> Self {
        let StoredItem { name, created, updated, length } = kept;
        let reference = SecretRef {
            provider: scheme.to_owned(),
            path: name.clone(),
            query: Default::default(),
            field: None,
        };
        let (created, updated) = (created.map(clock::utc), updated.map(clock::utc));
        Self { reference: reference.to_string(), name, length, created, updated }
    }
}

impl ListSecrets {
    pub(super) fn run(self, context: &Context, paths: &Paths) -> Result<ExitCode, Error> {
        let named = named(paths)?;
        let providers = Providers::new(&named, &context.env, paths);
        let mut lines = Vec::new();
        let mut outcomes = Outcomes::default();
        for (scheme, provider) in storing(providers) {
            let Some(keeper) = provider.keeper() else { continue };
            match keeper.list() {
                Ok(kept) => {
                    lines.extend(kept.into_iter().map(|kept| StoredSecret::of(&scheme, kept)))
                }
                // Nothing is in a keychain that is not there.
                Err(Failure::NoService { .. }) => {}
                // What the other stores hold is worth knowing.
                Err(failure) => outcomes.add(context, Err(failure.into())),
            }
        }
        if self.json {
            context.out.data(&json(&lines));
            return Ok(outcomes.exit_code());
        }
        if lines.is_empty() {
            if outcomes.first_failure.is_none() {
                context.out.words("hushpipe: nothing is stored");
            }
            return Ok(outcomes.exit_code());
        }
        let rows = lines.into_iter().map(|line| {
            let length = line.length.map(|length| format!("{length} bytes"));
            let dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
            [line.reference, dash(length), dash(line.created), dash(line.updated)]
        });
        let header = ["REFERENCE", "LENGTH", "CREATED", "UPDATED"].map(str::to_owned);
        table(std::iter::once(header).chain(rows)).iter().for_each(|line| context.out.data(line));
        Ok(outcomes.exit_code())
    }
}
