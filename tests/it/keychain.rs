//! `keychain://` against a real gnome-keyring: what a person stores a server gets, and nobody is ever asked in `run`.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::context::{ASK_ENVIRONMENT, Outcome, TestContext, finish};
use crate::keyring::{Bus, Keyring};

const VALUE: &str = "canary-keychain-4f0b7d9e21";

/// Far less than a person may take for a password, and far more than all that is asked without one.
const WITHOUT_A_PERSON: Duration = Duration::from_secs(60);

const TABLES: &str = "[servers.server.secrets]\nTOKEN = \"keychain://token\"\n";

/// A user with the echo server, whose secret is in this user's keychain, and nothing in it yet.
fn user() -> TestContext {
    TestContext::with_example("echo_server", &[], TABLES)
}

/// Lets a command find this bus as a program of a desktop session does.
fn on(bus: &Bus, mut command: Command) -> Command {
    command.env("DBUS_SESSION_BUS_ADDRESS", bus.address());
    command
}

fn hushpipe(user: &TestContext, bus: &Bus, args: &[&str], stdin: &str) -> Outcome {
    finish(on(bus, user.command(args)), stdin.as_bytes())
}

/// The same, where it has to succeed.
fn must(user: &TestContext, bus: &Bus, args: &[&str], stdin: &str) -> String {
    let outcome = hushpipe(user, bus, args, stdin);
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.everything());
    outcome.everything()
}

/// The server was given the value, and the client reads its marker.
fn assert_served(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    assert!(outcome.text().contains("[hushpipe:TOKEN]"), "{}", outcome.everything());
    assert!(!outcome.everything().contains(VALUE));
}

/// The launch failed with this exit code and these words, on stderr and to the client.
fn assert_refused(outcome: &Outcome, code: i32, words: &str, hint: &str) {
    assert_eq!(outcome.code, Some(code), "{}", outcome.everything());
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    let hints = outcome.stderr.lines().filter(|line| line.starts_with("hushpipe: hint: "));
    assert!(hints.into_iter().any(|line| line.contains(hint)), "{}", outcome.stderr);
    let answer = &outcome.messages()[0]["error"];
    assert!(answer.to_string().contains(words), "{answer}");
}

#[test]
fn what_a_person_stores_a_server_gets_and_nobody_else() {
    let (keyring, user) = (Keyring::start(), user());
    let bus = keyring.bus();
    let said = must(&user, bus, &["secret", "set", "keychain://token"], &format!("{VALUE}\n"));
    assert!(said.contains(&format!("stored `keychain://token`, {} bytes", VALUE.len())), "{said}");
    let said = must(&user, bus, &["secret", "set", "keychain://token"], VALUE);
    assert!(said.contains("replaced `keychain://token`"), "{said}");
    assert!(must(&user, bus, &["secret", "test", "server"], "").contains("ok"));
    assert_served(&hushpipe(&user, bus, &["run", "server"], ASK_ENVIRONMENT));

    must(&user, bus, &["secret", "set", "keychain://other/thing"], "another-value");
    let listed = must(&user, bus, &["secret", "list", "--json"], "");
    let listed: serde_json::Value = serde_json::from_str(listed.trim()).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "of our service only: {listed}");
    assert_eq!(listed[0]["reference"], "keychain://token");
    assert!(listed[0]["updated"].is_string() && listed[0]["length"].is_null(), "{listed}");

    must(&user, bus, &["secret", "remove", "--yes", "keychain://token"], "");
    let outcome = hushpipe(&user, bus, &["run", "server"], ASK_ENVIRONMENT);
    let missing = "`token` of service `hushpipe` in the keychain was not found";
    assert_refused(&outcome, 77, missing, "`hushpipe secret set keychain://token`");
    let again = hushpipe(&user, bus, &["secret", "remove", "--yes", "keychain://token"], "");
    assert_eq!(again.code, Some(77), "{}", again.everything());
}

