#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the exemption for tests misses helpers"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;
use crate::runner::{NpmPackage, Progress, Refusal, RunnerError, What};
use crate::sys::env::OwnEnv;

/// A folder with a stand-in for npm: a shell script that gets npm's arguments in npm's folder.
struct Bench {
    folder: tempfile::TempDir,
    npm: Npm,
}

fn bench(script: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let shim = folder.path().join("npm");
    std::fs::write(&shim, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&shim, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir(folder.path().join("work")).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let own = OwnEnv::of([
        ("HOME", "/h"),
        ("LC_ALL", "C.UTF-8"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("NODE_OPTIONS", "--require=/evil.js"),
        ("npm_config_registry", "http://127.0.0.1:1"),
        ("GITHUB_TOKEN", "x"),
    ]);
    let npm = Npm::find(Path::new("/nowhere/bin/node"), path.as_ref(), &own).unwrap();
    Bench { folder, npm }
}

impl Bench {
    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn resolve(&self, bin: Option<&str>) -> Result<Resolved, RunnerError> {
        resolve(&self.npm, &package(), bin, &self.work(), &mut |_| ())
    }

    fn install(&self, locked: &Locked) -> Result<Vec<String>, RunnerError> {
        install(&self.npm, &package(), locked, &[], &self.work(), &mut |_| ())
    }
}

fn package() -> NpmPackage {
    NpmPackage { name: "@a/server".into(), version: semver::Version::new(1, 0, 0) }
}

const HASH: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// What npm writes for a package with one dependency; `more` goes into the dependency.
fn package_lock(more: &str) -> String {
    format!(
        r#"{{"name":"install","lockfileVersion":3,"requires":true,"packages":{{
        "":{{"dependencies":{{"@a/server":"1.0.0"}}}},
        "node_modules/@a/server":{{"version":"1.0.0","resolved":"https://r.example/s.tgz","integrity":"sha512-{HASH}",
          "license":"MIT","bin":{{"server":"dist/i.js","other":"o.js"}},"engines":{{"node":">=18"}},
          "dependencies":{{"b":"^2.0.0"}},"peerDependencies":{{"p":"*"}},"peerDependenciesMeta":{{"p":{{"optional":true}}}}}},
        "node_modules/b":{{"version":"2.1.0","integrity":"sha1-x sha512-{HASH}","os":["linux"],"libc":"glibc",
          "optional":true,"hasInstallScript":true,"engines":["node"]{more}}},
        "node_modules/left":{{"version":"1.0.0","integrity":"sha512-{HASH}","extraneous":true}}}}}}"#
    )
}

/// A stand-in for npm that resolves to this.
fn resolving(lock: &str) -> Bench {
    bench(&format!("cat > package-lock.json <<'END'\n{lock}\nEND"))
}

#[test]
fn what_npm_resolved_is_kept_without_the_registrys_host() {
    let resolved = resolving(&package_lock("")).resolve(None).unwrap();
    assert_eq!(resolved.locked.npm, "@a/server@1.0.0");
    assert_eq!(resolved.locked.entry, "node_modules/@a/server/dist/i.js");
    assert_eq!(resolved.install_scripts, ["b@2.1.0"]);
    let names: Vec<_> = resolved.locked.packages.keys().collect();
    assert_eq!(names, ["node_modules/@a/server", "node_modules/b"]);
    let b = &resolved.locked.packages["node_modules/b"];
    assert_eq!(b.integrity.as_deref(), Some(format!("sha512-{HASH}").as_str()));
    assert!(b.optional && b.install_script && b.engines.is_empty());
    assert_eq!(
        (b.os.as_slice(), b.libc.as_slice()),
        (&["linux".into()][..], &["glibc".into()][..])
    );
    let text = toml::to_string_pretty(&resolved.locked).unwrap();
    assert!(!text.contains("://"), "{text}");
    assert_eq!(toml::from_str::<Locked>(&text).unwrap(), resolved.locked);
}

