//! `hushpipe trust`: a person accepts the servers of a project manifest, one by one, on the controlling terminal.
//!
//! What is recorded is what was shown: manifest and lockfile are read once, the words and the digests are made from that
//! reading, and a change that comes later has other digests. Forgetting needs nobody's word, since it only takes away.

mod look;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::output::{json, one_line, table};
use super::{Context, Outcomes, confirm};
use crate::error::{Error, Fault, Kind};
use crate::manifest::lock::Lockfile;
use crate::manifest::{self, Level, Server, Sources};
use crate::plan::program::{current_entry, refuse_script};
use crate::runner::Package;
use crate::sys::path::Paths;
use crate::sys::permission::quoted;
use crate::trust::{Ledger, Record};

/// Accept the servers of a project manifest, so that they can be installed and started
///
/// Shows what each server would start and receive, or what has changed since you accepted it, and records your consent
/// when you type the server's name on the terminal. The record holds digests of the manifest entry and of the lock
/// entry: if either changes, the server does not start until you accept it again. Servers of your own manifest need no
/// trust.
#[derive(Debug, Args)]
#[command(after_long_help = "\
You must type the name on the controlling terminal, so a script or an agent cannot do it.

Examples:
  hushpipe trust --project .             all servers of ./hushpipe.toml
  hushpipe trust orders --project .      one of them
  hushpipe trust --list                  list what you have accepted
  hushpipe trust --remove orders         withdraw it")]
pub(super) struct Trust {
    /// Accept or forget only these servers
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// List what was accepted
    #[arg(long, conflicts_with_all = ["names", "remove"])]
    list: bool,

    /// Forget these servers, or all servers of the project
    #[arg(long)]
    remove: bool,

    /// Write JSON, with --list
    #[arg(long, requires = "list")]
    json: bool,
}

/// One accepted server, as `--json` writes it.
#[derive(Debug, Serialize)]
struct TrustedServer<'a> {
    name: &'a str,
    manifest: String,
    entry: Option<&'a str>,
    lock: Option<&'a str>,
}