#[test]
fn secret_tool_reads_what_hushpipe_stored_and_replaces_it() {
    let (keyring, user) = (Keyring::start(), user());
    let bus = keyring.bus();
    must(&user, bus, &["secret", "set", "keychain://token"], "first");
    let names = ["service", "hushpipe", "username", "token"];
    let lookup = || keyring.secret_tool(&[&["lookup"][..], &names].concat(), b"").stdout;
    assert_eq!(lookup(), b"first");
    let store = [&["store", "--label=x"][..], &names].concat();
    assert!(keyring.secret_tool(&store, VALUE.as_bytes()).status.success());
    assert_served(&hushpipe(&user, bus, &["run", "server"], ASK_ENVIRONMENT));
    must(&user, bus, &["secret", "set", "keychain://token"], "third");
    assert_eq!(lookup(), b"third");
    must(&user, bus, &["secret", "remove", "--yes", "keychain://token"], "");
    assert_eq!(lookup(), b"");
}

#[test]
fn an_item_of_secret_tool_is_found_by_service_and_account() {
    let keyring = Keyring::start();
    let tables = "[servers.server.secrets]\nTOKEN = \"keychain://work/me@example.org\"\n";
    let user = TestContext::with_example("echo_server", &[], tables);
    let store = ["store", "--label=x", "service", "work", "username", "me@example.org"];
    // As `echo` gives it.
    assert!(keyring.secret_tool(&store, format!("{VALUE}\n").as_bytes()).status.success());
    assert_served(&hushpipe(&user, keyring.bus(), &["run", "server"], ASK_ENVIRONMENT));
    let listed = must(&user, keyring.bus(), &["secret", "test", "server"], "");
    assert!(listed.contains(&format!("{} bytes", VALUE.len())), "{listed}");
}

#[test]
fn two_items_that_answer_to_one_reference_are_refused() {
    let (keyring, user) = (Keyring::start(), user());
    for more in ["one", "two"] {
        let store =
            ["store", "--label=x", "service", "hushpipe", "username", "token", "more", more];
        assert!(keyring.secret_tool(&store, VALUE.as_bytes()).status.success());
    }
    let outcome = hushpipe(&user, keyring.bus(), &["run", "server"], ASK_ENVIRONMENT);
    let words = "2 items of the keychain are `token` of service `hushpipe`";
    assert_refused(&outcome, 78, words, "remove all but one");
    let set = hushpipe(&user, keyring.bus(), &["secret", "set", "keychain://token"], VALUE);
    assert_eq!(set.code, Some(78), "{}", set.everything());
}

#[test]
fn the_bus_is_found_where_clients_pass_no_variable_of_it() {
    let (keyring, user) = (Keyring::start(), user());
    must(&user, keyring.bus(), &["secret", "set", "keychain://token"], VALUE);
    let mut run = user.command(["run", "server"]);
    run.env_remove("DBUS_SESSION_BUS_ADDRESS");
    run.env("XDG_RUNTIME_DIR", keyring.bus().runtime_folder());
    assert_served(&finish(run, ASK_ENVIRONMENT.as_bytes()));

    if !nix::unistd::Uid::effective().is_root() {
        return; // only root can give a process a `/run` of its own
    }
    let mut alone = Command::new("unshare");
    alone.args(["--mount", "sh", "-c"]);
    alone.arg(
        "mount -t tmpfs none /run && mkdir -p -m 700 /run/user/0 && ln -s \"$0\" /run/user/0/bus && \
         exec \"$@\"",
    );
    alone.arg(keyring.bus().socket()).arg(env!("CARGO_BIN_EXE_hushpipe")).args(["run", "server"]);
    alone.env_clear().env("HOME", user.home()).env("PATH", "/usr/bin:/bin");
    alone.envs([("LOGNAME", "root"), ("SHELL", "/bin/sh"), ("TERM", "dumb"), ("USER", "root")]);
    assert_served(&finish(alone, ASK_ENVIRONMENT.as_bytes()));
}

