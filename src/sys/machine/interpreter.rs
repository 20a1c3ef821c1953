//! Node and Python: which there are, where they really are, which versions.
//!
//! The first is the one that the login shell starts, as a person at a terminal would. The others are found where version
//! managers keep them. Each is asked itself, because what stands on a PATH may be a version manager's stand-in that picks a
//! version by the current folder; all at once, 5 s at most.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::capture::{LIMIT, lines};
use super::programs;
use crate::sys::command;
use crate::sys::env::ScrubbedEnv;
use crate::sys::os;
use crate::sys::path::Paths;

/// A Node or a Python.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpreter {
    /// Its absolute path, version managers' stand-ins and links resolved.
    pub path: PathBuf,
    /// What it says its version is, as in `v20.20.2` or `3.12.4`.
    pub version: String,
}

impl Interpreter {
    /// The numbers of its version, for comparing: `3.12.4` and `v20.20.2` as `[3, 12, 4]` and `[20, 20, 2]`.
    pub fn numbers(&self) -> Vec<u64> {
        let parts = self.version.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
        parts.map_while(|part| part.parse().ok()).collect()
    }

    /// Asks a program where it really is and which version it has.
    fn ask(language: &Language, program: &Path, path: &OsStr, paths: &Paths) -> Option<Self> {
        let mut env = ScrubbedEnv::empty();
        env.set("HOME", &paths.home);
        env.set("PATH", path);
        let command = command::helper(program, language.question, &env, &paths.home);
        let [path, version] = lines(command, LIMIT, |_| false).try_into().ok()?;
        let path = PathBuf::from(path).canonicalize().ok()?;
        let found = Self { path, version };
        (!found.numbers().is_empty()).then_some(found)
    }
}

/// How the interpreters of a language are found.
pub(super) struct Language {
    /// The names of the program, the best first.
    programs: &'static [&'static str],
    /// Makes it print its path and its version.
    question: &'static [&'static str],
    /// Where version managers keep it: below the home folder or absolute, one `*` for the version.
    places: &'static [&'static str],
}

/// Node.
pub(super) const NODE: Language = Language {
    programs: &["node"],
    question: &["-e", "console.log(process.execPath + '\\n' + process.version)"],
    places: os::NODE_PLACES,
};

/// Python 3. `-I` and `-S`: nothing of the current folder or the user's packages is loaded.
pub(super) const PYTHON: Language = Language {
    // A machine may have several in one folder, and the one called `python3` need not be what a package is for.
    programs: &[
        "python3",
        "python",
        "python3.14",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.10",
    ],
    question: &[
        "-IS",
        "-c",
        "import sys; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))",
    ],
    places: os::PYTHON_PLACES,
};

/// The interpreters of one language.
#[derive(Debug, Default)]
pub(super) struct FoundInterpreters {
    /// The one to use.
    pub(super) first: Option<Interpreter>,
    /// The others, the newest first.
    pub(super) others: Vec<Interpreter>,
}

/// Enough for anybody, and a bound on how many programs are started.
const MAX_ASKED: usize = 40;

/// Finds the interpreters of a language on a PATH and where version managers keep them.
pub(super) fn find(language: &Language, path: &OsStr, paths: &Paths) -> FoundInterpreters {
    let names = language.programs.iter();
    let on_path: Vec<PathBuf> = names.flat_map(|name| programs(name, path)).collect();
    let managed = language.places.iter().flat_map(|place| matching(&paths.home, place));
    let managed = managed.flat_map(|folder| {
        let program = |name: &&str| folder.join(os::program_name(name));
        language.programs.iter().map(program).find(|program| os::is_program(program))
    });
    let mut seen = Vec::new();
    let mut candidates: Vec<(PathBuf, bool)> = Vec::new();
    let all = on_path.into_iter().map(|program| (program, true));
    for (program, is_on_path) in all.chain(managed.map(|program| (program, false))) {
        let Ok(real) = program.canonicalize() else { continue };
        if !seen.contains(&real) && !os::asks_to_install(&program) && seen.len() < MAX_ASKED {
            seen.push(real);
            candidates.push((program, is_on_path));
        }
    }
    let answers: Vec<(Option<Interpreter>, bool)> = std::thread::scope(|scope| {
        let ask = |(program, is_on_path): (PathBuf, bool)| {
            let asked = scope.spawn(move || Interpreter::ask(language, &program, path, paths));
            (asked, is_on_path)
        };
        let asked: Vec<_> = candidates.into_iter().map(ask).collect();
        let answer =
            asked.into_iter().map(|(asked, on_path)| (asked.join().ok().flatten(), on_path));
        answer.collect()
    });
    choose(answers)
}

/// The first on the PATH, or the newest.
fn choose(answers: Vec<(Option<Interpreter>, bool)>) -> FoundInterpreters {
    let mut found = FoundInterpreters::default();
    for (interpreter, is_on_path) in answers {
        let Some(interpreter) = interpreter else { continue };
        if is_on_path && found.first.is_none() {
            found.first = Some(interpreter);
        } else {
            found.others.push(interpreter);
        }
    }
    found.others.sort_by(|a, b| b.numbers().cmp(&a.numbers()).then(a.path.cmp(&b.path)));
    if found.first.is_none() && !found.others.is_empty() {
        found.first = Some(found.others.remove(0));
    }
    let first = found.first.as_ref().map(|first| first.path.clone());
    found.others.dedup_by(|a, b| a.path == b.path);
    found.others.retain(|other| Some(&other.path) != first.as_ref());
    found
}

/// The folders that a pattern with one `*` stands for, or the folder itself.
fn matching(home: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![home.join(pattern)] };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = home.join(folder).read_dir() else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(prefix))
        .map(|name| home.join(folder).join(name).join(after.trim_start_matches('/')))
        .collect()
}
