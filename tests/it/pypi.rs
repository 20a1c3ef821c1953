//! Packages of PyPI: what runs is what was locked, as for npm, with uv and a real server.

use std::fs;
use std::path::{Path, PathBuf};

use crate::context::{Outcome, TestContext, finish, write_private};
use crate::servers::provide_uv;

/// One request, so that there is something to answer.
const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
"#;

fn start_in(context: &TestContext, folder: &Path) -> Outcome {
    let mut command = context.command(["run", "time"]);
    command.current_dir(folder);
    finish(command, INITIALIZE)
}

fn assert_starts(context: &TestContext, why: &str) {
    let outcome = start_in(context, context.home());
    assert_eq!(outcome.code, Some(0), "{why}: {}", outcome.everything());
    assert_eq!(outcome.messages()[0]["result"]["serverInfo"]["name"], "mcp-time", "{why}");
}

fn assert_refused(context: &TestContext, code: i32, word: &str) {
    let outcome = start_in(context, context.home());
    assert_eq!(outcome.code, Some(code), "{word}: {}", outcome.everything());
    let message = outcome.messages()[0]["error"]["message"].to_string();
    assert!(message.contains(word), "`{word}` is not in: {message}");
}

/// The installs below the store, half ones too.
fn installs(context: &TestContext) -> Vec<PathBuf> {
    let store = context.home().join(".local/share/hushpipe/store");
    let entries = fs::read_dir(store).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The folder of the packages in the one install.
fn site_packages(context: &TestContext) -> PathBuf {
    let lib = installs(context)[0].join("lib");
    let python = fs::read_dir(lib).unwrap().next().unwrap().unwrap();
    python.path().join("site-packages")
}

/// A user with the manifest and the lockfile of the test servers, the lockfile changed, and nothing installed.
fn not_installed(change: impl Fn(String) -> String) -> TestContext {
    let context = TestContext::new();
    provide_uv(context.home());
    let source = crate::fixture::repository().join("tests/fixture/servers");
    let read = |name: &str| fs::read_to_string(source.join(name)).unwrap();
    context.write_manifest(&read("hushpipe.toml"));
    write_private(&context.config().join("hushpipe.lock"), &change(read("hushpipe.lock")));
    context
}

#[test]
fn a_python_server_finds_its_install_as_it_was_locked_however_often_it_starts() {
    let context = TestContext::with_installed("time");
    for time in ["first", "second"] {
        assert_starts(&context, time);
        let verified = context.run(&["verify", "time"], "");
        assert_eq!(verified.code, Some(0), "{}", verified.everything());
        assert!(!verified.text().contains("extra"), "{}", verified.text());
    }
    let explained = context.run(&["explain", "time"], "");
    assert!(explained.text().contains("PYTHONDONTWRITEBYTECODE"), "{}", explained.text());
}

/// `PYTHONPYCACHEPREFIX` made a locked server run bytecode that somebody had planted, while `verify` found nothing.
#[test]
fn no_variable_of_python_reaches_a_python_server_unless_the_user_lets_it_through() {
    let context = TestContext::with_installed("time");
    let manifest = context.config().join("hushpipe.toml");
    let original = fs::read_to_string(&manifest).unwrap();
    let table = |lines: &str| format!("{original}\n[servers.time.env]\n{lines}\n");
    for name in ["PYTHONPYCACHEPREFIX", "PYTHONWARNINGS", "OPENSSL_CONF"] {
        write_private(&manifest, &table(&format!("{name} = \"/tmp/planted\"")));
        assert_refused(&context, 78, name);
    }
    write_private(&manifest, &table("presets = [\"python\"]"));
    assert_starts(&context, "isolated");
    let verified = context.run(&["verify", "time"], "");
    assert_eq!(verified.code, Some(0), "bytecode was written: {}", verified.everything());
    let explained = context.run(&["explain", "time"], "");
    for flag in ["-I", "-u", "-B", "-Xutf8=1"] {
        assert!(explained.text().contains(flag), "{flag}: {}", explained.text());
    }
    let dangerous = "dangerously_pass = [\"PYTHONPATH\"]\nPYTHONPATH = \"/nowhere\"";
    write_private(&manifest, &table(dangerous));
    assert_starts(&context, "not isolated");
    let explained = context.run(&["explain", "time"], "");
    assert!(!explained.text().contains("-I"), "{}", explained.text());
}

#[test]
fn a_changed_or_added_python_file_is_not_started() {
    let context = TestContext::with_installed("time");
    let packages = site_packages(&context);
    let source = packages.join("mcp_server_time/server.py");
    let original = fs::read_to_string(&source).unwrap();
    fs::write(&source, format!("{original}\n# harmless\n")).unwrap();
    assert_refused(&context, 65, "server.py");
    fs::write(&source, &original).unwrap();
    assert_starts(&context, "restored");

    let programs = installs(&context)[0].join("bin");
    let cached = packages.join("mcp_server_time/__pycache__");
    for (folder, name) in [
        (&packages, "a.pth"),
        (&packages, "a.start"),
        (&packages, "sitecustomize.py"),
        (&packages, "extra.pyc"),
        (&cached, "server.cpython-399.pyc"),
        (&programs, "git"),
    ] {
        fs::write(folder.join(name), "import os").unwrap();
        assert_refused(&context, 65, name);
        fs::remove_file(folder.join(name)).unwrap();
    }
    fs::create_dir(packages.join("extra")).unwrap();
    assert_refused(&context, 65, "extra");
    fs::remove_dir(packages.join("extra")).unwrap();
    fs::write(packages.join("mcp_server_time/notes.txt"), "data of the server").unwrap();
    assert_starts(&context, "an added text file");
}

/// `python -m` would take modules from the working directory, which is the client's choice.
#[test]
fn modules_come_from_the_install_only() {
    let context = TestContext::with_installed("time");
    let folder = context.home().join("project");
    fs::create_dir(&folder).unwrap();
    for module in ["mcp_server_time.py", "asyncio.py", "sitecustomize.py"] {
        fs::write(folder.join(module), "raise SystemExit(3)").unwrap();
    }
    let mut command = context.command(["run", "time"]);
    command.current_dir(&folder).env("PYTHONPATH", &folder).env("PYTHONHOME", &folder);
    let outcome = finish(command, INITIALIZE);
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    assert_eq!(outcome.messages()[0]["result"]["serverInfo"]["name"], "mcp-time");
}

#[test]
fn a_lock_entry_with_another_hash_installs_nothing() {
    let context = not_installed(|lock| {
        // The first digit of the hash of the server's own wheel becomes its neighbour.
        let (before, after) =
            lock.split_once("\"mcp_server_time-2026.10.19-py3-none-any.whl ").unwrap();
        let (before, after) = (before, after.trim_start());
        let other = if after.starts_with('0') { '1' } else { '0' };
        format!("{before}\"mcp_server_time-2026.10.19-py3-none-any.whl {other}{}", &after[1..])
    });
    let synced = context.run(&["sync", "time"], "");
    assert_eq!(synced.code, Some(65), "{}", synced.everything());
    assert!(synced.stderr.contains("differs from the locked one"), "{}", synced.stderr);
    assert_eq!(installs(&context), Vec::<PathBuf>::new(), "a half install was left");
}

#[test]
fn a_package_that_is_source_only_is_refused_with_the_way_to_allow_it() {
    let manifest = "version = 1\n[servers.s]\npypi = \"docopt==0.6.2\"\n";
    let context = TestContext::with_manifest(manifest);
    provide_uv(context.home());
    let locked = context.run(&["lock"], "");
    assert_eq!(locked.code, Some(78), "{}", locked.everything());
    assert!(locked.stderr.contains("comes as source only"), "{}", locked.stderr);
    assert!(locked.stderr.contains("allow_sdist"), "{}", locked.stderr);
}

/// What was resolved names no index, and is the same when it is resolved again.
#[test]
fn a_lock_is_the_same_twice_and_names_no_host() {
    let manifest = "version = 1\n[servers.s]\npypi = \"mcp-server-time==2026.10.19\"\n";
    let lock = || {
        let context = TestContext::with_manifest(manifest);
        provide_uv(context.home());
        let locked = context.run(&["lock"], "");
        assert_eq!(locked.code, Some(0), "{}", locked.everything());
        fs::read_to_string(context.config().join("hushpipe.lock")).unwrap()
    };
    let first = lock();
    assert_eq!(first, lock());
    assert!(!first.contains("://"), "{first}");
    for platform in ["win_amd64", "macosx", "manylinux", "musllinux"] {
        assert!(first.contains(platform), "no files for {platform}");
    }
}

#[test]
fn a_sync_that_is_killed_leaves_nothing_that_counts() {
    let context = not_installed(|lock| lock);
    let mut sync = context.command(["sync", "time"]).spawn().unwrap();
    let begun = || installs(&context).iter().any(|folder| folder.join("pyvenv.cfg").exists());
    while !begun() {
        assert_eq!(sync.try_wait().unwrap(), None, "sync ended before it made an environment");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    sync.kill().unwrap();
    sync.wait().unwrap();
    assert_refused(&context, 78, "hushpipe sync");
    let again = context.run(&["sync", "time"], "");
    assert_eq!(again.code, Some(0), "{}", again.everything());
    assert_starts(&context, "after the second sync");
    assert_eq!(installs(&context).len(), 1, "the half install is still there");
}
