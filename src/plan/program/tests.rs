#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the exemption for tests misses helpers"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::error::Fault;
use crate::manifest::lock::LockedPackages;
use crate::manifest::lock::Lockfile;
use crate::manifest::{self, Argument, Level, Manifest, Sources};
use crate::runner::npm::{self, LockedPackage};
use crate::store::{Runtime, Store, Tie};
use crate::sys::machine::Interpreter;

/// A home with a manifest, and a runtime of its own.
struct Home {
    folder: tempfile::TempDir,
    manifest: Manifest,
}

impl Home {
    fn with(entry: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        std::fs::create_dir_all(&paths.config).unwrap();
        let entry = entry.replace("HOME", &folder.path().display().to_string());
        std::fs::write(paths.manifest(), format!("version = 1\n[servers.s]\n{entry}\n")).unwrap();
        let manifest = manifest::load(&Sources::default(), &paths).unwrap();
        let home = Self { folder, manifest };
        home.executable("node", "");
        home
    }

    fn paths(&self) -> Paths {
        Paths::below(self.folder.path())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn executable(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(name), mode).unwrap();
    }

    fn server(&self) -> &Server {
        self.manifest.server("s").unwrap()
    }

    fn lock(&self, version: &str) -> Digest {
        let mut lockfile = Lockfile::load(self.server().lock_path()).unwrap();
        let package = LockedPackage { version: version.into(), ..LockedPackage::default() };
        let locked = LockedPackages::Npm(npm::Locked {
            npm: format!("a@{version}"),
            bin: None,
            entry: "node_modules/a/index.js".into(),
            packages: BTreeMap::from([("node_modules/a".into(), package)]),
        });
        let digest = lockfile.set("s", &locked).unwrap().digest();
        lockfile.save().unwrap();
        digest
    }

    fn install(&self, lock: Digest) {
        let path = self.path("node");
        let runtime = Runtime { path, version: "v1".into(), flags: Vec::new() };
        let fill = |folder: &Path| {
            std::fs::create_dir_all(folder.join("node_modules/a")).unwrap();
            std::fs::write(folder.join("node_modules/a/index.js"), "main()").unwrap();
            Ok(vec!["--flag".into()])
        };
        Store::of(&self.paths()).install(lock, runtime, Tie::Any, &mut || (), fill).unwrap();
    }

    fn program(&self) -> Result<Program, ProgramError> {
        let machine =
            Machine { path: self.folder.path().display().to_string(), ..Machine::default() };
        program(self.server(), &self.paths(), Some(&machine))
    }

    /// The exit code and the message of a launch that must fail.
    fn failure(&self) -> (u8, String) {
        let error = self.program().unwrap_err();
        (error.kind().exit_code(), error.to_string())
    }
}

const NPM: &str = r#"npm = "a@1.0.0""#;

#[test]
fn an_installed_package_is_run_by_its_runtime_at_its_entry_point() {
    let home = Home::with(NPM);
    let digest = home.lock("1.0.0");
    home.install(digest);
    let program = home.program().unwrap();
    let entry = Store::of(&home.paths()).folder(&digest).join("node_modules/a/index.js");
    assert_eq!(program.path, home.path("node"));
    let flags = ["--no-global-search-paths", "--flag"].map(Into::into);
    assert_eq!(program.args, [&flags[..], &[entry.into_os_string()]].concat());
    assert_eq!(program.runtime_dir.as_deref(), Some(home.folder.path()));
}

#[test]
fn the_way_to_an_install_is_told_step_by_step() {
    let home = Home::with(NPM);
    let message = "server `s` is not locked: package `a@1.0.0` has no entry in the lockfile";
    assert_eq!(home.failure(), (78, message.into()));
    home.lock("0.9.0");
    let message =
        "the lock of server `s` is stale: it pins `a@0.9.0`, and the manifest says `a@1.0.0`";
    assert_eq!(home.failure(), (78, message.into()));
    let digest = home.lock("1.0.0");
    let message = "package `a@1.0.0` of server `s` is not installed on this machine";
    assert_eq!(home.failure(), (78, message.into()));
    home.install(digest);
    home.program().unwrap();
}

