//! What runs is what was locked: nothing is resolved or downloaded at launch, and a changed file is not started.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::context::{Outcome, TestContext, finish, write_private};

/// One request, so that there is something to answer.
const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
"#;

fn start(context: &TestContext) -> Outcome {
    finish(context.command(["run", "memory"]), INITIALIZE)
}

fn assert_starts(context: &TestContext, why: &str) {
    let outcome = start(context);
    assert_eq!(outcome.code, Some(0), "{why}: {}", outcome.everything());
    assert_eq!(outcome.messages()[0]["result"]["serverInfo"]["name"], "memory-server", "{why}");
}

fn assert_refused(context: &TestContext, code: i32, word: &str) {
    let outcome = start(context);
    assert_eq!(outcome.code, Some(code), "{word}: {}", outcome.everything());
    let answer = &outcome.messages()[0];
    assert_eq!(answer["error"]["data"]["source"], "hushpipe", "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains(word), "`{word}` is not in: {message}");
    assert!(outcome.stderr.contains(word), "`{word}` is not in: {}", outcome.stderr);
}

/// The one file of this name below the store that belongs to the package itself.
fn installed(context: &TestContext, suffix: &str) -> PathBuf {
    fn search(folder: &Path, suffix: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                search(&entry.path(), suffix, found);
            } else if entry.path().ends_with(suffix) {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    search(&context.home().join(".local/share/hushpipe/store"), suffix, &mut found);
    assert_eq!(found.len(), 1, "{suffix}: {found:?}");
    found.remove(0)
}

#[test]
fn a_tampered_store_file_is_not_started_and_is_named() {
    let context = TestContext::with_installed("memory");
    assert_starts(&context, "untouched");

    let entry = installed(&context, "server-memory/dist/index.js");
    let original = fs::read_to_string(&entry).unwrap();
    fs::write(&entry, format!("{original}\n// harmless\n")).unwrap();
    assert_refused(&context, 65, "index.js");
    // Verify finds the same, and says where.
    let verified = context.run(&["verify", "memory"], "");
    assert_eq!(verified.code, Some(65), "{}", verified.everything());
    assert!(verified.everything().contains("dist/index.js"), "{}", verified.everything());

    // The same length and other bytes: a size is no digest.
    fs::write(&entry, original.replacen("const", "c0nst", 1)).unwrap();
    assert_refused(&context, 65, "index.js");

    // The right bytes again, with other times: a restored backup is no tampering.
    fs::write(&entry, &original).unwrap();
    assert_starts(&context, "restored");
    assert_starts(&context, "restored, with the receipt refreshed");
}

#[test]
fn an_added_file_is_refused_where_it_could_be_loaded() {
    let context = TestContext::with_installed("memory");
    let folder = installed(&context, "server-memory/dist/index.js").parent().unwrap().to_owned();

    let notes = folder.join("notes.txt");
    fs::write(&notes, "a server may keep data beside itself").unwrap();
    assert_starts(&context, "an added text file");
    let verified = context.run(&["verify", "memory"], "");
    assert!(verified.everything().contains("notes.txt"), "{}", verified.everything());

    for name in ["extra.js", "extra.mjs", "extra.node", "package.json"] {
        let added = folder.join(name);
        fs::write(&added, "{}").unwrap();
        assert_refused(&context, 65, name);
        fs::remove_file(added).unwrap();
        assert_starts(&context, name);
    }
    fs::remove_file(folder.join("index.js")).unwrap();
    assert_refused(&context, 65, "index.js");
}

/// `require('x')` runs a file `x` that stands where packages do, whatever its suffix.
#[test]
fn a_file_without_suffix_where_packages_stand_is_refused() {
    let context = TestContext::with_installed("memory");
    let server = installed(&context, "server-memory/package.json").parent().unwrap().to_owned();
    let scope = server.parent().unwrap();
    for folder in [scope, scope.parent().unwrap()] {
        let added = folder.join("evil");
        fs::write(&added, "console.error('evil')").unwrap();
        assert_refused(&context, 65, "evil");
        let verified = context.run(&["verify", "memory"], "");
        assert_eq!(verified.code, Some(65), "{}", verified.everything());
        fs::remove_file(added).unwrap();
        assert_starts(&context, "gone again");
    }
}

/// Node goes up from the store to the root of the file system for what a package would like to have.
#[test]
fn a_package_above_the_store_is_not_loaded() {
    let context = TestContext::with_installed("memory");
    let above = context.home().join("node_modules");
    fs::create_dir_all(above.join("unrelated")).unwrap();
    assert_starts(&context, "a package that nobody asks for");
    // An optional peer of the SDK, which npm does not install by itself.
    fs::create_dir_all(above.join("@cfworker/json-schema")).unwrap();
    assert_refused(&context, 65, "@cfworker/json-schema");
    fs::remove_dir_all(&above).unwrap();
    assert_starts(&context, "gone again");
    let explained = context.run(&["explain", "memory"], "");
    assert!(explained.text().contains("--no-global-search-paths"), "{}", explained.text());
}

#[test]
fn a_manifest_that_moved_on_from_its_lock_is_not_started() {
    let context = TestContext::with_installed("memory");
    let manifest = fs::read_to_string(context.config().join("hushpipe.toml")).unwrap();
    context.write_manifest(&manifest.replace("server-memory@2026.8.31", "server-memory@2026.8.30"));
    assert_refused(&context, 78, "hushpipe lock");
    context.write_manifest(&manifest);
    assert_starts(&context, "the locked version again");
    fs::remove_dir_all(context.home().join(".local/share/hushpipe/store")).unwrap();
    let outcome = start(&context);
    assert!([65, 78].contains(&outcome.code.unwrap()), "{}", outcome.everything());
    assert!(outcome.stderr.contains("hushpipe sync"), "{}", outcome.stderr);
}

#[test]
fn a_missing_runtime_is_named() {
    let context = TestContext::with_installed("memory");
    let manifest = fs::read_to_string(context.config().join("hushpipe.toml")).unwrap();
    let table = "[servers.memory]\n";
    context.write_manifest(
        &manifest.replace(table, &format!("{table}runtime = \"/not/there/node\"\n")),
    );
    assert_refused(&context, 127, "/not/there/node");
}

#[test]
fn a_lockfile_with_another_hash_installs_nothing() {
    let context = TestContext::new();
    for file in ["hushpipe.toml", "hushpipe.lock"] {
        let path = crate::fixture::repository().join("tests/fixture/servers").join(file);
        fs::copy(path, context.config().join(file)).unwrap();
    }
    let path = context.config().join("hushpipe.lock");
    let lock = fs::read_to_string(&path).unwrap();
    // The first letter of every hash becomes its neighbour: none of them can match.
    let hashes: Vec<&str> =
        lock.match_indices("sha512-").map(|(at, _)| &lock[at..at + 8]).collect();
    assert!(!hashes.is_empty());
    let swapped = |hash: &str| if hash.ends_with('A') { "sha512-B" } else { "sha512-A" };
    let tampered = hashes.iter().fold(lock.clone(), |lock, hash| lock.replace(hash, swapped(hash)));
    assert_ne!(tampered, lock);
    fs::write(&path, tampered).unwrap();
    let synced = context.run(&["sync", "memory"], "");
    assert_eq!(synced.code, Some(65), "{}", synced.everything());
    assert_eq!(installs(&context), Vec::<PathBuf>::new(), "a half install was left");
}

/// What stands in the store beside its lock.
fn installs(context: &TestContext) -> Vec<PathBuf> {
    let entries = fs::read_dir(context.home().join(".local/share/hushpipe/store")).unwrap();
    let mut installs: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    installs.retain(|path| path.is_dir());
    installs
}

#[test]
fn two_installs_at_once_end_in_one_good_one() {
    let context = TestContext::new();
    for file in ["hushpipe.toml", "hushpipe.lock"] {
        let path = crate::fixture::repository().join("tests/fixture/servers").join(file);
        fs::copy(path, context.config().join(file)).unwrap();
    }
    std::thread::scope(|scope| {
        let sync = || context.run(&["sync", "memory"], "");
        let both = [scope.spawn(sync), scope.spawn(sync)];
        for outcome in both.map(|thread| thread.join().unwrap()) {
            assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
        }
    });
    assert_starts(&context, "after two syncs");
    assert_eq!(installs(&context).len(), 1, "one install, nothing half done");
}

/// The package manager dies with a `sync` that is killed, nothing half done counts, and the next `sync` starts afresh.
#[cfg(target_os = "linux")]
#[test]
fn a_sync_that_is_killed_leaves_nothing_that_counts() {
    use crate::process;

    const HANGS_ONCE: &str = r#"
const fs = require('fs');
const write = (text) => fs.writeFileSync('node_modules/a/index.js', text);
fs.mkdirSync('node_modules/a', { recursive: true });
const hung = process.env.HOME + '/hung';
if (fs.existsSync(hung)) {
  write('whole');
} else {
  write('half');
  fs.writeFileSync(hung + '~', String(process.pid));
  fs.renameSync(hung + '~', hung);
  setInterval(() => {}, 1000);
}
"#;
    let hash = "A".repeat(86);
    let lock = format!(
        "version = 1\n[servers.a]\nnpm = \"a@1.0.0\"\nentry = \"node_modules/a/index.js\"\n\
         [servers.a.packages.\"node_modules/a\"]\nversion = \"1.0.0\"\nintegrity = \"sha512-{hash}==\"\n"
    );
    let context = TestContext::with_manifest("version = 1\n[servers.a]\nnpm = \"a@1.0.0\"\n");
    write_private(&context.config().join("hushpipe.lock"), &lock);
    let programs = context.home().join("programs");
    fs::create_dir(&programs).unwrap();
    fs::write(programs.join("npm-cli.js"), HANGS_ONCE).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(programs.join("npm-cli.js"), executable).unwrap();
    std::os::unix::fs::symlink("npm-cli.js", programs.join("npm")).unwrap();
    // Both where a login shell looks and where we do, whatever the shell of whoever runs this test.
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    for profile in [".profile", ".zprofile"] {
        fs::write(context.home().join(profile), format!("export PATH='{path}'\n")).unwrap();
    }
    let sync = || {
        let mut command = context.command(["sync"]);
        command.env("PATH", &path);
        command
    };

    let mut killed = sync().spawn().unwrap();
    let hung = context.home().join("hung");
    while !hung.exists() {
        assert_eq!(killed.try_wait().unwrap(), None, "sync ended before npm hung");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let npm = fs::read_to_string(&hung).unwrap().parse().unwrap();
    process::wait_until_gone(&[npm]);
    assert_eq!(context.run(&["verify"], "").code, Some(78), "a half install counts");

    let again = finish(sync(), b"");
    assert_eq!(again.code, Some(0), "{}", again.everything());
    assert_eq!(context.run(&["verify"], "").code, Some(0));
    assert_eq!(fs::read_to_string(installed(&context, "a/index.js")).unwrap(), "whole");
    assert_eq!(installs(&context).len(), 1, "the half install is still there");
}

/// `tools` and `call` start the server exactly as `run` does and print what a client would get.
#[test]
fn the_built_in_client_shows_what_a_client_would_get() {
    let home = crate::servers::home();
    let (name, value) = crate::servers::SERVERS[0].secret().unwrap();
    let run = |args: &[&str]| finish(crate::servers::hushpipe(home, args), b"");
    let tools = run(&["tools", "everything"]);
    assert_eq!(tools.code, Some(0), "{}", tools.everything());
    assert!(tools.text().contains("get-env"), "{}", tools.text());
    let called = run(&["call", "everything", "get-env"]);
    assert!(called.text().contains(&format!("[hushpipe:{name}]")), "{}", called.everything());
    assert!(!called.everything().contains(&value), "{}", called.everything());
    let sum = run(&["call", "everything", "get-sum", &json!({"a": 2, "b": 40}).to_string()]);
    assert!(sum.text().contains("42"), "{}", sum.everything());
    let unknown = run(&["call", "everything", "no-such-tool"]);
    assert_ne!(unknown.code, Some(0));
}
