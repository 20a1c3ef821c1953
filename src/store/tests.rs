#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the exemption for tests misses helpers"
)]

use std::cell::Cell;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A store in a home of its own, with one small install in it.
struct Home {
    folder: tempfile::TempDir,
    store: Store,
    receipt: Receipt,
}

const FILES: &[(&str, &str)] = &[
    ("package.json", "{}"),
    ("node_modules/a/package.json", "{}"),
    ("node_modules/a/dist/index.js", "main()"),
    ("node_modules/a/dist/util.js", "util"),
    ("node_modules/a/README.md", "read me"),
];

const ENTRY: &str = "node_modules/a/dist/index.js";

fn fill(folder: &Path) -> error::Result<Vec<String>> {
    for (name, content) in FILES {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    std::fs::create_dir(folder.join("node_modules/.bin")).unwrap();
    symlink("../a/dist/index.js", folder.join("node_modules/.bin/a")).unwrap();
    Ok(vec!["--flag".into()])
}

fn lock() -> Digest {
    Digest::hash(b"lock")
}

fn runtime() -> Runtime {
    Runtime { path: "/usr/bin/node".into(), version: "v1".into(), flags: Vec::new() }
}

fn empty() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::of(&Paths::below(folder.path()));
    (folder, store)
}

fn home() -> Home {
    let (folder, store) = empty();
    let installed = store.install(lock(), runtime(), Tie::Any, &mut || (), fill).unwrap();
    assert!(installed.filled);
    Home { folder, store, receipt: installed.receipt }
}