#[test]
fn another_entry_point_than_the_locked_one_is_stale() {
    let home = Home::with(&format!("{NPM}\nbin = \"x\""));
    home.lock("1.0.0");
    let message = "the lock of server `s` is stale: \
                   it pins `a@1.0.0`, and the manifest says `a@1.0.0` with bin `x`";
    assert_eq!(home.failure(), (78, message.into()));
}

#[test]
fn a_changed_lock_is_not_run_before_it_is_synced() {
    let home = Home::with(NPM);
    home.install(home.lock("1.0.0"));
    let path = home.server().lock_path();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("index.js", "other.js")).unwrap();
    assert_eq!(home.failure().0, 78);
}

#[test]
fn a_changed_install_is_refused_and_only_located() {
    let home = Home::with(NPM);
    let digest = home.lock("1.0.0");
    home.install(digest);
    let install = Store::of(&home.paths()).folder(&digest);
    std::fs::write(install.join("node_modules/a/index.js"), "evil()").unwrap();
    std::fs::write(install.join("node_modules/a/x.js"), "evil()").unwrap();
    let message = "the install of server `s` differs from the lock: \
                   `node_modules/a/index.js` differs from what was locked, and 1 more";
    assert_eq!(home.failure(), (65, message.into()));
    locate(home.server(), &home.paths(), None).unwrap();
}

#[test]
fn a_store_in_which_others_may_replace_an_install_is_refused() {
    let home = Home::with(NPM);
    home.install(home.lock("1.0.0"));
    let store = home.paths().data.join("store");
    for (folder, mode) in [(&store, 0o707), (&home.paths().data, 0o707)] {
        let before = std::fs::metadata(folder).unwrap().permissions();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        let message = format!("every account on this machine can change `{}`", folder.display());
        assert_eq!(home.failure(), (78, message));
        let hint = home.program().unwrap_err().hint().unwrap();
        assert_eq!(hint, format!("run `chmod go-w {}`", folder.display()));
        let runtime = Runtime { path: home.path("node"), version: "v1".into(), flags: Vec::new() };
        let fill = |_: &Path| panic!("nothing is put into an open store");
        let other = Digest::hash(b"other");
        let installed =
            Store::of(&home.paths()).install(other, runtime, Tie::Any, &mut || (), fill);
        assert_eq!(installed.unwrap_err().kind().exit_code(), 78);
        std::fs::set_permissions(folder, before).unwrap();
    }
    home.program().unwrap();
}

#[test]
fn full_integrity_hashes_what_figures_do_not_show() {
    let full = Home::with(&format!("{NPM}\nintegrity = \"full\""));
    let fast = Home::with(NPM);
    for (home, passes) in [(full, false), (fast, true)] {
        let digest = home.lock("1.0.0");
        home.install(digest);
        let store = Store::of(&home.paths());
        let file = store.folder(&digest).join("node_modules/a/index.js");
        std::fs::write(&file, "evil()").unwrap();
        // The receipt gets the figures of the changed file, the digest stays that of the locked one.
        let receipts = home.paths().state.join("receipts").join(digest.to_string());
        let receipt = std::fs::read_to_string(&receipts).unwrap();
        let old = receipt.lines().find(|line| line.ends_with("\tindex.js")).unwrap();
        let facts = os::facts_of_file(&std::fs::File::open(&file).unwrap()).unwrap().stamp;
        let tail: Vec<_> = old.split('\t').skip(5).collect();
        let (times, tail) = ((facts.modified, facts.changed), tail.join("\t"));
        let new = format!("f\t{}\t{}\t{}\t{}\t{tail}", facts.inode, facts.size, times.0, times.1);
        std::fs::write(&receipts, receipt.replace(old, &new)).unwrap();
        assert_eq!(home.program().is_ok(), passes);
    }
}

#[test]
fn a_runtime_that_is_gone_is_not_found() {
    let home = Home::with(NPM);
    home.install(home.lock("1.0.0"));
    std::fs::remove_file(home.path("node")).unwrap();
    let (code, message) = home.failure();
    assert_eq!(code, 127);
    assert!(message.ends_with("/node` of server `s` does not exist"), "{message}");
    assert!(home.program().unwrap_err().hint().unwrap().contains("hushpipe sync"));
}

