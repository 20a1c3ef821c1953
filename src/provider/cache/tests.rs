use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::fetch::place;
use super::super::resolve::{Attempt, DEADLINE, within_limit};
use super::super::{
    Fetching, Fields, Identify, Leases, Provider, ProviderConfig, ProviderKind, Settings,
    Surroundings, attempt,
};
use super::*;
use crate::secret::{Delivery, SecretRequest};
use crate::sys::env::OwnEnv;

const CANARY: &str = "canary-c4c4e0";

/// More than the kernel takes, so it goes into a file.
const LONG: usize = 40_000;

static FAKE: ProviderKind = ProviderKind {
    scheme: "fake",
    about: "answers for tests",
    query: &[],
    fields: Fields::Json,
    built_in_settings: false,
    remote: true,
    settings: |_| Err("made by hand".to_owned()),
    schema: |_| schemars::Schema::default(),
};

/// A store that counts how often it is asked and how often who asks is found out; that and a token are variables of the
/// environment.
#[derive(Debug, Clone, Default)]
struct Fake {
    asked: Arc<AtomicUsize>,
    identified: Arc<AtomicUsize>,
}

impl Settings for Fake {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        let state = surroundings.env.var("STATE").unwrap_or_default();
        Box::new(Store(self.clone(), state.to_string_lossy().into_owned()))
    }

    fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        vec![("token", "env://TOKEN".parse().expect("a reference"))]
    }

    fn identity(&self, surroundings: Surroundings<'_>) -> Identify {
        let user = surroundings.env.var("USER").unwrap_or_default().to_owned();
        let identified = Arc::clone(&self.identified);
        let asking = std::thread::current().id();
        Box::new(move || {
            assert_ne!(std::thread::current().id(), asking, "a file that hangs must hinder nobody");
            identified.fetch_add(1, Ordering::Relaxed);
            Zeroizing::new(user.as_encoded_bytes().to_vec())
        })
    }
}

struct Store(Fake, String);

impl Provider for Store {
    fn check(&self, _: &SecretRef) -> Result<(), Failure> {
        Ok(())
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, _: &'a Leases) -> Fetching<'a> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let (place, hint) = (String::from("it"), String::from("ask"));
        let long = CANARY.repeat(LONG / CANARY.len() + 1);
        let value = if coordinate.path == "long" { long } else { CANARY.to_owned() };
        let value = Fetched::of(Secret::new(value.into_bytes()));
        Box::pin(std::future::ready(match self.1.as_str() {
            "leases" => Ok(Fetched { lasts: Some(Duration::from_secs(60)), ..value }),
            "gone" => Err(Failure::NotFound { place, hint }),
            "denied" => Err(Failure::Denied { reason: place, hint }),
            "dead" => {
                let source = std::io::ErrorKind::ConnectionRefused.into();
                Err(Failure::Unreachable { place, source })
            }
            _ => Ok(Fetched { version: Some("v1".to_owned()), created: Some(7), ..value }),
        }))
    }
}

struct World {
    home: tempfile::TempDir,
    store: Fake,
    user: Cell<&'static str>,
    token: Cell<&'static str>,
    settings: Cell<[u8; 32]>,
    max_age: Cell<Option<Duration>>,
}

