//! A user of one host: a clean home with an environment and configuration files of its own.
//!
//! hushpipe is set up as its own verbs leave it, with the real servers of `servers::home`; what lies in the home beside
//! that was written by the host, whose command line names hushpipe by a path that no other test's does. Always true: when
//! a world has judged what a host showed, nothing of it runs any more.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::context::{create_private, files_holding, path_text};
use crate::process;
use crate::servers::{self, SERVERS};

/// The servers that every host is given, with one tool of each that it has to list.
pub(super) const GIVEN: [(&str, &str); 2] =
    [("everything", "get-structured-content"), ("github", "search_repositories")];

/// What the user's own environment holds and no server of theirs may see.
const OWN: [(&str, &str); 3] = [
    ("AWS_SECRET_ACCESS_KEY", "canary-of-the-host-aws-71c2"),
    ("GITHUB_TOKEN", "canary-of-the-host-github-71c2"),
    ("WORK_NOTES", "canary-of-the-host-notes-71c2"),
];

/// What a host showed its user, or sent its model.
pub(super) struct Shown {
    /// The tools of all servers, in the host's own words.
    pub(super) listed: String,
    /// The result of the call of `get-env` of `everything`.
    pub(super) called: String,
    /// Everything that the host printed, its servers' log lines included, and everything that it sent to a model.
    pub(super) said: String,
}

/// The home of one host's user.
pub(super) struct World {
    home: TempDir,
}

impl World {
    /// A user who has set up hushpipe and not yet the host.
    pub(super) fn new() -> Self {
        let world = Self { home: tempfile::tempdir().expect("a home") };
        for folder in [".config", ".local/share", ".local/state"] {
            create_private(&world.path(folder));
            let folder = Path::new(folder).join("hushpipe");
            link(&servers::home().join(&folder), &world.path(folder));
        }
        for folder in [".local/bin", "project"] {
            create_private(&world.path(folder));
        }
        link(Path::new(env!("CARGO_BIN_EXE_hushpipe")), &world.hushpipe());
        world
    }

    /// A path below the home.
    pub(super) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(below)
    }

    /// The program that the host's configuration names.
    pub(super) fn hushpipe(&self) -> PathBuf {
        self.path(".local/bin/hushpipe")
    }

    /// The `mcpServers` object that most hosts read.
    pub(super) fn entries(&self) -> Value {
        let entry = |name| json!({"command": path_text(&self.hushpipe()), "args": ["run", name]});
        GIVEN.iter().map(|(name, _)| ((*name).to_owned(), entry(name))).collect()
    }

    /// Writes a configuration file as the user would.
    pub(super) fn configure(&self, below: &str, content: &str) {
        let path = self.path(below);
        create_private(path.parent().expect("a folder"));
        fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }

    /// The command as a user in a terminal starts it: in a project folder, with a login's variables and some of their own.
    pub(super) fn settled(&self, mut command: Command) -> Command {
        servers::in_home(&mut command, self.home.path());
        command.current_dir(self.path("project"));
        command.envs([("TERM", "xterm"), ("SHELL", "/bin/sh"), ("LANG", "C.UTF-8")]);
        command.envs([("USER", "someone"), ("LOGNAME", "someone")]).envs(OWN);
        command
    }

    /// Fails the test unless the host listed the tools of all servers, called one and got its answer with the secret
    /// withheld, no value is in what it said or wrote, and nothing lives on.
    pub(super) fn judge(&self, shown: &Shown) {
        for (server, tool) in GIVEN {
            assert!(shown.listed.contains(tool), "no `{tool}` of {server}: {}", shown.listed);
        }
        let marker = "[hushpipe:EVERYTHING_TOKEN]";
        assert!(shown.called.contains(marker), "{}", shown.called);
        for (name, value) in OWN {
            assert!(!shown.called.contains(value), "the server saw {name}: {}", shown.called);
        }
        let home = path_text(self.home.path());
        process::wait_until_gone(&process::of_user(&home));
        for (name, value) in SERVERS.iter().filter_map(servers::Server::secret) {
            assert!(!shown.said.contains(&value), "{name} in what the host said: {}", shown.said);
            let holding = files_holding(self.home.path(), value.as_bytes());
            assert!(holding.is_empty(), "{name} is in {holding:?}");
        }
    }
}

fn link(original: &Path, link: &Path) {
    symlink(original, link).unwrap_or_else(|e| panic!("{}: {e}", link.display()));
}