#[test]
fn a_locked_keychain_is_an_error_and_never_a_question() {
    let (keyring, user) = (Keyring::start(), user());
    let bus = keyring.bus();
    must(&user, bus, &["secret", "set", "keychain://token"], VALUE);
    keyring.lock();
    let outcome = hushpipe(&user, bus, &["run", "server"], ASK_ENVIRONMENT);
    assert_refused(&outcome, 77, "the keychain is locked", "ask the user to unlock it");
    // A person's verb does ask, and without a desktop nobody answers.
    for verb in [&["secret", "set", "keychain://token"][..], &["secret", "test", "server"]] {
        let outcome = hushpipe(&user, bus, verb, VALUE);
        assert_eq!(outcome.code, Some(77), "{verb:?}: {}", outcome.everything());
        assert!(outcome.stderr.contains("nobody entered its password"), "{}", outcome.stderr);
    }
}

#[test]
fn a_machine_without_a_keychain_is_told_what_to_use() {
    let (bus, user) = (Bus::start(), user());
    let outcome = hushpipe(&user, &bus, &["run", "server"], ASK_ENVIRONMENT);
    assert_refused(&outcome, 69, "no keychain program answers", "`local://NAME`");
    let outcome = user.run(&["run", "server"], ASK_ENVIRONMENT);
    assert_refused(&outcome, 69, "there is no session bus at", "`local://NAME`");
    let set = user.run(&["secret", "set", "keychain://token"], VALUE);
    assert_eq!(set.code, Some(69), "{}", set.everything());
    assert_eq!(user.run(&["secret", "list"], "").code, Some(0));
}

#[test]
fn a_bus_address_that_starts_programs_or_leaves_the_machine_is_refused() {
    let user = user();
    let mark = user.home().join("started");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    for address in [
        format!("unixexec:path=/bin/touch,argv1={}", mark.display()),
        format!("tcp:host=127.0.0.1,port={port}"),
        "autolaunch:".to_owned(),
        "unix:abstract=/tmp/dbus-canary".to_owned(),
    ] {
        let mut run = user.command(["run", "server"]);
        run.env("DBUS_SESSION_BUS_ADDRESS", &address);
        let outcome = finish(run, ASK_ENVIRONMENT.as_bytes());
        let words = "`DBUS_SESSION_BUS_ADDRESS` does not name a socket in the file system";
        assert_refused(&outcome, 77, words, "remove `DBUS_SESSION_BUS_ADDRESS`");
        assert!(!mark.exists());
    }
    listener.set_nonblocking(true).expect("set");
    assert!(listener.accept().is_err(), "nobody was connected to");
}

#[test]
fn a_bus_that_somebody_else_could_have_made_is_refused() {
    let user = user();
    let folder = user.home().join("open");
    fs::create_dir(&folder).expect("a folder");
    let _listener = UnixListener::bind(folder.join("bus")).expect("a socket");
    let run = || {
        let mut run = user.command(["run", "server"]);
        run.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/bus", folder.display()));
        finish(run, ASK_ENVIRONMENT.as_bytes())
    };
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("opened");
    assert_refused(&run(), 78, "every account on this machine can change", "chmod go-w");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("closed");
    if nix::unistd::Uid::effective().is_root() {
        let other = Some(nix::unistd::Uid::from_raw(12345));
        nix::unistd::chown(&folder.join("bus"), other, None).expect("given away");
        assert_refused(&run(), 78, "belongs to user id 12345", "chown");
    }
}

#[test]
fn a_bus_that_never_answers_costs_its_time_and_no_more() {
    let user = user();
    let socket = user.home().join("bus");
    let listener = UnixListener::bind(&socket).expect("a socket");
    // Accepts, keeps the connection and says nothing.
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept() {
            kept.push(connection);
        }
    });
    let said = "the keychain gave no answer within 4500 ms";
    let mut run = user.command(["run", "server"]);
    let address = format!("unix:path={}", socket.display());
    run.env("DBUS_SESSION_BUS_ADDRESS", &address);
    assert_refused(&finish(run, ASK_ENVIRONMENT.as_bytes()), 75, said, "restart it");
    // Nor are those who wait for a person's password kept by a bus on which nobody asks for one.
    for verb in [
        &["secret", "test", "server"][..],
        &["secret", "set", "keychain://token"],
        &["secret", "list"],
        &["doctor"],
    ] {
        let mut command = user.command(verb);
        command.env("DBUS_SESSION_BUS_ADDRESS", &address);
        let start = Instant::now();
        let outcome = finish(command, VALUE.as_bytes());
        assert!(outcome.everything().contains(said), "{verb:?}: {}", outcome.everything());
        assert!(start.elapsed() < WITHOUT_A_PERSON, "{verb:?} took {:?}", start.elapsed());
    }
}