#[test]
fn the_manifests_choice_of_a_program_is_recorded() {
    let locked = resolving(&package_lock("")).resolve(Some("other")).unwrap().locked;
    assert_eq!(locked.entry, "node_modules/@a/server/o.js");
    assert_eq!(locked.bin.as_deref(), Some("other"));
}

#[test]
fn a_package_without_programs_runs_its_main() {
    let lock = package_lock("").replace(r#""bin":{"server":"dist/i.js","other":"o.js"},"#, "");
    let script = |answer: &str| {
        format!(
            "test $1 = view && {{ echo '{answer}'; exit; }}\ncat > package-lock.json <<'END'\n{lock}\nEND"
        )
    };
    let main = |answer: &str| bench(&script(answer)).resolve(None).unwrap().locked.entry;
    assert_eq!(main(r#""./lib/main.js""#), "node_modules/@a/server/lib/main.js");
    assert_eq!(main(""), "node_modules/@a/server/index.js");
}

/// What a refused closure holds.
fn rejected(error: &RunnerError) -> Option<&Rejected> {
    std::error::Error::source(error)?.downcast_ref()
}

#[test]
fn anything_that_is_not_from_a_registry_is_refused() {
    let git = r#","resolved":"git+ssh://git@example/b.git#1""#;
    let file = r#","resolved":"file:../b""#;
    let link = r#","link":true"#;
    for (more, what) in [(git, "git+ssh"), (file, "file:"), (link, "node_modules/b")] {
        let error = resolving(&package_lock(more)).resolve(None).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(matches!(error, RunnerError::Rejected { .. }) && cause.contains(what), "{cause}");
    }
    let url = package_lock("").replace("^2.0.0", "https://example/b.tgz");
    let error = resolving(&url).resolve(None).unwrap_err();
    let source = Rejected::Source {
        package: "node_modules/@a/server".into(),
        dependency: "b@https://example/b.tgz".into(),
    };
    assert_eq!(rejected(&error), Some(&source));
    let weak = package_lock("").replace(&format!(r#""sha1-x sha512-{HASH}""#), r#""sha1-x""#);
    let error = resolving(&weak).resolve(None).unwrap_err();
    let source = Rejected::Integrity("node_modules/b".into());
    assert_eq!(rejected(&error), Some(&source));
}

#[test]
fn npm_gets_a_lock_for_exactly_what_was_locked() {
    let locked = resolving(&package_lock("")).resolve(None).unwrap().locked;
    let bench = bench(
        "mkdir -p node_modules/@a/server/dist; echo x > node_modules/@a/server/dist/i.js\n\
         echo '{}' > node_modules/.package-lock.json",
    );
    assert_eq!(bench.install(&locked).unwrap(), [""; 0]);
    assert!(!bench.work().join("node_modules/.package-lock.json").exists());
    let text = std::fs::read_to_string(bench.work().join("package-lock.json")).unwrap();
    assert!(!text.contains("resolved") && !text.contains("://"), "{text}");
    // What npm would read from our file is what npm itself had written.
    let again = package_lock::read(&text).unwrap();
    assert_eq!(again, locked.packages);
}

#[test]
fn a_package_without_its_entry_point_is_not_installed() {
    let locked = resolving(&package_lock("")).resolve(None).unwrap().locked;
    let error = bench("mkdir node_modules").install(&locked).unwrap_err();
    assert!(matches!(error, RunnerError::NoEntry { .. }));
}

#[test]
fn npm_runs_with_chosen_variables_and_without_foreign_code() {
    let bench = bench("env > env; echo \"$@\" > args; exit 1");
    assert!(bench.resolve(None).is_err());
    let read = |name: &str| std::fs::read_to_string(bench.work().join(name)).unwrap();
    let env = read("env");
    let mut names: Vec<_> = env.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // What the shell itself adds.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "HTTPS_PROXY", "LC_ALL", "PATH"]);
    let args = read("args");
    for option in ["--ignore-scripts", "--package-lock-only", "--git=hushpipe-runs-no-git"] {
        assert!(args.contains(option), "{option}");
    }
}

#[test]
fn npms_refusal_is_told_with_its_words() {
    let bench = bench(
        r#"echo 'npm http fetch GET 200 https://r.example/b 1ms' >&2
        echo '{"error":{"code":"ETARGET","summary":"No matching version","detail":""}}'; exit 1"#,
    );
    let error = bench.resolve(None).unwrap_err();
    let message = "package `@a/server@1.0.0` or a dependency has no such version";
    assert_eq!(error.to_string(), message);
    assert!(matches!(error, RunnerError::Refused(Refusal { what: What::NoVersion, .. })));
}

#[test]
fn progress_counts_archives_up_to_the_total() {
    let mut seen = Vec::new();
    let mut report = |progress: Progress| seen.push(progress.done);
    let mut count = tool::counting(&mut report, Some(2), |line| line.contains(".tgz "));
    for line in [
        "npm http fetch GET 200 https://r.example/b 10ms (cache hit)",
        "npm http fetch GET 200 https://r.example/b/-/b-1.0.0.tgz 10ms (cache hit)",
        "npm http fetch GET 404 https://r.example/c/-/c-1.0.0.tgz 10ms",
        "npm http fetch GET 200 https://r.example/d/-/d-1.0.0.tgz 10ms",
        "npm http fetch GET 200 https://r.example/d/-/d-1.0.0.tgz 10ms",
    ] {
        count(line);
    }
    drop(count);
    assert_eq!(seen, [1, 2]);
}

#[test]
fn a_lock_entry_is_held_to_the_shape_npm_gives_it() {
    let good = resolving(&package_lock("")).resolve(None).unwrap().locked;
    assert_eq!(good.check(&package()), Ok(()));
    let with = |change: fn(&mut Locked)| {
        let mut locked = good.clone();
        change(&mut locked);
        locked.check(&package()).unwrap_err()
    };
    fn put(locked: &mut Locked, path: &str) {
        let package = locked.packages["node_modules/b"].clone();
        locked.packages.insert(path.into(), package);
    }
    let path = |path: &str| Rejected::Path(path.into());
    assert_eq!(with(|l| put(l, "../evil")), path("../evil"));
    assert_eq!(with(|l| put(l, "node_modules/../evil")), path("node_modules/../evil"));
    assert_eq!(with(|l| put(l, "node_modules/.bin")), path("node_modules/.bin"));
    assert_eq!(with(|l| put(l, "node_modules/b/dist")), path("node_modules/b/dist"));
    assert_eq!(with(|l| put(l, "node_modules/@s")), path("node_modules/@s"));
    for entry in ["node_modules/b/x.js", "node_modules/@a/server/../x.js", "/x.js"] {
        let mut locked = good.clone();
        locked.entry = entry.into();
        assert_eq!(locked.check(&package()), Err(Rejected::Entry(entry.into())));
    }
    let range = with(|l| l.packages.values_mut().for_each(|p| p.version = "^1.0.0".into()));
    assert!(matches!(range, Rejected::Absent(_)));
    let none = with(|l| l.packages.values_mut().for_each(|p| p.integrity = None));
    assert!(matches!(none, Rejected::Integrity(_)));
    let other = NpmPackage { version: semver::Version::new(1, 0, 1), ..package() };
    assert!(matches!(good.check(&other), Err(Rejected::Absent(_))));
}

#[test]
fn aliases_pass_and_sources_behind_them_do_not() {
    let mut locked = resolving(&package_lock("")).resolve(None).unwrap().locked;
    let mut check = |wanted: &str| {
        let server = locked.packages.get_mut("node_modules/@a/server").unwrap();
        server.dependencies.insert("b".into(), wanted.into());
        locked.check(&package())
    };
    for wanted in ["^2.0.0 || 3", "latest", "npm:c@^1", "npm:@s/c@~1.2", ""] {
        assert_eq!(check(wanted), Ok(()), "{wanted}");
    }
    for wanted in ["github:a/b", "a/b", "file:../b", "npm:c@file:../x", "git+https://e/b.git"] {
        assert!(matches!(check(wanted), Err(Rejected::Source { .. })), "{wanted}");
    }
}

/// `a` bundles `b`, which needs `c` and has its own `d`; both stand below `a`.
fn bundling() -> Locked {
    let inside = |edges: &[&str]| LockedPackage {
        version: "1.0.0".into(),
        bundled: true,
        dependencies: edges.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect(),
        ..LockedPackage::default()
    };
    let mut locked = resolving(&package_lock("")).resolve(None).unwrap().locked;
    let server = "node_modules/@a/server";
    locked.packages.get_mut(server).unwrap().bundle_dependencies = vec!["b".into()];
    for (path, package) in [
        ("node_modules/b", inside(&["c"])),
        ("node_modules/b/node_modules/d", inside(&[])),
        ("node_modules/c", inside(&[])),
    ] {
        locked.packages.insert(format!("{server}/{path}"), package);
    }
    locked
}

#[test]
fn a_package_without_a_hash_is_inside_an_archive_that_has_one() {
    let good = bundling();
    assert_eq!(good.check(&package()), Ok(()));
    let server = "node_modules/@a/server";
    let refused = |change: &dyn Fn(&mut Locked)| {
        let mut locked = bundling();
        change(&mut locked);
        match locked.check(&package()) {
            Err(Rejected::NotHeld(path)) => path,
            other => panic!("{other:?}"),
        }
    };
    // As locks were that did not keep which packages are bundled.
    let forgotten = refused(&|locked| {
        locked.packages.get_mut(server).unwrap().bundle_dependencies.clear();
    });
    assert_eq!(forgotten, format!("{server}/node_modules/b"));
    let beside = refused(&|locked| {
        let package = locked.packages.remove(&format!("{server}/node_modules/c")).unwrap();
        locked.packages.insert("node_modules/c".into(), package);
    });
    assert_eq!(beside, "node_modules/c");
    let unrelated = refused(&|locked| {
        let package =
            LockedPackage { version: "1.0.0".into(), bundled: true, ..Default::default() };
        locked.packages.insert(format!("{server}/node_modules/e"), package);
    });
    assert_eq!(unrelated, format!("{server}/node_modules/e"));
}

#[test]
fn npm_is_told_what_is_bundled_and_given_no_address_to_fetch_it_from() {
    let written = package_lock::write(&package(), &bundling()).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let at = |path: &str| &written["packages"][path];
    let server = "node_modules/@a/server";
    assert_eq!(at(server)["bundleDependencies"], serde_json::json!(["b"]));
    assert_eq!(at(server)["resolved"], serde_json::Value::Null);
    let resolved = at(&format!("{server}/node_modules/b"))["resolved"].as_str().unwrap();
    assert!(resolved.starts_with("https://bundled.invalid/"), "{resolved}");
}

#[test]
fn all_dependencies_are_bundled_where_a_package_says_so() {
    let lock = package_lock("").replace(
        r#""dependencies":{"b":"^2.0.0"}"#,
        r#""dependencies":{"b":"^2.0.0"},"bundleDependencies":true"#,
    );
    let locked = resolving(&lock).resolve(None).unwrap().locked;
    assert_eq!(locked.packages["node_modules/@a/server"].bundle_dependencies, ["b"]);
}

#[test]
fn optional_packages_that_the_registry_does_not_have_are_set_apart() {
    let lock = package_lock("").replace(
        r#""dependencies":{"b":"^2.0.0"}"#,
        r#""optionalDependencies":{"b":"^2.0.0","of-mars":"1.0.0"}"#,
    );
    let locked = resolving(&lock).resolve(None).unwrap().locked;
    assert_eq!(locked.unavailable(), ["of-mars@1.0.0"]);
    let written = package_lock::write(&package(), &locked).unwrap();
    assert!(!written.contains("of-mars") && written.contains("\"b\": \"^2.0.0\""), "{written}");
}