impl Home {
    fn path(&self, name: &str) -> PathBuf {
        self.store.folder(&lock()).join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), content).unwrap();
    }

    /// What a launch sees: the receipt on disk, compared by figures.
    fn launch(&self) -> CheckResult {
        let receipt = self.store.receipt(&lock()).unwrap();
        self.store.check(&receipt, Depth::Figures).unwrap()
    }

    fn faults(&self) -> Vec<String> {
        self.launch().differences.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn a_new_install_is_whole_and_its_receipt_is_on_disk() {
    let home = home();
    assert_eq!(home.store.receipt(&lock()).unwrap(), home.receipt);
    assert_eq!(home.receipt.runtime.flags, ["--flag"]);
    for depth in [Depth::Figures, Depth::Content] {
        assert_eq!(home.store.check(&home.receipt, depth).unwrap(), CheckResult::default());
    }
}

#[test]
fn a_changed_file_is_refused_though_size_and_time_are_put_back() {
    let home = home();
    let before = std::fs::metadata(home.path(ENTRY)).unwrap().modified().unwrap();
    home.write(ENTRY, "evil()");
    let file = std::fs::File::options().write(true).open(home.path(ENTRY)).unwrap();
    file.set_modified(before).unwrap();
    assert_eq!(home.faults(), [format!("`{ENTRY}` differs from what was locked")]);
}

#[test]
fn a_file_put_in_the_place_of_another_is_refused() {
    let home = home();
    home.write("node_modules/a/dist/notes.txt", "evil()");
    std::fs::rename(home.path("node_modules/a/dist/notes.txt"), home.path(ENTRY)).unwrap();
    assert_eq!(home.faults(), [format!("`{ENTRY}` differs from what was locked")]);
}

#[test]
fn missing_files_folders_and_installs_are_refused() {
    let home = home();
    std::fs::remove_file(home.path("node_modules/a/README.md")).unwrap();
    assert_eq!(home.faults(), ["`node_modules/a/README.md` is missing"]);
    std::fs::remove_dir_all(home.path("node_modules/a")).unwrap();
    assert_eq!(home.faults(), ["`node_modules/a` is missing", "`node_modules/a/dist` is missing"]);
    std::fs::remove_dir_all(home.path("")).unwrap();
    assert_eq!(home.faults().len(), 1);
}

#[test]
fn a_link_in_the_place_of_a_file_or_folder_is_refused() {
    let home = home();
    std::fs::rename(home.path(ENTRY), home.folder.path().join("index.js")).unwrap();
    symlink(home.folder.path().join("index.js"), home.path(ENTRY)).unwrap();
    assert_eq!(home.faults(), [format!("`{ENTRY}` differs from what was locked")]);
    std::fs::rename(home.path("node_modules/a"), home.folder.path().join("a")).unwrap();
    symlink(home.folder.path().join("a"), home.path("node_modules/a")).unwrap();
    assert_eq!(home.faults()[0], "`node_modules/a` is missing");
}

#[test]
fn a_link_that_leads_elsewhere_is_refused() {
    let home = home();
    std::fs::remove_file(home.path("node_modules/.bin/a")).unwrap();
    symlink("../a/dist/util.js", home.path("node_modules/.bin/a")).unwrap();
    assert_eq!(home.faults(), ["`node_modules/.bin/a` differs from what was locked"]);
}

#[test]
fn what_could_be_loaded_may_not_be_added() {
    for name in [
        "node_modules/a/dist/extra.js",
        "node_modules/a/dist/util",
        "node_modules/b/readme.txt",
        "node_modules/a/node_modules/b/readme.txt",
        "node_modules/@scope/readme.txt",
        "new/folder/deep/inside/x.node",
    ] {
        let home = home();
        home.write(name, "x");
        let faults = home.faults();
        assert!(faults.len() == 1 && faults[0].contains("was added"), "{name}: {faults:?}");
    }
    let home = home();
    symlink("README.md", home.path("node_modules/a/notes")).unwrap();
    assert_eq!(home.faults(), ["`node_modules/a/notes` was added and could be loaded as code"]);
}

#[test]
fn a_servers_own_data_is_allowed_named_and_looked_at_once() {
    let home = home();
    home.write("node_modules/a/dist/memory.jsonl", "{}");
    home.write("node_modules/a/data/notes/today.txt", "x");
    let findings = home.launch();
    let data = ["node_modules/a/data/notes/today.txt", "node_modules/a/dist/memory.jsonl"];
    assert_eq!((findings.differences.len(), findings.extra), (0, data.map(Into::into).to_vec()));
    assert!(findings.renewed.is_some());
    assert_eq!(home.launch(), CheckResult::default());
    let all = home.store.check(&home.store.receipt(&lock()).unwrap(), Depth::Content).unwrap();
    assert_eq!(all.extra, data);
}

#[test]
fn a_folder_that_a_server_added_stays_under_watch() {
    let home = home();
    home.write("node_modules/a/data/notes.txt", "x");
    assert_eq!(home.faults(), [""; 0]);
    home.write("node_modules/a/data/p.js", "evil()");
    assert_eq!(home.faults(), ["`node_modules/a/data/p.js` was added and could be loaded as code"]);
    std::fs::remove_dir_all(home.path("node_modules/a/data")).unwrap();
    assert_eq!(home.faults(), [""; 0]);
    assert_eq!(home.launch(), CheckResult::default());
}

#[test]
fn other_figures_with_the_same_content_pass_and_are_remembered() {
    let home = home();
    let (place, copy) = (home.path(""), home.folder.path().join("copy"));
    let copied = |from: &Path, to: &Path| {
        let receipt = Receipt { folders: Vec::new(), ..home.receipt.clone() };
        std::fs::create_dir(to).unwrap();
        tree::carry_over(from, to, &receipt).unwrap();
    };
    copied(&place, &copy);
    // What counts as code is not carried over, so it is copied by hand.
    assert!(fill(&copy.join("code")).is_ok());
    for (name, _) in FILES {
        std::fs::create_dir_all(copy.join(name).parent().unwrap()).unwrap();
        std::fs::copy(copy.join("code").join(name), copy.join(name)).unwrap();
    }
    std::fs::create_dir(copy.join("node_modules/.bin")).ok();
    symlink("../a/dist/index.js", copy.join("node_modules/.bin/a")).unwrap();
    std::fs::remove_dir_all(copy.join("code")).unwrap();
    std::fs::remove_dir_all(&place).unwrap();
    std::fs::rename(&copy, &place).unwrap();
    let findings = home.launch();
    assert_eq!((findings.differences, findings.renewed.is_some()), (Vec::new(), true));
    assert_eq!(home.launch(), CheckResult::default());
}

#[test]
fn only_hashing_finds_a_change_whose_figures_were_forged() {
    let home = home();
    home.write(ENTRY, "evil()");
    let (_, stamp) = tree::hashed(&home.path(ENTRY)).unwrap();
    let mut receipt = home.receipt.clone();
    let at = receipt.folders.iter().position(|folder| folder.path.ends_with("dist")).unwrap();
    let mut forged = Entries::default();
    for entry in receipt.folders[at].entries.iter().map(Result::unwrap) {
        let stamp = if entry.name == "index.js" { stamp } else { entry.stamp };
        forged.push(&EntryRecord { stamp, ..entry });
    }
    receipt.folders[at].entries = forged;
    assert_eq!(home.store.check(&receipt, Depth::Figures).unwrap().differences, []);
    assert_eq!(home.store.check(&receipt, Depth::Content).unwrap().differences.len(), 1);
}

#[test]
fn what_other_users_may_write_is_refused() {
    let home = home();
    let mode = |name: &str, mode| {
        std::fs::set_permissions(home.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(ENTRY, 0o664);
    assert_eq!(home.faults(), [format!("other users can change `{ENTRY}`")]);
    mode(ENTRY, 0o644);
    mode("node_modules/a", 0o777);
    assert_eq!(home.faults(), ["other users can change `node_modules/a`"]);
    mode("node_modules/a", 0o755);
    assert_eq!(home.faults(), [""; 0]);
}

#[test]
fn an_install_closes_what_a_package_left_open_to_others() {
    let (_folder, store) = empty();
    let open = |folder: &Path| {
        std::fs::write(folder.join("a.js"), "x").unwrap();
        let mode = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.join("a.js"), mode).unwrap();
        Ok(Vec::new())
    };
    let receipt = store.install(lock(), runtime(), Tie::Any, &mut || (), open).unwrap().receipt;
    assert_eq!(store.check(&receipt, Depth::Content).unwrap(), CheckResult::default());
}

#[test]
fn what_a_receipt_cannot_state_is_not_installed() {
    type Maker = fn(&Path);
    let makers: &[(Maker, &str)] = &[
        (|folder| symlink("../../x", folder.join("l")).unwrap(), "points outside the install"),
        (|folder| symlink("/etc/passwd", folder.join("l")).unwrap(), "points outside the install"),
        (|folder| std::fs::write(folder.join("a\nb"), "").unwrap(), "cannot record the name"),
        (
            |folder| {
                let mode = nix::sys::stat::Mode::S_IRUSR;
                nix::unistd::mkfifo(&folder.join("pipe"), mode).unwrap();
            },
            "is neither a file, a folder nor a link",
        ),
    ];
    for (make, message) in makers {
        let (_folder, store) = empty();
        let error = store
            .install(lock(), runtime(), Tie::Any, &mut || (), |folder| {
                make(folder);
                Ok(Vec::new())
            })
            .unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.exit_code(), 65);
        assert!(matches!(store.receipt(&lock()), Err(StoreError::NotInstalled)));
    }
}

#[test]
fn a_whole_install_is_not_filled_again_but_learns_its_runtime() {
    let home = home();
    let other = Runtime { version: "v2".into(), ..runtime() };
    let nothing = |_: &Path| panic!("filled again");
    let installed = home.store.install(lock(), other, Tie::Any, &mut || (), nothing).unwrap();
    assert!(!installed.filled);
    let runtime = home.store.receipt(&lock()).unwrap().runtime;
    assert_eq!((runtime.version.as_str(), runtime.flags), ("v2", vec!["--flag".into()]));
}

#[test]
fn a_broken_install_is_filled_again_and_keeps_its_servers_data() {
    let home = home();
    home.write("node_modules/a/dist/memory.jsonl", "{}");
    home.write("node_modules/a/data/notes.txt", "x");
    home.write("node_modules/a/dist/evil.js", "evil()");
    std::fs::remove_file(home.path(ENTRY)).unwrap();
    let installed = home.store.install(lock(), runtime(), Tie::Any, &mut || (), fill).unwrap();
    assert!(installed.filled);
    assert_eq!(home.launch(), CheckResult::default());
    let data = std::fs::read_to_string(home.path("node_modules/a/data/notes.txt")).unwrap();
    assert_eq!(data, "x");
    assert!(home.path("node_modules/a/dist/memory.jsonl").exists());
    assert!(!home.path("node_modules/a/dist/evil.js").exists());
}

#[test]
fn a_failed_fill_leaves_nothing() {
    let (_folder, store) = empty();
    let failing = |folder: &Path| {
        fill(folder)?;
        Err(StoreError::Worker.into())
    };
    assert!(store.install(lock(), runtime(), Tie::Any, &mut || (), failing).is_err());
    let left: Vec<_> = std::fs::read_dir(&store.installs).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "only the lock file: {left:?}");
    assert!(matches!(store.receipt(&lock()), Err(StoreError::NotInstalled)));
}