#[test]
fn a_key_of_several_lines_keeps_its_last_newline() {
    let keyring = Keyring::start();
    let tables =
        "[servers.server.secrets]\nKEY = { ref = \"keychain://key\", deliver = \"file\" }\n";
    let user = TestContext::with_example("echo_server", &[], tables);
    let key = "-----BEGIN X KEY-----\nY2FuYXJ5LWtleWNoYWlu\n-----END X KEY-----\n";
    must(&user, keyring.bus(), &["secret", "set", "keychain://key"], key);
    let tested = must(&user, keyring.bus(), &["secret", "test", "server"], "");
    assert!(tested.contains(&format!("{} bytes", key.len())), "{tested}");
}

#[test]
fn the_local_store_moves_its_key_into_the_keychain() {
    let keyring = Keyring::start();
    let bus = keyring.bus();
    let tables = "[servers.server.secrets]\nTOKEN = \"local://token\"\n";
    let user = TestContext::with_example("echo_server", &[], tables);
    must(&user, bus, &["secret", "set", "local://token"], VALUE);
    assert!(must(&user, bus, &["check"], "").contains("no safer than plaintext"));
    let manifest = fs::read_to_string(user.config().join("hushpipe.toml")).expect("read");
    let local = "[providers.local]\ntype = \"local\"\nkey = \"keychain://local-key\"\n";
    user.write_manifest(&format!("{manifest}{local}"));

    let outcome = hushpipe(&user, bus, &["run", "server"], ASK_ENVIRONMENT);
    assert_refused(&outcome, 74, "its key is missing", "`hushpipe secret rekey --from KEY`");
    let said = must(&user, bus, &["secret", "rekey"], "");
    assert!(said.contains("opened by the keychain's `local-key` of service `hushpipe`"), "{said}");
    fs::remove_file(user.config().join("local.key")).expect("it was left");
    assert_served(&hushpipe(&user, bus, &["run", "server"], ASK_ENVIRONMENT));
    assert!(!must(&user, bus, &["check"], "").contains("no safer than plaintext"));
    must(&user, bus, &["secret", "set", "local://another"], "another-value");
    assert!(!user.config().join("local.key").exists());
    let outcome = user.run(&["run", "server"], ASK_ENVIRONMENT);
    assert_refused(&outcome, 69, "the local store's key is in the keychain", "secret rekey --from");
}

#[test]
fn many_starts_at_once_and_killed_starts_leave_the_keychain_as_it_was() {
    let (keyring, user) = (Keyring::start(), user());
    must(&user, keyring.bus(), &["secret", "set", "keychain://token"], VALUE);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                assert_served(&hushpipe(&user, keyring.bus(), &["run", "server"], ASK_ENVIRONMENT));
            });
        }
    });
    for round in 0..50 {
        let mut run = on(keyring.bus(), user.command(["run", "server"]));
        run.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = run.spawn().expect("hushpipe starts");
        thread::sleep(std::time::Duration::from_millis(round % 25));
        child.kill().expect("ended");
        child.wait().expect("it ends");
    }
    assert_served(&hushpipe(&user, keyring.bus(), &["run", "server"], ASK_ENVIRONMENT));
    let listed = must(&user, keyring.bus(), &["secret", "list"], "");
    assert_eq!(listed.lines().filter(|line| line.contains("keychain://")).count(), 1, "{listed}");
}
