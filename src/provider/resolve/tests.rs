use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Barrier;

use super::*;
use crate::error::Error;
use crate::provider::{
    Fetched, Fetching, Fields, KINDS, ProviderConfig, ProviderKind, Settings, Surroundings,
};
use crate::sys::env::OwnEnv;
use crate::sys::path::Paths;

const CANARY: &str = "canary-5f21c0de";

/// A provider whose answers are chosen by the path, and that counts its fetches.
#[derive(Debug, Clone)]
struct Fake {
    fetches: Arc<AtomicUsize>,
    meeting: Arc<Barrier>,
    /// What it logs in with.
    token: Option<SecretRef>,
}

/// The same as it is opened.
struct Open<'a>(Fake, Surroundings<'a>);

static FAKE: ProviderKind = ProviderKind {
    scheme: "fake",
    about: "answers for tests",
    query: &["version"],
    fields: Fields::Json,
    built_in_settings: false,
    remote: true,
    settings: |_| Err("made by hand".to_owned()),
    schema: |_| schemars::Schema::default(),
};

impl Settings for Fake {
    fn open<'a>(&self, surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        Box::new(Open(self.clone(), surroundings))
    }

    fn needs(&self) -> Vec<(&'static str, SecretRef)> {
        self.token.iter().map(|token| ("auth.token", token.clone())).collect()
    }
}

impl Provider for Open<'_> {
    fn check(&self, _: &SecretRef) -> Result<(), Failure> {
        Ok(())
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, leases: &'a Leases) -> Fetching<'a> {
        self.0.fetches.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if let Some(token) = &self.0.token {
                self.1.credential("auth.token", token, leases).await?;
            }
            let value = match coordinate.path.as_str() {
                "pair" => format!("{{\"user\":\"{CANARY}\",\"password\":\"{CANARY}-2\"}}"),
                "meeting" => {
                    self.0.meeting.wait().await;
                    CANARY.to_owned()
                }
                "never" => std::future::pending().await,
                "unreachable" => {
                    let source = std::io::ErrorKind::ConnectionRefused.into();
                    return Err(Failure::Unreachable { place: "`fake`".to_owned(), source });
                }
                "missing" => {
                    let (place, hint) = ("`missing`".to_owned(), "ask the user".to_owned());
                    return Err(Failure::NotFound { place, hint });
                }
                "empty" => String::new(),
                "nul" => format!("{CANARY}\0"),
                "long" => CANARY.repeat(20_000),
                _ => CANARY.to_owned(),
            };
            let value = Secret::new(value.into_bytes());
            let warning = Some(format!("warned of {}", coordinate));
            Ok(Fetched { warning, ..Fetched::of(value) })
        })
    }
}

struct World {
    named: BTreeMap<String, ProviderConfig>,
    fetches: Arc<AtomicUsize>,
    env: OwnEnv,
    paths: Paths,
}

impl World {
    fn new() -> Self {
        Self::of(&[("fake", None), ("other", None)])
    }

    /// With these providers, each with the reference that it logs in with.
    fn of(providers: &[(&str, Option<&str>)]) -> Self {
        let fetches = Arc::new(AtomicUsize::new(0));
        let meeting = Arc::new(Barrier::new(2));
        let config = |token: Option<&str>| ProviderConfig {
            kind: &FAKE,
            settings: Arc::new(Fake {
                fetches: Arc::clone(&fetches),
                meeting: Arc::clone(&meeting),
                token: token.map(|token| token.parse().expect("a reference")),
            }),
            cache: None,
        };
        let named =
            providers.iter().map(|(name, token)| ((*name).to_owned(), config(*token))).collect();
        let env = OwnEnv::of([("SET", CANARY)]);
        Self { named, fetches, env, paths: Paths::below("/nowhere".as_ref()) }
    }

    fn resolve(&self, requests: &[SecretRequest]) -> Result<Resolved, ResolveError> {
        self.within(requests, Duration::from_secs(60))
    }