/// What a compiled program begins with.
const CODE: &str = "\x7fELF and more";

/// One's own script may run, and is not called pinned; a project's, whose digest is right as well, is refused.
#[test]
fn a_script_is_pinned_by_no_digest() {
    for script in ["#!/bin/sh\necho\n", "echo", ""] {
        let digest = Digest::hash(script.as_bytes());
        let home =
            Home::with(&format!("binary = {{ path = \"HOME/tool\", sha256 = \"{digest}\" }}"));
        home.executable("tool", script);
        assert!(home.program().is_ok() && !is_pinned(home.server()), "{script}");
        let theirs = Server { level: Level::Project, ..home.server().clone() };
        let refused = super::program(&theirs, &home.paths(), None).unwrap_err();
        assert!(matches!(refused, ProgramError::Script { .. }), "{refused}");
        assert_eq!(refused.kind().exit_code(), 78);
    }
}

#[test]
fn a_node_named_by_version_is_one_of_the_machine_records() {
    let home = Home::with(&format!("{NPM}\nruntime = \"20\""));
    home.install(home.lock("1.0.0"));
    let node = |name: &str, version: &str| {
        home.executable(name, "");
        Interpreter { path: home.path(name), version: version.into() }
    };
    let chosen = |node: &Interpreter, others: &[Interpreter]| {
        let (node, other_nodes) = (Some(node.clone()), others.to_vec());
        let machine = Machine { node, other_nodes, ..Machine::default() };
        program(home.server(), &home.paths(), Some(&machine)).map(|program| program.path)
    };
    let (newest, newer) = (node("n22", "v22.1.0"), node("n20b", "v20.10.0"));
    let (older, lookalike) = (node("n20a", "v20.9.0"), node("n200", "v200.0.0"));
    assert_eq!(chosen(&newest, &[newer.clone(), older.clone()]).unwrap(), newer.path);
    assert_eq!(chosen(&older, &[newest.clone(), newer]).unwrap(), older.path);
    let error = chosen(&newest, &[lookalike]).unwrap_err();
    assert_eq!(error.kind().exit_code(), 127);
    let message = "server `s` needs Node `20`, and the machine record has none";
    assert_eq!(error.to_string(), message);
    let without = program(home.server(), &home.paths(), None).unwrap_err();
    assert_eq!(without.to_string(), message);
    std::fs::remove_file(&older.path).unwrap();
    let gone = chosen(&older, &[]).unwrap_err();
    assert!(gone.to_string().ends_with("/n20a` of server `s` does not exist"), "{gone}");
}

#[test]
fn a_binary_runs_only_with_its_digest() {
    let entry = format!(
        "binary = {{ path = \"HOME/tool\", sha256 = \"{}\" }}",
        Digest::hash(CODE.as_bytes())
    );
    let home = Home::with(&entry);
    assert_eq!(home.failure().0, 127);
    std::fs::write(home.path("tool"), CODE).unwrap();
    assert_eq!(home.failure().0, 126);
    home.executable("tool", CODE);
    let program = home.program().unwrap();
    assert_eq!((program.path, program.args), (home.path("tool"), vec![]));
    assert!(is_pinned(home.server()));
    home.executable("tool", "two");
    assert_eq!(home.failure().0, 65);
}

#[test]
fn a_command_is_looked_for_on_the_machine_records_path_only() {
    let home = Home::with(r#"command = ["tool", "--a", "b c"]"#);
    assert_eq!(home.failure().0, 127);
    home.executable("tool", "");
    let program = home.program().unwrap();
    assert_eq!(program.path, home.path("tool"));
    assert!(!is_pinned(home.server()));
    assert_eq!(program.args, Vec::<OsString>::new());
    let words: Vec<_> = home.server().args.iter().filter_map(Argument::plain).collect();
    assert_eq!(words, ["--a", "b c"]);
    let default = super::program(home.server(), &home.paths(), None).unwrap_err();
    assert_eq!(default.kind().exit_code(), 127);
}
