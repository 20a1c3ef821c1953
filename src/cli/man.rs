//! `hushpipe man`: the manual page, on stdout.

use std::process::ExitCode;

use clap::Args;
use clap_mangen::Man as Page;

use super::Context;
use crate::error::{Error, Fault, Kind};

/// Print the manual page
///
/// One page for hushpipe, or the page of one command.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  hushpipe man | man -l -
  hushpipe man run > ~/.local/share/man/man1/hushpipe-run.1")]
pub(super) struct Man {
    /// The command, such as `run` or `secret set`; without it, the overview
    #[arg(value_name = "VERB")]
    verb: Vec<String>,
}

impl Man {
    pub(super) fn run(self, context: &Context, cli: clap::Command) -> Result<ExitCode, Error> {
        context.out.data(page(cli, &self.verb)?.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// The page of a verb, in roff.
fn page(mut command: clap::Command, verb: &[String]) -> Result<String, ManError> {
    command.build();
    for name in verb {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| ManError::UnknownVerb(verb.join(" ")))?;
    }
    let notes = command.get_after_long_help().map(ToString::to_string);
    let command = command.after_long_help(None::<&str>);
    let mut page = Vec::new();
    Page::new(command)
        .source(concat!("hushpipe ", env!("CARGO_PKG_VERSION")))
        .manual("hushpipe manual")
        .render(&mut page)
        .map_err(ManError::Render)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    if let Some(notes) = notes {
        page.push_str(&as_written(&notes));
    }
    Ok(page)
}

/// The section with examples. Its lines stay as they are, where clap_mangen would fill them.
fn as_written(notes: &str) -> String {
    let mut section = String::from(".SH NOTES\n.nf\n");
    for line in notes.lines() {
        // `\&` keeps a dot or a quote at the start of a line from being a request.
        let line = line.replace('\\', r"\e").replace('-', r"\-");
        let guard = if line.starts_with(['.', '\'']) { r"\&" } else { "" };
        section.push_str(&format!("{guard}{line}\n"));
    }
    section + ".fi\n"
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum ManError {
    /// No such verb.
    #[error("there is no command `{0}`")]
    UnknownVerb(String),
    /// The page could not be written.
    #[error("cannot write the manual page")]
    Render(#[source] std::io::Error),
}

impl Fault for ManError {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownVerb(_) => Kind::Usage,
            Self::Render(_) => Kind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownVerb(_) => Some("`hushpipe --help` lists the commands".into()),
            Self::Render(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(verb: &[&str]) -> Result<String, ManError> {
        page(crate::cli::command(), &verb.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_verb_has_a_page_and_nothing_else_has() {
        assert_eq!(as_written(".a\n  b-\\c"), ".SH NOTES\n.nf\n\\&.a\n  b\\-\\ec\n.fi\n");
        assert!(page_of(&[]).expect("the overview").contains(".TH hushpipe 1"));
        assert!(page_of(&["secret", "set"]).expect("a page").contains(".TH hushpipe-secret-set 1"));
        assert!(
            matches!(page_of(&["secret", "sett"]), Err(ManError::UnknownVerb(verb)) if verb == "secret sett")
        );
    }
}
