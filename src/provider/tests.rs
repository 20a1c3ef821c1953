//! One contract for every provider of the table: what it must give, and what it must refuse.

use super::*;
use crate::secret::{Delivery, SecretRequest};

#[cfg(target_os = "linux")]
#[path = "../../tests/it/keyring.rs"]
#[expect(
    dead_code,
    clippy::disallowed_methods,
    reason = "shared with the integration tests, which use all of it, to start a keyring of a test's own"
)]
mod keyring;

const CANARY: &str = "canary-77aa";

/// A home of its own with an environment, in which each provider has been given values.
struct World {
    home: tempfile::TempDir,
    paths: Paths,
    env: Vec<(String, Vec<u8>)>,
    #[cfg(target_os = "linux")]
    keyring: Option<keyring::Keyring>,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("home");
        let paths = Paths::below(home.path());
        Self {
            home,
            paths,
            env: Vec::new(),
            #[cfg(target_os = "linux")]
            keyring: None,
        }
    }

    /// Puts a value where a provider of this kind finds it, and returns its reference; or why it cannot be put.
    fn place(&mut self, scheme: &str, name: &str, value: &[u8]) -> Result<String, Failure> {
        match scheme {
            "env" => {
                self.env.push((name.to_owned(), value.to_vec()));
                Ok(format!("env://{name}"))
            }
            "file" => {
                let path = self.home.path().join(name);
                crate::sys::private::replace(&path, value).expect("written");
                Ok(format!("file://{}", path.display()))
            }
            #[cfg(target_os = "linux")]
            "keychain" => {
                self.keyring.get_or_insert_with(keyring::Keyring::start);
                self.keep(scheme, name, value)
            }
            "local" => self.keep(scheme, name, value),
            other => panic!("say how `{other}` is given a value"),
        }
    }

    fn keep(&self, scheme: &str, name: &str, value: &[u8]) -> Result<String, Failure> {
        let (env, named) = (self.own_env(), BTreeMap::new());
        let provider = Providers::new(&named, &env, &self.paths).open(scheme).expect("built in");
        provider.keeper().expect("stores").put(name, &Secret::new(value.to_vec()))?;
        Ok(format!("{scheme}://{name}"))
    }

    fn own_env(&self) -> OwnEnv {
        let given = self.env.iter().map(|(name, value)| (name.clone(), os_string(value)));
        #[cfg(target_os = "linux")]
        let given = given.chain(self.keyring.as_ref().map(|keyring| {
            ("DBUS_SESSION_BUS_ADDRESS".to_owned(), keyring.bus().address().into())
        }));
        OwnEnv::of(given)
    }

    fn fetch(&self, reference: &str) -> Result<Secret, Failure> {
        let (env, named) = (self.own_env(), BTreeMap::new());
        let request = SecretRequest {
            variables: vec!["X".to_owned()],
            reference: reference.parse().expect(reference),
            fields: Vec::new(),
            deliver: Delivery::Env,
            sensitive: true,
            default: None,
        };
        let providers = Providers::new(&named, &env, &self.paths);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let mut attempts = runtime.expect("runtime").block_on(attempt(
            std::slice::from_ref(&request),
            providers,
            &Leases::default(),
            resolve::within_limit(resolve::DEADLINE),
        ));
        let attempt = attempts.pop().expect("one");
        assert!(!format!("{attempt:?}").contains("canary"), "{attempt:?}");
        attempt.outcome.map(|found| found.value).map_err(|failure| {
            assert!(!failure.with_cause().contains("canary"), "{failure}");
            std::sync::Arc::into_inner(failure).expect("the only one")
        })
    }
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> std::ffi::OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Every provider on this machine (the others are asked over a network: `tests/it/provider`) but, away from Linux, the
/// keychain: there it is that of whoever runs the tests.
fn schemes() -> impl Iterator<Item = &'static str> {
    let schemes = KINDS.iter().filter(|kind| !kind.remote).map(|kind| kind.scheme);
    schemes.filter(|scheme| cfg!(target_os = "linux") || *scheme != "keychain")
}

#[expect(clippy::disallowed_methods, reason = "comparing what was fetched")]
fn assert_value(found: Result<Secret, Failure>, expected: &[u8], what: &str) {
    assert_eq!(found.expect(what).expose(), expected, "{what}");
}