#[test]
fn every_moment_of_being_killed_is_repaired() {
    type Accident = fn(&Home);
    let accidents: &[Accident] = &[
        // While filling a first install.
        |home| {
            std::fs::rename(home.path(""), home.store.installs.join(format!(".new-{}-x", lock())))
                .unwrap();
            std::fs::remove_dir_all(&home.store.receipts).unwrap();
        },
        // After the install has its name, before the receipt.
        |home| std::fs::remove_dir_all(&home.store.receipts).unwrap(),
        // Between the two moves of a replacement.
        |home| std::fs::rename(home.path(""), home.store.old(&lock())).unwrap(),
        // After them, while the old folder was being removed.
        |home| {
            std::fs::create_dir(home.store.old(&lock())).unwrap();
            std::fs::write(home.store.old(&lock()).join("half"), "").unwrap();
        },
    ];
    for accident in accidents {
        let home = home();
        home.write("node_modules/a/dist/memory.jsonl", "{}");
        accident(&home);
        home.store.install(lock(), runtime(), Tie::Any, &mut || (), fill).unwrap();
        assert_eq!(home.launch(), CheckResult::default());
        let left = std::fs::read_dir(&home.store.installs).unwrap().count();
        assert_eq!(left, 2, "the install and the lock file");
    }
}

