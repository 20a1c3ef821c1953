//! One thing that `doctor` found, good or bad, and the command that fixes it.

use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Kind};
use crate::sys::permission::Insecure;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// As it should be.
    Ok,
    /// Servers start, but something will surprise.
    Warn,
    /// A server does not start, or somebody else could change what runs.
    Fail,
}

impl Severity {
    /// The word for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Area {
    /// The manifests.
    Manifest,
    /// The machine record.
    Record,
    /// Node, Python and the programs that install.
    Runtimes,
    /// Who may write what.
    Permissions,
    /// The places that secrets are stored in.
    Secrets,
    /// The installs.
    Store,
    /// Each server.
    Servers,
}

impl Area {
    /// The word for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Record => "record",
            Self::Runtimes => "runtimes",
            Self::Permissions => "permissions",
            Self::Secrets => "secrets",
            Self::Store => "store",
            Self::Servers => "servers",
        }
    }
}

/// One thing found, as `--json` writes it.
#[derive(Debug, Serialize)]
pub(super) struct DoctorFinding {
    pub(super) level: Severity,
    pub(super) area: Area,
    /// One sentence.
    pub(super) what: String,
    /// A path or the name of a server, where it is about one.
    #[serde(rename = "where")]
    pub(super) place: Option<String>,
    /// The command that fixes it, as a person types it.
    pub(super) fix: Option<String>,
    /// What to do where no command does it.
    pub(super) hint: Option<String>,
    /// What `doctor` ends with if this is the first failure.
    #[serde(skip)]
    pub(super) exit_code: u8,
}

impl DoctorFinding {
    fn new(level: Severity, area: Area, what: impl Into<String>) -> Self {
        let what = what.into();
        let exit_code = Kind::Config.exit_code();
        Self { level, area, what, place: None, fix: None, hint: None, exit_code }
    }

    /// Something as it should be.
    pub(super) fn ok(area: Area, what: impl Into<String>) -> Self {
        Self::new(Severity::Ok, area, what)
    }

    /// Something that will surprise.
    pub(super) fn warn(area: Area, what: impl Into<String>) -> Self {
        Self::new(Severity::Warn, area, what)
    }

    /// Something that keeps a server from starting, or lets somebody else in.
    pub(super) fn fail(area: Area, what: impl Into<String>) -> Self {
        Self::new(Severity::Fail, area, what)
    }

    /// A failure of another part, with its causes, its hint and its exit code.
    pub(super) fn of(area: Area, error: &Error) -> Self {
        let mut what = error.to_string().replace('\n', "; ");
        for cause in error.causes() {
            what.push_str(": ");
            what.push_str(&cause);
        }
        Self { exit_code: error.exit_code(), hint: error.hint(), ..Self::fail(area, what) }
    }

    /// A file or folder that somebody else could change.
    pub(super) fn insecure(error: Insecure) -> Self {
        let fix = error.fix();
        let finding = Self::of(Area::Permissions, &error.into());
        match fix {
            Some(fix) => finding.fixed_by(fix),
            None => finding,
        }
    }

    /// Whether both are about one thing.
    pub(super) fn is_of_same_place(&self, other: &Self) -> bool {
        (self.area, &self.place) == (other.area, &other.place)
    }

    /// The same about a file or folder.
    pub(super) fn at(self, path: &Path) -> Self {
        self.about(path.display().to_string())
    }

    /// The same about something with a name.
    pub(super) fn about(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same with the command that fixes it, which says more than a hint.
    pub(super) fn fixed_by(mut self, command: impl Into<String>) -> Self {
        self.fix = Some(command.into());
        self.hint = None;
        self
    }

    /// The same with what to do.
    pub(super) fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