impl World {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("home"),
            store: Fake::default(),
            user: Cell::new("ann"),
            token: Cell::new("of ann"),
            settings: Cell::default(),
            max_age: Cell::new(Some(Duration::from_secs(600))),
        }
    }

    fn paths(&self) -> Paths {
        Paths::below(self.home.path())
    }

    /// Does something with the providers, the store being in this state.
    fn with<T>(&self, state: &str, work: impl AsyncFnOnce(Providers<'_>) -> T) -> T {
        let cache =
            self.max_age.get().map(|max_age| Cache { max_age, settings: self.settings.get() });
        let config = ProviderConfig { kind: &FAKE, settings: Arc::new(self.store.clone()), cache };
        let named = BTreeMap::from([("corp".to_owned(), config)]);
        let token = ("TOKEN", self.token.get());
        let env = OwnEnv::of([("STATE", state), ("USER", self.user.get()), token]);
        let paths = self.paths();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("runtime").block_on(work(Providers::new(&named, &env, &paths)))
    }

    /// One launch, as `run` does it.
    fn launch(&self, reference: &str, state: &str, offline: bool) -> Attempt {
        let request = SecretRequest {
            variables: vec!["X".to_owned()],
            reference: reference.parse().expect(reference),
            fields: Vec::new(),
            deliver: Delivery::Env,
            sensitive: true,
            default: None,
        };
        let attempts = self.with(state, async |providers| {
            let (leases, limit) = (Leases::default(), within_limit(DEADLINE));
            attempt(std::slice::from_ref(&request), providers.offline(offline), &leases, limit)
                .await
        });
        attempts.into_iter().next().expect("one")
    }

    /// Whether a launch with a store in this state asks it.
    fn asks(&self, reference: &str, state: &str) -> bool {
        let before = self.store.asked.load(Ordering::Relaxed);
        self.launch(reference, state, false);
        self.store.asked.load(Ordering::Relaxed) > before
    }

    /// Puts a value into the cache that was fetched so long ago.
    fn age(&self, reference: &str, age: Duration) {
        let coordinate: SecretRef = reference.parse().expect(reference);
        self.with("", async |providers| {
            let fetched = Fetched::of(Secret::new(CANARY.as_bytes().to_vec()));
            let entry = entry(&fetched, clock::now() - age.as_secs()).expect("an entry");
            let leases = Leases::default();
            let place = place(&coordinate, providers, &leases).await;
            let place = place.expect("a key").expect("a cache");
            place.write(&entry).expect("kept");
        });
    }

    fn forget(&self) -> usize {
        forget(None, &self.paths()).expect("a key")
    }
}

/// Nothing of a test stays in the kernel.
impl Drop for World {
    fn drop(&mut self) {
        self.forget();
    }
}

#[test]
fn a_young_value_is_given_without_asking_the_store() {
    for reference in ["corp://short", "corp://long"] {
        let world = World::new();
        assert!(world.asks(reference, ""));
        assert!(!world.asks(reference, ""), "{reference}");
        assert!(!world.asks(&format!("{reference}#field"), ""), "a field is of the same value");
        let found = world.launch(reference, "dead", false).outcome.expect("kept");
        let facts = (found.origin, found.version.as_deref(), found.created);
        assert_eq!(facts, (super::super::resolve::Origin::Cache, Some("v1"), Some(7)));
        assert!(found.cached.is_some() && found.warning.is_none());
        assert!(found.value.len() == CANARY.len() || found.value.len() > LONG);
    }
}

#[test]
fn who_asks_is_found_out_once_for_a_fetch() {
    let world = World::new();
    for (state, launches) in [("", 1), ("", 2), ("gone", 3)] {
        world.launch("corp://short", state, false);
        assert_eq!(world.store.identified.load(Ordering::Relaxed), launches, "{state}");
    }
}

#[test]
fn no_cache_is_the_default_and_keeps_nothing() {
    let world = World::new();
    world.max_age.set(None);
    assert!(world.asks("corp://short", "") && world.asks("corp://short", ""));
    assert_eq!(world.forget(), 0);
}

#[test]
fn another_setting_user_token_or_reference_finds_nothing() {
    let world = World::new();
    assert!(world.asks("corp://short", ""));
    assert!(world.asks("corp://other", ""));
    world.user.set("bob");
    assert!(world.asks("corp://short", ""));
    world.user.set("ann");
    world.token.set("of bob");
    assert!(world.asks("corp://short", ""));
    world.token.set("of ann");
    assert!(!world.asks("corp://short", ""));
    world.settings.set([1; 32]);
    assert!(world.asks("corp://short", ""));
}

#[test]
fn past_its_age_a_value_is_given_only_offline_and_said_to_be_old() {
    let world = World::new();
    world.age("corp://short", Duration::from_secs(7200));
    let found = world.launch("corp://short", "", true).outcome.expect("kept");
    assert_eq!(
        found.warning.as_deref(),
        Some("`corp://short` comes from the cache and is 2 h old")
    );
    assert_eq!(world.store.asked.load(Ordering::Relaxed), 0);
    let failure = world.launch("corp://short", "dead", false).outcome.expect_err("expired");
    assert!(matches!(*failure, Failure::Unreachable { .. }), "{failure}");
    assert!(world.asks("corp://short", ""));
    world.age("corp://short", KEEP);
    let failure = world.launch("corp://short", "", true).outcome.expect_err("too old");
    assert!(matches!(*failure, Failure::Offline { .. }), "{failure}");
}

