//! Which manifests there are: the user's own, and a project's when one is named.
//!
//! A project manifest is only ever named (`--manifest`, `--project`, `HUSHPIPE_MANIFEST`), never found by walking up from
//! the working directory: a folder that was cloned must not decide what runs. Naming one by environment is harmless,
//! since nothing of a project manifest starts without trust.

use std::path::{Path, PathBuf};

use crate::sys::env::OwnEnv;
use crate::sys::path::Paths;

/// The name of a manifest in its folder.
pub const FILE_NAME: &str = "hushpipe.toml";

/// The name of the lockfile beside a manifest.
pub const LOCK_NAME: &str = "hushpipe.lock";

/// Names the project manifest where no argument does.
const VARIABLE: &str = "HUSHPIPE_MANIFEST";

/// What to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The project manifest, if one is named.
    pub project: Option<PathBuf>,
    /// Which profile's secret references to use.
    pub profile: Option<String>,
}

impl Sources {
    /// What the command line and the environment name: `manifest` is a file, `project` a folder with one in it.
    pub fn named(manifest: Option<&Path>, project: Option<&Path>, env: &OwnEnv) -> Self {
        let project = manifest
            .map(Path::to_owned)
            .or_else(|| project.map(|folder| folder.join(FILE_NAME)))
            .or_else(|| env.var(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from));
        Self { project, profile: None }
    }

    /// The same with a profile chosen.
    pub fn with_profile(self, profile: Option<&str>) -> Self {
        Self { profile: profile.map(str::to_owned), ..self }
    }

    /// The project manifest as an absolute path, unless what is named is the user manifest itself.
    pub fn project_path(&self, paths: &Paths) -> Option<PathBuf> {
        let named = self.project.as_ref()?;
        let path = std::path::absolute(named).unwrap_or_else(|_| named.clone());
        let is_users_own = match (path.canonicalize(), paths.manifest().canonicalize()) {
            (Ok(named), Ok(own)) => named == own,
            _ => false,
        };
        (!is_users_own).then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_wins_over_the_environment() {
        let env = OwnEnv::of([(VARIABLE, "/from/env.toml")]);
        let project = |manifest, project| Sources::named(manifest, project, &env).project;
        assert_eq!(project(Some(Path::new("a.toml")), None), Some("a.toml".into()));
        assert_eq!(project(None, Some(Path::new("dir"))), Some(Path::new("dir").join(FILE_NAME)));
        assert_eq!(project(None, None), Some("/from/env.toml".into()));
        let empty = OwnEnv::of([(VARIABLE, "")]);
        assert_eq!(Sources::named(None, None, &empty), Sources::default());
    }
}