    fn within(
        &self,
        requests: &[SecretRequest],
        deadline: Duration,
    ) -> Result<Resolved, ResolveError> {
        let providers = Providers::new(&self.named, &self.env, &self.paths);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let deadline = within_limit(deadline);
        runtime.expect("runtime").block_on(resolve(
            "orders",
            requests,
            providers,
            &Leases::default(),
            deadline,
        ))
    }

    fn error(&self, requests: &[SecretRequest]) -> ResolveError {
        self.resolve(requests).expect_err("no value")
    }
}

fn request(variable: &str, reference: &str) -> SecretRequest {
    SecretRequest {
        variables: vec![variable.to_owned()],
        reference: reference.parse().expect(reference),
        fields: Vec::new(),
        deliver: Delivery::Env,
        sensitive: true,
        default: None,
    }
}

#[expect(clippy::disallowed_methods, reason = "comparing what was resolved")]
fn values(resolved: &Resolved) -> Vec<(&str, String)> {
    let text = |secret: &Secret| String::from_utf8(secret.expose().to_vec()).expect("text");
    resolved.secrets.iter().map(|one| (one.variable.as_str(), text(&one.value))).collect()
}

#[test]
fn one_fetch_for_each_coordinate_fills_every_variable_in_manifest_order() {
    let world = World::new();
    let several = SecretRequest {
        variables: vec!["PGUSER".to_owned(), "PGPASSWORD".to_owned()],
        fields: vec!["user".to_owned(), "password".to_owned()],
        ..request("", "fake://pair")
    };
    let requests = [
        request("Z", "fake://plain"),
        several,
        request("AGAIN", "fake://pair#user"),
        request("PINNED", "fake://pair?version=2#user"),
        request("OTHER", "other://plain"),
    ];
    let resolved = world.resolve(&requests).expect("all there");
    let second = format!("{CANARY}-2");
    let expected = [
        ("Z", CANARY),
        ("PGUSER", CANARY),
        ("PGPASSWORD", second.as_str()),
        ("AGAIN", CANARY),
        ("PINNED", CANARY),
        ("OTHER", CANARY),
    ];
    assert_eq!(values(&resolved), expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(world.fetches.load(Ordering::Relaxed), 4, "plain, pair, pair?version=2, other's");
    assert_eq!(resolved.warnings.len(), 4, "one for each fetch: {:?}", resolved.warnings);
    assert!(!format!("{resolved:?}").contains(CANARY));
}

#[test]
fn providers_run_at_once() {
    let requests = [request("A", "fake://meeting"), request("B", "other://meeting")];
    // Each waits for the other: one after the other would wait for ever.
    assert_eq!(values(&World::new().resolve(&requests).expect("they met")).len(), 2);
}

#[test]
fn every_failing_reference_is_named_and_nothing_is_given() {
    let error = World::new().error(&[
        request("GOOD", "fake://plain"),
        request("MISSING", "fake://missing"),
        request("FIELD", "fake://pair#nobody"),
        request("NOT_JSON", "fake://plain#user"),
        request("QUERY", "fake://plain?stage=x"),
        request("EMPTY", "fake://empty"),
        request("NUL", "fake://nul"),
        request("LONG", "fake://long"),
        request("WHO", "nobody://plain"),
        request("LATER", "op://vault/item/field"),
        request("GONE", "fake://unreachable"),
        request("UNSET", "env://UNSET"),
    ]);
    let report = Error::from(error).report();
    let built_in: String = KINDS.iter().map(|kind| format!("`{}`, ", kind.scheme)).collect();
    for line in [
        "error: 11 secrets for server `orders` are not available",
        "cause: `MISSING` from `fake://missing`: `missing` was not found",
        "cause: `FIELD` from `fake://pair#nobody`: the field `nobody` was not found",
        "cause: `NOT_JSON` from `fake://plain#user`: the value is not JSON, so it has no field `user`",
        "cause: `QUERY` from `fake://plain?stage=x`: a `fake` reference cannot have `?stage=`",
        "cause: `EMPTY` from `fake://empty`: the value is empty",
        "cause: `NUL` from `fake://nul`: the value contains a NUL byte, and an environment variable cannot",
        "cause: `LONG` from `fake://long`: the value is too long for an environment variable",
        &format!(
            "cause: `WHO` from `nobody://plain`: there is no provider `nobody`; hushpipe knows {built_in}`fake`, `other`"
        ),
        "cause: `LATER` from `op://vault/item/field`: provider `op` is not in this version of hushpipe",
        "cause: `GONE` from `fake://unreachable`: `fake` could not be reached: connection refused",
        "cause: `UNSET` from `env://UNSET`: the variable `UNSET` in hushpipe's own environment was not found",
        "hint: ask the user",
    ] {
        assert!(report.contains(&format!("hushpipe: {line}\n")), "{line}\nin\n{report}");
    }
    assert!(!report.contains("GOOD"), "{report}");
    assert!(!report.contains("canary"), "{report}");
}

#[test]
fn one_failure_is_named_in_the_headline() {
    let error = World::new().error(&[request("TOKEN", "fake://missing")]);
    assert_eq!(error.to_string(), "secret `TOKEN` for server `orders` is not available");
}

#[test]
fn the_exit_kind_is_the_failure_that_a_person_must_act_on() {
    let world = World::new();
    let all = [
        ("fake://plain?x=1", Kind::Config),
        ("fake://missing", Kind::Auth),
        ("fake://unreachable", Kind::Unavailable),
        ("fake://never", Kind::Deadline),
    ];
    for first in 0..all.len() {
        let requests: Vec<_> =
            all[first..].iter().rev().map(|(reference, _)| request("X", reference)).collect();
        let error = world.within(&requests, Duration::from_millis(10)).expect_err("no value");
        assert_eq!(error.kind(), all[first].1);
    }
}

#[test]
fn a_provider_that_does_not_answer_costs_the_deadline_and_is_named() {
    let requests = [request("SLOW", "fake://never"), request("FAST", "other://plain")];
    let error = World::new().within(&requests, Duration::from_millis(10)).expect_err("no answer");
    assert_eq!(error.failed().len(), 1);
    assert_eq!(Error::from(error).causes(), ["`SLOW` from `fake://never`: no answer within 10 ms"]);
}

#[test]
fn a_default_stands_in_only_for_what_is_not_there() {
    let world = World::new();
    let with_default = |reference| SecretRequest {
        sensitive: false,
        default: Some("eu".to_owned()),
        ..request("REGION", reference)
    };
    for (reference, expected) in [
        ("fake://missing", "eu"),
        ("fake://pair#region", "eu"),
        ("env://UNSET", "eu"),
        ("env://SET", CANARY),
    ] {
        let resolved = world.resolve(&[with_default(reference)]).expect(reference);
        assert_eq!(values(&resolved), [("REGION", expected.to_owned())], "{reference}");
    }
    for reference in ["fake://unreachable", "fake://empty", "fake://plain#field", "fake://x?y=z"] {
        assert!(world.resolve(&[with_default(reference)]).is_err(), "{reference}");
    }
    let sensitive = SecretRequest { sensitive: true, ..with_default("fake://missing") };
    assert!(world.resolve(&[sensitive]).is_err());
}

#[test]
fn a_file_may_hold_what_a_variable_cannot() {
    let world = World::new();
    for reference in ["fake://nul", "fake://long"] {
        let file = SecretRequest { deliver: Delivery::File, ..request("KEY", reference) };
        assert!(world.resolve(&[file]).is_ok(), "{reference}");
    }
    let empty = SecretRequest { deliver: Delivery::File, ..request("KEY", "fake://empty") };
    assert!(world.resolve(&[empty]).is_err());
}

#[test]
fn a_server_without_secrets_needs_nothing() {
    assert_eq!(values(&World::new().resolve(&[]).expect("nothing to fetch")), []);
}

#[test]
fn what_providers_log_in_with_is_fetched_once_in_a_launch() {
    let world = World::of(&[
        ("vault", None),
        ("one", Some("vault://pair#user")),
        ("two", Some("vault://pair#password")),
    ]);
    let requests =
        [request("A", "one://a"), request("B", "two://b"), request("C", "vault://pair#user")];
    assert_eq!(values(&world.resolve(&requests).expect("all there")).len(), 3);
    assert_eq!(world.fetches.load(Ordering::Relaxed), 3, "one's, two's, and the pair once");
}

#[test]
fn a_login_without_a_value_names_its_key_and_its_reference() {
    for (token, reason, kind) in [
        ("vault://missing", "`missing` was not found", Kind::Auth),
        (
            "vault://unreachable",
            "`fake` could not be reached: connection refused",
            Kind::Unavailable,
        ),
        ("vault://pair#nobody", "the field `nobody` was not found", Kind::Auth),
        ("vault://x?y=z", "a `fake` reference cannot have `?y=`", Kind::Config),
        (
            "env://UNSET",
            "the variable `UNSET` in hushpipe's own environment was not found",
            Kind::Auth,
        ),
    ] {
        let world = World::of(&[("vault", None), ("corp", Some(token))]);
        let error = world.error(&[request("A", "corp://a"), request("B", "corp://b")]);
        assert_eq!(error.kind(), kind, "{token}");
        let cause = |name: &str, path: &str| {
            format!(
                "`{name}` from `corp://{path}`: its login needs `auth.token` from `{token}`: {reason}"
            )
        };
        assert_eq!(Error::from(error).causes(), [cause("A", "a"), cause("B", "b")]);
    }
}

#[test]
fn a_chain_of_logins_names_every_link() {
    let world = World::of(&[
        ("first", Some("second://x")),
        ("second", Some("third://y")),
        ("third", Some("env://UNSET")),
    ]);
    let report = Error::from(world.error(&[request("A", "first://a")])).report();
    let way = "`A` from `first://a`: its login needs `auth.token` from `second://x`: its login needs `auth.token` from \
               `third://y`: its login needs `auth.token` from `env://UNSET`: the variable `UNSET`";
    assert!(report.contains(way), "{report}");
}

#[test]
fn providers_that_log_in_with_each_other_are_refused_with_the_whole_way() {
    for (tokens, way) in [
        (&["a://t"][..], "`a` → `a`"),
        (&["b://t", "a://t"], "`a` → `b` → `a`"),
        (&["b://t", "c://t", "a://t"], "`a` → `b` → `c` → `a`"),
        // What leads into a cycle is no part of it.
        (&["b://t", "c://t", "b://t"], "`b` → `c` → `b`"),
    ] {
        let names = ["a", "b", "c"];
        let providers: Vec<_> =
            names.into_iter().zip(tokens.iter().map(|token| Some(*token))).collect();
        let world = World::of(&providers);
        let error = world.error(&[request("A", "a://x")]);
        assert_eq!(error.kind(), Kind::Config);
        let causes = Error::from(error).causes();
        assert_eq!(causes, [format!("`A` from `a://x`: providers log in with each other: {way}")]);
        assert_eq!(world.fetches.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_login_that_does_not_come_costs_the_deadline_and_names_who_waited_for_it() {
    let world = World::of(&[("vault", None), ("corp", Some("vault://never"))]);
    let requests =
        [request("A", "corp://a"), request("B", "corp://b#field"), request("C", "vault://plain")];
    let error = world.within(&requests, Duration::from_millis(10)).expect_err("no answer");
    let late = "no answer within 10 ms";
    assert_eq!(
        Error::from(error).causes(),
        [format!("`A` from `corp://a`: {late}"), format!("`B` from `corp://b#field`: {late}")]
    );
}
