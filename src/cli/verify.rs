//! `hushpipe verify`.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::output::one_line;
use super::{Context, Outcomes};
use crate::error::Error;
use crate::manifest::{self, Integrity, Server};
use crate::plan::program::{self, Installed, ProgramError};
use crate::runner::Package;
use crate::store::{Depth, FileDifference};
use crate::sys::machine::Machine;
use crate::sys::path::Paths;

/// Hash every installed file and compare it with the lock
///
/// Lists what differs, and the files that servers have added to their own folders. Exits with 65 if a locked file
/// differs, is missing or can be changed by other users, or if a file was added that could be loaded as code.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe verify
  hushpipe verify github --json")]
pub(super) struct Verify {
    /// Verify these servers only
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// What was found for one server.
#[derive(Serialize)]
struct VerifyReport<'a> {
    server: &'a str,
    pinned: bool,
    /// How many locked files and links there are, for an install.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    /// The digest of all of them, equal on machines of one platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    differences: Vec<NamedFile>,
    extra: Vec<String>,
}

#[derive(Serialize)]
struct NamedFile {
    path: String,
    fault: &'static str,
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let manifest = manifest::load(&context.sources(None), &paths)?;
        let machine = Machine::load(&paths)?;
        let mut outcomes = Outcomes::default();
        let mut reports = Vec::new();
        for server in manifest.select(&self.names)? {
            let examined = match &server.package {
                Package::Npm(_) | Package::Pypi(_) => examine_install(server, &paths),
                _ => examine_program(server, &paths, machine.as_ref()),
            };
            let outcome = examined.and_then(|(report, outcome)| {
                if !self.json {
                    report.print(context);
                }
                reports.push(report);
                outcome
            });
            outcomes.add(context, outcome.map_err(Error::from));
        }
        if self.json {
            context.out.data(&serde_json::json!(reports).to_string());
        }
        Ok(outcomes.exit_code())
    }
}

/// A report, and the failure that it amounts to.
type Examined<'a> = Result<(VerifyReport<'a>, Result<(), ProgramError>), ProgramError>;

fn examine_install<'a>(server: &'a Server, paths: &Paths) -> Examined<'a> {
    let installed = Installed::find(server, paths)?;
    let findings = installed.findings(Depth::Content)?;
    let outcome = installed.judge(&findings);
    let named =
        |found: &FileDifference| NamedFile { path: found.path.clone(), fault: found.flaw.token() };
    let report = VerifyReport {
        server: &server.name,
        pinned: true,
        files: Some(installed.receipt.len()),
        tree: Some(installed.receipt.tree.to_string()),
        differences: findings.differences.iter().map(named).collect(),
        extra: findings.extra,
    };
    Ok((report, outcome))
}

/// Whatever is not installed by us: a binary is hashed, a command only looked for.
fn examine_program<'a>(
    server: &'a Server,
    paths: &Paths,
    machine: Option<&Machine>,
) -> Examined<'a> {
    let strict = Server { integrity: Integrity::Full, ..server.clone() };
    program::program(&strict, paths, machine)?;
    let pinned = program::is_pinned(server);
    let (differences, extra) = (Vec::new(), Vec::new());
    let report =
        VerifyReport { server: &server.name, pinned, files: None, tree: None, differences, extra };
    Ok((report, Ok(())))
}

impl VerifyReport<'_> {
    fn print(&self, context: &Context) {
        let Self { server, files, differences, extra, .. } = self;
        for NamedFile { path, fault } in differences {
            context.out.data(&format!("{server}: {fault} {}", one_line(path)));
        }
        for path in extra {
            context.out.data(&format!("{server}: extra {}", one_line(path)));
        }
        context.out.data(&match (files, self.pinned, differences.len()) {
            (Some(files), _, 0) => format!("{server}: {files} files match the lock"),
            (Some(files), _, wrong) => {
                format!("{server}: {wrong} of {files} locked files are wrong")
            }
            (None, true, _) => format!("{server}: the digest matches the manifest"),
            (None, false, _) => format!("{server}: not pinned"),
        });
    }
}
