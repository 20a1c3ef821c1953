use std::collections::BTreeMap;

use super::*;
use crate::runner::npm::{self, LockedPackage};

fn locked(version: &str) -> LockedPackages {
    let package = LockedPackage {
        version: version.into(),
        integrity: Some("sha512-x".into()),
        dependencies: BTreeMap::from([("b".into(), "^1 || ^2".into()), ("c".into(), "".into())]),
        os: vec!["linux".into(), "darwin".into()],
        ..LockedPackage::default()
    };
    LockedPackages::Npm(npm::Locked {
        npm: format!("@s/a@{version}"),
        bin: None,
        entry: "node_modules/@s/a/index.js".into(),
        packages: BTreeMap::from([("node_modules/@s/a".into(), package)]),
    })
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("hushpipe.lock")
}

fn parse(text: &str) -> Result<Lockfile, LockError> {
    Lockfile::parse("hushpipe.lock".into(), text)
}

/// A lockfile with these servers, all of the same package.
fn with(names: &[&str]) -> Lockfile {
    let mut lockfile = parse("version = 1\n").unwrap();
    for name in names {
        lockfile.set(name, &locked("1.0.0")).unwrap();
    }
    lockfile
}

#[test]
fn a_lockfile_reads_back_as_it_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut lockfile = Lockfile::load(file(&folder)).unwrap();
    assert!(lockfile.entries.is_empty());
    lockfile.set("dotted.name", &locked("1.0.0")).unwrap();
    lockfile.set("plain", &locked("2.0.0")).unwrap();
    lockfile.save().unwrap();
    let again = Lockfile::load(file(&folder)).unwrap();
    assert_eq!(again, lockfile);
    assert_eq!(again.entry("dotted.name").unwrap().locked().unwrap(), locked("1.0.0"));
    let head = again.entry("plain").unwrap().head().unwrap();
    assert_eq!((head.npm.as_deref(), head.bin), (Some("@s/a@2.0.0"), None));
    assert_eq!(head.entry, "node_modules/@s/a/index.js");
}

#[test]
fn the_file_is_one_line_per_fact_in_one_order() {
    let text = with(&["b", "a.b"]).to_text();
    let expected = r#"# What `hushpipe lock` resolved. Commit it; change it with `hushpipe lock` only.
version = 1

[servers."a.b"]
npm = "@s/a@1.0.0"
entry = "node_modules/@s/a/index.js"

[servers."a.b".packages."node_modules/@s/a"]
version = "1.0.0"
integrity = "sha512-x"
os = [
    "linux",
    "darwin",
]
dependencies = [
    "b ^1 || ^2",
    "c ",
]

[servers.b]
"#;
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn locking_one_server_leaves_the_lines_of_the_others() {
    let other = "[servers.x]\nnpm = 'x@1.0.0'\nentry = 'node_modules/x/i.js' # by hand\n";
    let mut lockfile = parse(&format!("version = 1\n{other}")).unwrap();
    lockfile.set("y", &locked("1.0.0")).unwrap();
    assert!(lockfile.to_text().contains(other));
}

#[test]
fn a_digest_tells_contents_apart_and_servers_of_one_package_not() {
    let lockfile = with(&["one", "two.three"]);
    let digest = |name: &str| lockfile.entry(name).unwrap().digest();
    assert_eq!(digest("one"), digest("two.three"));
    let mut other = with(&["one"]);
    other.set("one", &locked("1.0.1")).unwrap();
    assert_ne!(other.entry("one").unwrap().digest(), digest("one"));
    let edited = lockfile.to_text().replace("sha512-x", "sha512-y");
    assert_ne!(parse(&edited).unwrap().entry("one").unwrap().digest(), digest("one"));
}

#[test]
fn line_endings_and_blank_lines_at_the_end_change_no_digest() {
    let lockfile = with(&["one", "two"]);
    for text in [
        lockfile.to_text().replace('\n', "\r\n"),
        lockfile.to_text().replace("[servers.two]", "\n\n[servers.two]") + "\n\n",
    ] {
        let other = parse(&text).unwrap();
        for name in ["one", "two"] {
            let digest = |lockfile: &Lockfile| lockfile.entry(name).unwrap().digest();
            assert_eq!(digest(&other), digest(&lockfile));
        }
    }
}

#[test]
fn what_two_lock_at_once_is_both_kept() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::below(folder.path());
    let change = |name: &str| {
        let set = |lock: &mut Lockfile| lock.set(name, &locked("1.0.0")).map(drop);
        Lockfile::change(file(&folder), &paths, set).unwrap();
    };
    let names: Vec<_> = (0..20).map(|n| format!("s{n}")).collect();
    std::thread::scope(|scope| {
        names.iter().for_each(|name| drop(scope.spawn(|| change(name))));
    });
    assert_eq!(Lockfile::load(file(&folder)).unwrap().entries.len(), names.len());
}

#[test]
fn an_unchanged_lockfile_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::below(folder.path());
    Lockfile::change(file(&folder), &paths, |lock| Ok(lock.retain(|_| true))).unwrap();
    assert!(!file(&folder).exists());
}

#[test]
fn an_entry_that_does_not_read_is_told_in_words() {
    let text = "version = 1\n[servers.a]\nnpm = 1\n";
    let error = parse(text).unwrap().entry("a").unwrap().locked().unwrap_err();
    let message = "cannot read the lock entry of server `a`: \
                   line 2: invalid type: integer `1`, expected a string";
    assert_eq!(error.to_string(), message);
}

#[test]
fn servers_that_the_manifest_no_longer_has_are_dropped() {
    let mut lockfile = with(&["a", "b", "c"]);
    assert_eq!(lockfile.retain(|name| name == "b"), ["a", "c"]);
    assert_eq!(lockfile.entries.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn what_is_not_a_lockfile_is_refused() {
    for (text, message) in [
        ("", "missing field `version`"),
        ("version = 1\nother = 2\n", "unknown field `other`"),
        ("version = 1\n[servers.a]\nx = 1\n[servers.a]\n", "server `a` is listed twice"),
        ("version = 1\n<<<<<<< ours\n", "cannot read lockfile `hushpipe.lock`"),
        ("version = 1\n[servers.a] # a\nx = 1\n", "unknown field `servers`"),
        ("version = 2\n", "lockfile `hushpipe.lock` has version 2, and this hushpipe reads 1"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.kind().exit_code(), 78);
    }
}

#[test]
fn a_section_holds_its_own_server_only() {
    let other = "[servers]\nb = { npm = 'b@1.0.0', entry = 'b', packages = {} }\n";
    let lockfile = parse(&(with(&["a"]).to_text() + other)).unwrap();
    assert!(matches!(lockfile.entry("a").unwrap().locked(), Err(LockError::Mixed { .. })));
    // A string of several lines cannot hide a section: cut at its header, neither part reads.
    let text = "version = 1\n[servers.a]\nnpm = '''\n[servers.b]\nentry = ''' \n";
    let lockfile = parse(text).unwrap();
    assert!(lockfile.entry("a").unwrap().head().is_err());
    assert!(lockfile.entry("b").unwrap().head().is_err());
}

#[cfg(unix)]
#[test]
fn a_lockfile_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    Lockfile::load(file(&folder)).unwrap().save().unwrap();
    let mode = std::fs::metadata(file(&folder)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    std::fs::set_permissions(file(&folder), std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(Lockfile::load(file(&folder)), Err(LockError::Insecure(_))));
}
