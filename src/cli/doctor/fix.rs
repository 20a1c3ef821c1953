//! What `doctor --fix` does: closes what others may write, writes the record anew, removes leftovers.
//!
//! Asks nothing, because nothing here weakens or loses anything: rights are only taken from others, and what is removed is
//! in no install. It does not judge what stands in a file that was open to others; it says so.

use std::path::{Path, PathBuf};

use super::permissions::{Target, targets};
use crate::cli::Context;
use crate::error::Error;
use crate::store::Store;
use crate::sys::machine::Machine;
use crate::sys::os;
use crate::sys::path::Paths;
use crate::sys::permission::Insecure;

/// Mends what can be mended; returns what was done, a sentence each.
///
/// # Errors
/// The record cannot be written or a leftover not removed.
pub(super) fn all(context: &Context, paths: &Paths, now: &Machine) -> Result<Vec<String>, Error> {
    let mut done = Vec::new();
    for target in targets(context, paths) {
        done.extend(close(&target, &paths.home));
    }
    now.save(paths)?;
    done.push(format!("wrote the machine record `{}`", Machine::file(paths).display()));
    for folder in Store::of(paths).remove_leftovers()? {
        done.push(format!(
            "removed `{}`, which an install that was cut off left",
            folder.display()
        ));
    }
    Ok(done)
}

/// Takes the right to write from others, of the file and of what leads to it in the home folder. What belongs to somebody
/// else stays as it is, and is found by the checks that follow.
fn close(target: &Target, home: &Path) -> Vec<String> {
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
            "took the right to write `{path}` from other accounts: look at what is in it, somebody may have changed it"
        )
    };
    closed.iter().map(sentence).collect()
}
