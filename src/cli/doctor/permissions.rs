//! Who else could write what decides what runs, and read what only the user should.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::Inputs;
use super::finding::{Area, DoctorFinding};
use crate::manifest::find::LOCK_NAME;
use crate::store::Store;
use crate::sys::machine::Machine;
use crate::sys::os::{self, Readers};
use crate::sys::path::Paths;
use crate::sys::permission::{self, Insecure, quoted};
use crate::trust::Ledger;

/// Looks at hushpipe's files and folders, and at two settings that make others' files writable.
pub(super) fn examine(inputs: &Inputs<'_>) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> = Vec::new();
    for target in targets(inputs.context.sources(None).project, inputs.paths) {
        if let Err(error) = target.judge() {
            let finding = DoctorFinding::insecure(error).at(&target.path);
            // One open folder is the flaw of everything in it.
            if findings.iter().all(|known| known.what != finding.what) {
                findings.push(finding);
            }
        }
    }
    findings.extend(readable_record(&Machine::file(inputs.paths)));
    if findings.is_empty() {
        let what = "only you can change the files that decide what runs";
        findings.push(DoctorFinding::ok(Area::Permissions, what));
    }
    if os::new_files_are_open() {
        let what =
            "your umask lets every account on this machine change the files that servers create";
        let finding = DoctorFinding::warn(Area::Permissions, what);
        findings.push(finding.hinting("put `umask 022` in your shell's start-up file"));
    }
    let temporary = std::env::temp_dir();
    if os::anyone_may_replace(&temporary) {
        let what = "every account on this machine can replace your files in the temporary folder";
        let fix = format!("sudo chmod +t {}", quoted(&temporary));
        findings.push(DoctorFinding::fail(Area::Permissions, what).at(&temporary).fixed_by(fix));
    }
    findings
}

/// A file or folder that decides what runs.
pub(super) struct WatchedFile {
    pub(super) path: PathBuf,
    is_folder: bool,
}

/// Everything that decides what runs, with the manifest of a `project`.
pub(super) fn targets(project: Option<PathBuf>, paths: &Paths) -> Vec<WatchedFile> {
    let (store, ledger) = (Store::of(paths), Ledger::of(paths));
    let [installs, receipts] = store.folders();
    let folders = [&paths.config, &paths.data, &paths.state, installs, receipts, ledger.folder()];
    let folders = folders.map(Path::to_owned);
    let manifests = [Some(paths.manifest()), project];
    let files = manifests.into_iter().flatten().flat_map(|manifest| {
        let lock = manifest.with_file_name(LOCK_NAME);
        [manifest, lock]
    });
    let files = files.map(|path| WatchedFile { path, is_folder: false });
    let folders = folders.into_iter().map(|path| WatchedFile { path, is_folder: true });
    folders.chain(files).chain([WatchedFile::record(paths)]).collect()
}

impl WatchedFile {
    /// The machine record.
    pub(super) fn record(paths: &Paths) -> Self {
        Self { path: Machine::file(paths), is_folder: false }
    }

    /// What lets somebody else change it. Nothing where it does not exist.
    pub(super) fn judge(&self) -> Result<(), Insecure> {
        let judged = match self.is_folder {
            true => permission::check_folder(&self.path),
            false => permission::open_owned(&self.path).map(drop),
        };
        judged.or_else(|error| if error.is_missing() { Ok(()) } else { Err(error) })
    }
}

/// The machine record tells where things are; nobody else needs to know.
fn readable_record(path: &Path) -> Option<DoctorFinding> {
    let file = File::open(path).ok()?;
    let is_private = os::readers(&file).is_ok_and(|readers| readers == Readers::Owner);
    let what = "other accounts can read the machine record";
    let fix = format!("chmod 600 {}", quoted(path));
    (!is_private).then(|| DoctorFinding::warn(Area::Permissions, what).at(path).fixed_by(fix))
}