impl Trust {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let ledger = Ledger::of(&paths);
        let sources = context.sources(None);
        if self.list {
            self.list(context, &ledger.trusted()?);
            return Ok(ExitCode::SUCCESS);
        }
        if self.remove {
            return self.remove(context, &ledger, &sources, &paths);
        }
        let project = sources.project_path(&paths).ok_or(TrustVerbError::NoProject)?;
        let manifest = manifest::load(&sources, &paths)?;
        let servers: Vec<&Server> = match self.names.is_empty() {
            true => manifest.servers.values().filter(|s| s.level == Level::Project).collect(),
            false => manifest.select(&self.names)?,
        };
        for name in &manifest.hidden {
            context.out.words(&format!("your own `[servers.{name}]` replaces the project's"));
        }
        let lockfile = Lockfile::load(project.with_file_name(manifest::find::LOCK_NAME))?;
        let mut outcomes = Outcomes::default();
        for server in servers {
            outcomes.add(context, accept(server, &lockfile, &ledger, context));
        }
        Ok(outcomes.exit_code())
    }

    fn list(&self, context: &Context, records: &[Record]) {
        let lines = records.iter().map(|Record { head, .. }| TrustedServer {
            name: &head.server,
            manifest: head.manifest.display().to_string(),
            entry: head.entry.as_deref(),
            lock: head.lock.as_deref(),
        });
        if self.json {
            context.out.data(&json(&lines.collect::<Vec<_>>()));
        } else if records.is_empty() {
            context.out.words("hushpipe: no project server is trusted");
        } else {
            let header = ["NAME", "MANIFEST"].map(str::to_owned);
            let rows = lines.map(|line| [line.name.to_owned(), line.manifest]);
            table(std::iter::once(header).chain(rows))
                .iter()
                .for_each(|line| context.out.data(line));
        }
    }

    /// Forgets by what is recorded, not by what the project's manifest says today: it may be gone.
    fn remove(
        &self,
        context: &Context,
        ledger: &Ledger,
        sources: &Sources,
        paths: &Paths,
    ) -> Result<ExitCode, Error> {
        let project = sources.project_path(paths);
        let project = project.map(|path| path.canonicalize().unwrap_or(path));
        if self.names.is_empty() && project.is_none() {
            return Err(TrustVerbError::NothingNamed.into());
        }
        let mut records = ledger.trusted()?;
        records.retain(|record| project.as_ref().is_none_or(|path| record.head.manifest == *path));
        for name in &self.names {
            let of_name: Vec<_> =
                records.iter().filter(|record| record.head.server == *name).collect();
            match of_name.as_slice() {
                [_] => {}
                [] => return Err(TrustVerbError::NotTrusted { server: name.clone() }.into()),
                several => {
                    let manifests = several.iter().map(|r| r.head.manifest.clone()).collect();
                    let server = name.clone();
                    return Err(TrustVerbError::Several { server, manifests }.into());
                }
            }
        }
        let is_named =
            |record: &&Record| self.names.is_empty() || self.names.contains(&record.head.server);
        for record in records.iter().filter(is_named) {
            ledger.forget(&record.head)?;
            let (name, manifest) = (&record.head.server, record.head.manifest.display());
            context.out.words(&one_line(&format!("`{name}` of {manifest} is no longer trusted")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Shows one server and records what was shown, if the person says so.
fn accept(
    server: &Server,
    lockfile: &Lockfile,
    ledger: &Ledger,
    context: &Context,
) -> Result<(), Error> {
    let name = &server.name;
    if server.level == Level::User {
        return Err(TrustVerbError::Own { server: name.clone() }.into());
    }
    refuse_script(server)?;
    let entry = match &server.package {
        Package::Npm(_) | Package::Pypi(_) => Some(current_entry(lockfile, server)?),
        Package::Binary(_) | Package::Command(_) => None,
    };
    let terms = server.terms(entry)?;
    let scripts = match entry {
        Some(entry) => entry.locked()?.install_scripts(),
        None => Vec::new(),
    };
    let record = ledger.record(server.subject())?;
    if record.as_ref().is_some_and(|record| terms.are_those_of(record)) {
        context.out.words(&format!("`{name}` is already trusted and has not changed"));
        return Ok(());
    }
    let screen = show::screen(server, &terms, &scripts, record.as_ref());
    let command = format!("hushpipe trust {name} --manifest {}", quoted(&server.manifest));
    confirm::type_word(&context.env, &command, &screen, &word(name))?;
    ledger.accept(server.subject(), &terms)?;
    context.out.words(&format!("trusted `{name}`"));
    Ok(())
}

/// What must be typed: the name, but never a word by which people say no, or say yes without having read. A project chooses
/// its servers' names.
fn word(name: &str) -> String {
    let is_answer = ANSWERS.contains(&name.to_ascii_lowercase().as_str()) || name.len() < 3;
    if is_answer { format!("trust {name}") } else { name.to_owned() }
}

/// Words of three letters and more that are typed to get out of a question, or on with it.
const ANSWERS: &[&str] = &[
    "abort", "accept", "bye", "cancel", "clear", "close", "continue", "decline", "deny", "done",
    "exit", "never", "nope", "not", "quit", "refuse", "reject", "skip", "stop", "sure", "yep",
    "yes",
];

/// Why nothing could be accepted or forgotten.
#[derive(Debug, thiserror::Error)]
enum TrustVerbError {
    #[error("no project manifest was named, and your own manifest needs no trust")]
    NoProject,
    #[error("name what to forget")]
    NothingNamed,
    #[error("server `{server}` is in your own manifest, which needs no trust")]
    Own { server: String },
    #[error("server `{server}` is not trusted")]
    NotTrusted { server: String },
    #[error("server `{server}` is trusted for more than one manifest")]
    Several { server: String, manifests: Vec<PathBuf> },
}

impl Fault for TrustVerbError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoProject | Self::NothingNamed | Self::Several { .. } => Kind::Usage,
            Self::Own { .. } | Self::NotTrusted { .. } => Kind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoProject => Some("name it: `hushpipe trust --project DIR`".into()),
            Self::NothingNamed => Some("name a server, or a project with `--project DIR`".into()),
            Self::Own { .. } => None,
            Self::NotTrusted { .. } => Some("`hushpipe trust --list` shows what is trusted".into()),
            Self::Several { manifests, .. } => {
                let option = |path: &PathBuf| format!("add `--manifest {}`", quoted(path));
                Some(manifests.iter().map(option).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}