#[test]
fn of_two_that_install_at_once_one_works_and_both_find_it_done() {
    let (_folder, store) = empty();
    let fills = AtomicUsize::new(0);
    let install = || {
        let counted = |folder: &Path| {
            fills.fetch_add(1, Ordering::SeqCst);
            fill(folder)
        };
        store.install(lock(), runtime(), Tie::Any, &mut || (), counted).unwrap().receipt
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(install);
        let mine = install();
        assert_eq!(mine, other.join().unwrap());
    });
    assert_eq!(fills.load(Ordering::SeqCst), 1);
}

#[test]
fn who_waits_is_told() {
    let home = home();
    let turn = home.store.turn(&mut || ()).unwrap();
    let told = Cell::new(false);
    std::thread::scope(|scope| {
        let store = &home.store;
        let (sender, waiting) = std::sync::mpsc::channel();
        scope.spawn(move || drop(store.turn(&mut || sender.send(()).unwrap()).unwrap()));
        told.set(waiting.recv().is_ok());
        drop(turn);
    });
    assert!(told.get());
}

#[test]
fn a_receipt_that_others_may_write_or_that_is_another_ones_is_refused() {
    let home = home();
    let path = home.store.receipts.join(lock().to_string());
    let other = Digest::hash(b"other");
    std::fs::copy(&path, home.store.receipts.join(other.to_string())).unwrap();
    assert!(matches!(home.store.receipt(&other), Err(StoreError::Malformed(_))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(home.store.receipt(&lock()), Err(StoreError::Insecure(_))));
}