#[test]
fn without_a_value_offline_fails_with_the_next_step_and_asks_nothing() {
    use crate::error::Fault as _;
    let world = World::new();
    let failure = world.launch("corp://short", "", true).outcome.expect_err("nothing kept");
    assert_eq!(failure.kind(), crate::error::Kind::Unavailable);
    assert!(failure.hint().is_some_and(|hint| hint.starts_with("try again without `--offline`")));
    world.max_age.set(None);
    let failure = world.launch("corp://short", "", true).outcome.expect_err("no cache");
    assert!(failure.hint().is_some_and(|hint| hint.contains("under `[providers.corp]`")));
    assert_eq!(world.store.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn what_was_given_for_a_time_is_never_kept() {
    for reference in ["corp://short", "corp://long"] {
        let world = World::new();
        assert!(world.asks(reference, "leases") && world.asks(reference, "leases"));
        assert_eq!(world.forget(), 0);
    }
}

#[test]
fn a_store_that_denies_a_value_ends_it_and_one_that_is_away_does_not() {
    for (state, kept) in [("gone", 0), ("denied", 0), ("dead", 1), ("leases", 0)] {
        let world = World::new();
        world.age("corp://short", Duration::from_secs(700));
        assert!(world.asks("corp://short", state), "expired");
        assert_eq!(world.forget(), kept, "{state}");
    }
}

#[test]
fn forgetting_is_of_one_provider_or_of_all() {
    let world = World::new();
    assert!(world.asks("corp://short", "") && world.asks("corp://long", ""));
    assert_eq!(forget(Some("other"), &world.paths()).expect("a key"), 0);
    assert_eq!(forget(Some("corp"), &world.paths()).expect("a key"), 2);
    assert!(world.asks("corp://short", ""));
    assert_eq!(world.forget(), 1);
    let outside = forget(Some("../../../.local/share/hushpipe/secrets"), &world.paths());
    assert!(matches!(outside, Err(Failure::BadPath { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_is_the_users_alone_and_holds_nothing_in_clear() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    assert!(world.asks("corp://long", ""));
    let folder = folder(&world.paths()).join("corp");
    let files: Vec<_> = folder.read_dir().expect("a folder").flatten().collect();
    assert_eq!(files.len(), 1);
    let bytes = std::fs::read(files[0].path()).expect("read");
    assert!(memchr::memmem::find(&bytes, CANARY.as_bytes()).is_none());
    assert!(memchr::memmem::find(&bytes, b"long").is_none());
    assert_eq!(files[0].metadata().expect("there").permissions().mode() & 0o777, 0o600);
    // One that others could have written counts as none.
    let open = std::fs::Permissions::from_mode(0o602);
    std::fs::set_permissions(files[0].path(), open).expect("set");
    assert!(world.asks("corp://long", ""));
}

#[test]
fn a_cache_is_for_values_from_elsewhere_and_for_at_most_a_day() {
    let take = |text: &str, kind: &ProviderKind| {
        let mut table = text.parse::<toml::Table>().expect(text);
        Cache::take(&mut table, kind).map(|cache| cache.map(|cache| cache.max_age))
    };
    assert_eq!(take("address = \"x\"", &FAKE), Ok(None));
    for (text, seconds) in [("1s", 1), ("10m", 600), ("24h", 86_400)] {
        let taken = take(&format!("cache = {{ max_age = \"{text}\" }}"), &FAKE);
        assert_eq!(taken, Ok(Some(Duration::from_secs(seconds))));
    }
    for text in ["\"0s\"", "\"25h\"", "\"canary\"", "10", "\"10m\", more = 1"] {
        let error = take(&format!("cache = {{ max_age = {text} }}"), &FAKE).expect_err(text);
        assert!(error.contains("from `1s` to `24h`") && !error.contains("canary"), "{error}");
    }
    assert!(take("cache = true", &FAKE).is_err());
    for kind in super::super::KINDS.iter().filter(|kind| !kind.remote) {
        let error = take("cache = { max_age = \"10m\" }", kind).expect_err(kind.scheme);
        assert!(error.starts_with("`cache` makes no sense for"), "{error}");
    }
}