#[test]
fn a_value_is_given_byte_for_byte() {
    for scheme in schemes() {
        let mut world = World::new();
        for value in [CANARY.as_bytes(), b" spaces\tkept ", b"two\nlines", "gr\u{fc}n".as_bytes()] {
            let reference = world.place(scheme, "A", value).expect(scheme);
            assert_value(world.fetch(&reference), value, scheme);
            world.env.clear();
        }
    }
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text_are_given_too() {
    for scheme in schemes() {
        let mut world = World::new();
        let reference = world.place(scheme, "A", b"\xff\xfe\x01canary").expect(scheme);
        assert_value(world.fetch(&reference), b"\xff\xfe\x01canary", scheme);
    }
}

#[test]
fn a_field_is_given_and_a_wrong_one_is_not_found() {
    for scheme in schemes() {
        let mut world = World::new();
        let json = format!("{{\"user\":\"{CANARY}\"}}");
        let reference = world.place(scheme, "A", json.as_bytes()).expect(scheme);
        assert_value(world.fetch(&format!("{reference}#user")), CANARY.as_bytes(), scheme);
        let wrong = world.fetch(&format!("{reference}#nobody"));
        assert!(matches!(wrong, Err(Failure::NotFound { .. })), "{scheme}");
        let plain = world.place(scheme, "B", CANARY.as_bytes()).expect(scheme);
        let wrong = world.fetch(&format!("{plain}#user"));
        assert!(matches!(wrong, Err(Failure::Unfit { .. })), "{scheme}");
    }
}

#[test]
fn what_is_missing_is_not_found_with_a_next_step() {
    use crate::error::Fault as _;
    for scheme in schemes() {
        let mut world = World::new();
        let reference = world.place(scheme, "A", CANARY.as_bytes()).expect(scheme);
        let failure = world.fetch(&format!("{reference}-2")).expect_err(scheme);
        assert!(matches!(failure, Failure::NotFound { .. }), "{scheme}: {failure}");
        assert!(failure.hint().is_some(), "{scheme}");
    }
}

#[test]
fn a_query_key_that_means_nothing_is_refused() {
    for scheme in schemes() {
        let mut world = World::new();
        let reference = world.place(scheme, "A", CANARY.as_bytes()).expect(scheme);
        let failure = world.fetch(&format!("{reference}?surprise=1")).expect_err(scheme);
        assert!(matches!(failure, Failure::UnknownKey { .. }), "{failure}");
    }
}

#[test]
fn empty_huge_and_nul_values_are_refused() {
    let huge = vec![b'x'; MAX_VALUE as usize + 1];
    for scheme in schemes() {
        let values = [&b""[..], b"canary\0tail", &huge];
        // An environment variable cannot hold a NUL byte, and only Unix's type can pretend.
        for value in values.into_iter().filter(|value| cfg!(unix) || !value.contains(&0)) {
            let mut world = World::new();
            let fetched =
                world.place(scheme, "A", value).and_then(|reference| world.fetch(&reference));
            assert!(matches!(fetched, Err(Failure::Unfit { .. })), "{scheme}: {fetched:?}");
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_that_others_could_have_written_is_refused() {
        let mut world = World::new();
        let reference = world.place("file", "A", CANARY.as_bytes()).expect("placed");
        let path = world.home.path().join("A");
        let mode = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
        for bits in [0o602, 0o666] {
            mode(bits);
            let failure = world.fetch(&reference).expect_err("writable");
            assert!(matches!(failure, Failure::Insecure(_)), "{bits:o}: {failure}");
        }
        for bits in [0o400, 0o440, 0o444, 0o600] {
            mode(bits);
            assert_value(world.fetch(&reference), CANARY.as_bytes(), "readable");
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        if !nix::unistd::Uid::effective().is_root() {
            return; // only root can give a file away
        }
        let mut world = World::new();
        let reference = world.place("file", "A", CANARY.as_bytes()).expect("placed");
        let other = Some(nix::unistd::Uid::from_raw(12345));
        nix::unistd::chown(&world.home.path().join("A"), other, None).expect("given away");
        let failure = world.fetch(&reference).expect_err("not ours");
        assert!(failure.to_string().contains("belongs to user id 12345"), "{failure}");
    }

    #[test]
    fn links_are_followed_as_kubernetes_makes_them() {
        let world = World::new();
        let folder = world.home.path();
        fs::create_dir(folder.join("..2026")).expect("made");
        crate::sys::private::create(&folder.join("..2026/token"), b"canary\n").expect("written");
        symlink("..2026", folder.join("..data")).expect("linked");
        symlink("..data/token", folder.join("token")).expect("linked");
        let reference = format!("file://{}/token", folder.display());
        assert_value(world.fetch(&reference), b"canary", "linked");
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let world = World::new();
        let fifo = world.home.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).expect("made");
        for path in [fifo.as_path(), world.home.path(), "/dev/zero".as_ref()] {
            let failure = world.fetch(&format!("file://{}", path.display())).expect_err("no file");
            assert!(matches!(failure, Failure::Insecure(_)), "{failure}");
        }
    }
}

#[test]
fn a_path_of_the_wrong_shape_is_refused_before_anything_is_read() {
    let (env, named) = (OwnEnv::default(), BTreeMap::new());
    let paths = Paths::below("/nowhere".as_ref());
    let providers = Providers::new(&named, &env, &paths);
    for reference in
        ["file://relative/path", "file:///a%00b", "env://A=B", "env://A/B", "local://a%20b"]
    {
        let failure = providers.check(&reference.parse().expect(reference)).expect_err(reference);
        assert!(matches!(failure, Failure::BadPath { .. }), "{reference}: {failure}");
    }
}

#[test]
fn a_named_file_provider_stays_below_its_root() {
    let home = tempfile::tempdir().expect("home");
    crate::sys::private::create(&home.path().join("token"), b"canary").expect("written");
    let config = format!("type = \"file\"\nroot = '{}'", home.path().display());
    let named = BTreeMap::from([("mounted".to_owned(), toml::from_str(&config).expect("valid"))]);
    let (env, paths) = (OwnEnv::default(), Paths::below(home.path()));
    let providers = Providers::new(&named, &env, &paths);
    let check = |reference: &str| providers.check(&reference.parse().expect(reference));
    assert!(check("mounted://token").is_ok());
    for outside in
        ["mounted://../token", "mounted://a/../../b", "mounted:///etc/passwd", "mounted://./a"]
    {
        assert!(matches!(check(outside), Err(Failure::BadPath { .. })), "{outside}");
    }
}
