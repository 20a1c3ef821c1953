//! `hushpipe init`: the user manifest and the machine record, made once.
//!
//! Never overwrites a manifest. The folder gets mode 0700 and the manifest 0600, which is what reading it asks for.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Context;
use crate::error::{Error, Fault, Kind};
use crate::manifest::{self, Sources};
use crate::sys::machine::{Interpreter, Machine};
use crate::sys::path::Paths;
use crate::sys::private;

/// What a new manifest says: how to go on, in comments.
const STARTER: &str = include_str!("starter.toml");

/// Create your manifest and record this machine's runtimes and PATH
///
/// Writes `~/.config/hushpipe/hushpipe.toml` with comments on the next steps, unless the file exists, and records
/// where Node, Python and uv are, and the PATH, locale, proxies and certificate authorities of your login shell. Desktop
/// clients start without these. You can run it again at any time.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  hushpipe init
  $EDITOR ~/.config/hushpipe/hushpipe.toml
  hushpipe lock && hushpipe sync
  hushpipe secret set keychain://github-token
  hushpipe check")]
pub(super) struct Init {}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Error> {
        let paths = Paths::of_user(&context.env)?;
        let path = paths.manifest();
        let out = &context.out;
        let is_new = write_starter(&paths)?;
        let shown = path.display();
        out.words(&match is_new {
            true => format!("hushpipe: wrote `{shown}`"),
            false => format!("hushpipe: kept the existing `{shown}`"),
        });
        let machine = Machine::capture(&context.env, &paths);
        machine.save(&paths)?;
        found(&machine).iter().for_each(|line| out.words(&format!("hushpipe: {line}")));
        manifest::load(&Sources::default(), &paths)?;
        if is_new {
            out.words("hushpipe: next: add a server to the manifest, then run");
        } else {
            out.words("hushpipe: next:");
        }
        for next in ["lock", "sync", "secret set keychain://NAME", "check"] {
            out.words(&format!("  hushpipe {next}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the machine has and lacks, a line each.
fn found(machine: &Machine) -> Vec<String> {
    let runtime = |name: &str, found: &Option<Interpreter>| match found {
        Some(Interpreter { path, version }) => {
            format!("found {name} {version} at `{}`", path.display())
        }
        None => format!("found no {name}"),
    };
    let uv = match &machine.uv {
        Some(path) => format!("found uv at `{}`", path.display()),
        None => "found no uv; PyPI servers need it to install".to_owned(),
    };
    let withheld = machine.withheld.iter().map(|name| {
        format!("`{name}` may contain a password, so it is not recorded: pass it as a secret to the servers that need it")
    });
    [runtime("Node", &machine.node), runtime("Python", &machine.python), uv]
        .into_iter()
        .chain(withheld)
        .collect()
}

/// Writes the starter manifest; false where there is a manifest already.
fn write_starter(paths: &Paths) -> Result<bool, InitError> {
    let failed = |path: PathBuf| |source| InitError { path, source };
    match private::create(&paths.manifest(), STARTER.as_bytes()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(paths.manifest())(error)),
    }
}

/// The file system would not take the manifest.
#[derive(Debug, thiserror::Error)]
#[error("cannot create `{}`", path.display())]
struct InitError {
    path: PathBuf,
    source: io::Error,
}

impl Fault for InitError {
    fn kind(&self) -> Kind {
        Kind::Io
    }

    fn hint(&self) -> Option<String> {
        private::hint(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(home: &std::path::Path) -> usize {
        manifest::load(&Sources::default(), &Paths::below(home)).expect("loads").servers.len()
    }

    #[test]
    fn the_starter_is_a_manifest_and_so_is_what_its_comments_show() {
        let home = tempfile::tempdir().expect("temporary folder");
        let paths = Paths::below(home.path());
        assert!(write_starter(&paths).expect("writes"));
        assert_eq!(servers(home.path()), 0);

        let example = STARTER
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|line| line.contains(" = ") || line.starts_with('['))
            })
            .map(|line| line.filter(|line| !line.contains('`')).unwrap_or_default());
        let text = format!("version = 1\n{}", example.collect::<Vec<_>>().join("\n"));
        std::fs::write(paths.manifest(), text).expect("writes");
        assert_eq!(servers(home.path()), 1);
        assert!(!write_starter(&paths).expect("keeps"));
        assert_eq!(servers(home.path()), 1, "an existing manifest is not touched");
    }
}
