//! What every verb gets: the manifest options, the environment and the printer.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::Output;
use crate::error::Error;
use crate::manifest::Sources;
use crate::sys::env::OwnEnv;

/// Which manifest a verb works on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Project manifest")]
pub struct Global {
    /// Read this project manifest in addition to your own
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "project")]
    pub manifest: Option<PathBuf>,

    /// Read DIR/hushpipe.toml in addition to your own
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// The arguments, environment and printer of one call of a verb.
pub struct Context {
    /// Which manifest to work on.
    pub global: Global,
    /// Our environment. In verbs that start a server or ask a store the process's own copy is already cleared.
    pub env: OwnEnv,
    /// The one printer.
    pub out: Output,
}

impl Context {
    /// The manifests that the command line and the environment name.
    pub(super) fn sources(&self, profile: Option<&str>) -> Sources {
        let Global { manifest, project } = &self.global;
        Sources::named(manifest.as_deref(), project.as_deref(), &self.env).with_profile(profile)
    }
}

/// The results of several pieces of work. A failure is reported and does not stop the next one.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) first_failure: Option<u8>,
}

impl Outcomes {
    pub(super) fn add(&mut self, context: &Context, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            context.out.report(&error);
            self.first_failure.get_or_insert(error.exit_code());
        }
    }

    /// The exit code of the first failure, or success.
    pub(super) fn exit_code(self) -> ExitCode {
        self.first_failure.map_or(ExitCode::SUCCESS, ExitCode::from)
    }
}
