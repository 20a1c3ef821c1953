//! What `doctor --fix` does: closes what others may write, writes the record anew, removes leftovers.
//!
//! Asks nothing, because nothing here weakens or loses anything: rights are only taken from others, and what is removed is
//! in no install. It does not judge what stands in a file that was open to others; it says so.

use std::path::{Path, PathBuf};

use super::finding::{Area, DoctorFinding, Severity};
use super::permissions::{WatchedFile, targets};
use crate::cli::{Context, Global};
use crate::manifest::Sources;
use crate::store::{Removal, Store};
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;
use crate::sys::permission::Insecure;

/// What was fixed, and what could not be.
#[derive(Default)]
pub(super) struct Fixed {
    /// A sentence each.
    pub(super) done: Vec<String>,
    /// What stands in the way.
    pub(super) failed: Vec<DoctorFinding>,
}

/// Fixes what can be fixed; what cannot keeps nothing else from being tried.
pub(super) fn all(context: &Context, paths: &Paths, now: &Machine) -> Fixed {
    let mut fixed = Fixed::default();
    // Only what a person typed: a variable that whoever starts us can set chooses no file to change.
    let Global { manifest, project } = &context.global;
    let named = Sources::named(manifest.as_deref(), project.as_deref(), &context.env.only(&[]));
    for target in targets(named.project, paths) {
        fixed.done.extend(close(&target, &paths.home));
    }
    fixed.write_record(paths, now);
    fixed.remove_leftovers(paths);
    fixed
}

impl Fixed {
    /// Not while somebody else could change it: who did must be looked at first, and the checks that follow say so.
    fn write_record(&mut self, paths: &Paths, now: &Machine) {
        let file = Machine::file(paths);
        if WatchedFile::record(paths).judge().is_err() {
            return;
        }
        match now.save(paths) {
            Ok(()) => self.done.push(format!("wrote the machine record `{}`", file.display())),
            Err(error) => {
                self.failed.push(DoctorFinding::of(Area::Record, &error.into()).at(&file));
            }
        }
    }

    fn remove_leftovers(&mut self, paths: &Paths) {
        let removed = match Store::of(paths).remove_leftovers() {
            Ok(removed) => removed,
            Err(error) => {
                self.failed.push(DoctorFinding::of(Area::Store, &error.into()));
                return;
            }
        };
        for Removal { folder, outcome } in removed {
            match outcome {
                Ok(()) => self.done.push(format!(
                    "removed `{}`, left over from an interrupted install",
                    folder.display()
                )),
                // It takes space and keeps no server from starting.
                Err(error) => self.failed.push(DoctorFinding {
                    level: Severity::Warn,
                    ..DoctorFinding::of(Area::Store, &error.into()).at(&folder)
                }),
            }
        }
    }
}

/// Takes the right to write from others, of the file and of what leads to it in the home folder. What belongs to somebody
/// else stays as it is, and is found by the checks that follow.
fn close(target: &WatchedFile, home: &Path) -> Vec<String> {
    let mut closed: Vec<PathBuf> = Vec::new();
    while let Err(Insecure::GroupWritable(path) | Insecure::WorldWritable(path)) = target.judge() {
        // A link has a mode of its own, which means nothing.
        let Ok(real) = path.canonicalize() else { break };
        let is_ours = real.starts_with(home) || path == target.path;
        if !is_ours || closed.contains(&real) || os::make_private(&real).is_err() {
            break;
        }
        closed.push(real);
    }
    let sentence = |path: &PathBuf| {
        let path = path.display();
        format!(
            "other accounts can no longer write to `{path}`; somebody may have changed it before, so read what is in it"
        )
    };
    closed.iter().map(sentence).collect()
}
