//! `hushpipe completions`: a completion script, on stdout.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::Context;
use crate::error::Error;

/// Print a completion script for a shell
///
/// Evaluate it in the shell's start-up file, or save it where the shell looks for completions.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  bash:        hushpipe completions bash > ~/.local/share/bash-completion/completions/hushpipe
  zsh:         hushpipe completions zsh > \"${fpath[1]}/_hushpipe\"
  fish:        hushpipe completions fish > ~/.config/fish/completions/hushpipe.fish
  elvish:      eval (hushpipe completions elvish | slurp)
  powershell:  hushpipe completions powershell | Out-String | Invoke-Expression")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, context: &Context, mut cli: clap::Command) -> Result<ExitCode, Error> {
        context.out.data(script(self.shell, &mut cli).trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// The script for one shell.
fn script(shell: Shell, cli: &mut clap::Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, cli, "hushpipe", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
