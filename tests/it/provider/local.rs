//! The kinds whose values are on this machine.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use super::world::{CANARY, World};
use super::{Case, Tried};
use crate::keyring::{Bus, Keyring};

/// Longer than any value may be.
const TOO_LONG: usize = 1024 * 1024 + 1;

/// Bytes that are no text.
const NO_TEXT: &[u8] = b"\xff\xfe\x01-no-text";

const NEARBY: &str =
    "it is on this machine: there is no connection to be refused, overheard or overloaded";
const AGAIN: &str = "what fails on this machine fails in the same way a moment later";
const COUNTED: &str = "nobody counts who reads it; `provider::resolve::tests` counts the fetches";
const ANY_BYTES: &str = "any bytes are a value, so none are malformed or too few";

fn json() -> String {
    format!("{{\"key\":\"{CANARY}\"}}")
}

/// A user who has this in the keychain of a desktop session.
fn in_keychain(value: &[u8]) -> (Keyring, World) {
    let (keyring, mut world) = (Keyring::start(), World::new());
    world.set("DBUS_SESSION_BUS_ADDRESS", keyring.bus().address());
    world.must_store("keychain://token", value);
    (keyring, world)
}

pub(super) fn keychain(case: Case) -> Tried {
    const TOKEN: &str = "keychain://token";
    match case {
        Case::Found => in_keychain(CANARY.as_bytes()).1.gives(TOKEN, CANARY.as_bytes()),
        Case::Missing => in_keychain(b"x").1.fails("keychain://nobody", 77, "was not found"),
        Case::WrongField => {
            let (_keyring, world) = in_keychain(json().as_bytes());
            world.gives("keychain://token#key", CANARY.as_bytes())?;
            world.fails("keychain://token#nobody", 77, "the field `nobody` was not found")
        }
        Case::WrongVersion => {
            World::new().fails("keychain://token?version=1", 78, "cannot have `?version=`")
        }
        Case::Denied => {
            let (keyring, world) = in_keychain(CANARY.as_bytes());
            keyring.lock();
            world.does_not_start(TOKEN, 77, "the keychain is locked")
        }
        Case::Unreachable => {
            let (bus, mut world) = (Bus::start(), World::new());
            world.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
            world.does_not_start(TOKEN, 69, "no keychain program answers")
        }
        Case::Silent => {
            let mut world = World::new();
            let socket = world.home().join("bus");
            let _listener = UnixListener::bind(&socket).expect("a socket");
            world.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
            world.does_not_start(TOKEN, 75, "gave no answer within")
        }
        Case::Huge => {
            let (_keyring, world) = in_keychain(b"x");
            let outcome = world.store(TOKEN, &vec![b'x'; TOO_LONG]);
            assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
            world.gives(TOKEN, b"x")
        }
        Case::NotUtf8 => in_keychain(NO_TEXT).1.gives(TOKEN, NO_TEXT),
        Case::Changed => {
            let (_keyring, world) = in_keychain(b"one");
            world.gives(TOKEN, b"one")?;
            world.must_store(TOKEN, CANARY.as_bytes());
            world.gives(TOKEN, CANARY.as_bytes())
        }
        Case::Untrusted | Case::Busy => Err(NEARBY),
        Case::Malformed | Case::Truncated => {
            Err("the bus hands on whole, well-formed messages only, whatever a keyring sends")
        }
        Case::Deduplicated => Err(COUNTED),
        Case::Retried | Case::Final => Err(AGAIN),
    }
}

/// A user who has this in hushpipe's own store.
fn in_store(value: &[u8]) -> World {
    let world = World::new();
    world.must_store("local://token", value);
    world
}

pub(super) fn store(case: Case) -> Tried {
    const TOKEN: &str = "local://token";
    let file = |world: &World| world.home().join(".local/share/hushpipe/secrets/local.age");
    match case {
        Case::Found => in_store(CANARY.as_bytes()).gives(TOKEN, CANARY.as_bytes()),
        Case::Missing => in_store(b"x").fails("local://nobody", 77, "was not found"),
        Case::WrongField => {
            let world = in_store(json().as_bytes());
            world.gives("local://token#key", CANARY.as_bytes())?;
            world.fails("local://token#nobody", 77, "the field `nobody` was not found")
        }
        Case::WrongVersion => {
            World::new().fails("local://token?version=1", 78, "cannot have `?version=`")
        }
        Case::Denied => {
            let world = in_store(CANARY.as_bytes());
            let key = world.home().join(".config/hushpipe/local.key");
            fs::set_permissions(key, Permissions::from_mode(0o644)).expect("set");
            world.fails(TOKEN, 77, "other users can read the key file")
        }
        Case::Malformed => {
            let world = in_store(CANARY.as_bytes());
            fs::write(file(&world), b"age-encryption.org/v1\nno such thing\n").expect("written");
            world.fails(TOKEN, 74, "is damaged, or another program changed it")
        }
        Case::Truncated => {
            let world = in_store(CANARY.as_bytes());
            let whole = fs::read(file(&world)).expect("read");
            fs::write(file(&world), &whole[..whole.len() - 1]).expect("written");
            world.fails(TOKEN, 74, "is damaged, or another program changed it")
        }
        Case::Huge => {
            let world = in_store(b"x");
            let outcome = world.store(TOKEN, &vec![b'x'; TOO_LONG]);
            assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
            world.gives(TOKEN, b"x")
        }
        Case::NotUtf8 => in_store(NO_TEXT).gives(TOKEN, NO_TEXT),
        Case::Changed => {
            let world = in_store(b"one");
            world.gives(TOKEN, b"one")?;
            world.must_store(TOKEN, CANARY.as_bytes());
            world.gives(TOKEN, CANARY.as_bytes())
        }
        Case::Unreachable | Case::Untrusted | Case::Silent | Case::Busy => Err(NEARBY),
        Case::Deduplicated => Err(COUNTED),
        Case::Retried | Case::Final => Err(AGAIN),
    }
}

/// A user who starts hushpipe with this variable.
fn in_environment(value: &[u8]) -> World {
    let mut world = World::new();
    world.set("GIVEN", std::ffi::OsString::from_vec(value.to_vec()));
    world
}

pub(super) fn env(case: Case) -> Tried {
    const GIVEN: &str = "env://GIVEN";
    match case {
        Case::Found => in_environment(CANARY.as_bytes()).gives(GIVEN, CANARY.as_bytes()),
        Case::Missing => World::new().fails(GIVEN, 77, "was not found"),
        Case::WrongField => {
            let world = in_environment(json().as_bytes());
            world.gives("env://GIVEN#key", CANARY.as_bytes())?;
            world.fails("env://GIVEN#nobody", 77, "the field `nobody` was not found")
        }
        Case::WrongVersion => {
            World::new().fails("env://GIVEN?version=1", 78, "cannot have `?version=`")
        }
        Case::NotUtf8 => in_environment(NO_TEXT).gives(GIVEN, NO_TEXT),
        Case::Changed => {
            let mut world = in_environment(b"one");
            world.gives(GIVEN, b"one")?;
            world.set("GIVEN", CANARY);
            world.gives(GIVEN, CANARY.as_bytes())
        }
        Case::Denied => Err("whoever starts hushpipe has given it what it reads there"),
        Case::Huge => {
            Err("no program can be started with a variable that is too long to be passed on")
        }
        Case::Malformed | Case::Truncated => Err(ANY_BYTES),
        Case::Unreachable | Case::Untrusted | Case::Silent | Case::Busy => Err(NEARBY),
        Case::Deduplicated => Err(COUNTED),
        Case::Retried | Case::Final => Err(AGAIN),
    }
}

/// A user with a file that holds this, its path and its reference.
fn in_file(value: &[u8]) -> (World, PathBuf, String) {
    let world = World::new();
    let path = world.home().join("value");
    fs::write(&path, value).expect("written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("set");
    let reference = format!("file://{}", path.display());
    (world, path, reference)
}

pub(super) fn file(case: Case) -> Tried {
    match case {
        Case::Found => {
            let (world, _, reference) = in_file(CANARY.as_bytes());
            world.gives(&reference, CANARY.as_bytes())
        }
        Case::Missing => {
            let (world, _, reference) = in_file(b"x");
            world.fails(&format!("{reference}-2"), 77, "was not found")
        }
        Case::WrongField => {
            let (world, _, reference) = in_file(json().as_bytes());
            world.gives(&format!("{reference}#key"), CANARY.as_bytes())?;
            world.fails(&format!("{reference}#nobody"), 77, "the field `nobody` was not found")
        }
        Case::WrongVersion => {
            let (world, _, reference) = in_file(b"x");
            world.fails(&format!("{reference}?version=1"), 78, "cannot have `?version=`")
        }
        Case::Denied => {
            let (world, path, reference) = in_file(CANARY.as_bytes());
            fs::set_permissions(path, Permissions::from_mode(0o602)).expect("set");
            world.fails(&reference, 78, "every account on this machine can change")
        }
        Case::Silent => {
            let (world, path, reference) = in_file(b"x");
            fs::remove_file(&path).expect("removed");
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR).expect("a pipe");
            world.fails(&reference, 78, "is not a regular file")
        }
        Case::Huge => {
            let (world, _, reference) = in_file(&vec![b'x'; TOO_LONG]);
            world.fails_with(&reference, ", deliver = \"file\"", 78, "is longer than")
        }
        Case::NotUtf8 => {
            let (world, _, reference) = in_file(NO_TEXT);
            world.gives(&reference, NO_TEXT)
        }
        Case::Changed => {
            let (world, path, reference) = in_file(b"one");
            world.gives(&reference, b"one")?;
            fs::write(path, CANARY).expect("written");
            world.gives(&reference, CANARY.as_bytes())
        }
        Case::Malformed | Case::Truncated => Err(ANY_BYTES),
        Case::Unreachable | Case::Untrusted | Case::Busy => Err(NEARBY),
        Case::Deduplicated => Err(COUNTED),
        Case::Retried | Case::Final => Err(AGAIN),
    }
}
