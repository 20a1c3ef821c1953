//! A server's requests become its values: all of them, or one error that names every reference that failed.
//!
//! One fetch for each coordinate, however many variables and fields come from it. All fetches run at once, each under
//! [`PER_PROVIDER`] and all under the caller's deadline. A default stands in only for a value that is not there, never
//! for a store that refused or did not answer. No message holds a value.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::fetch::{Answer, Memo, fetch, join, look};
use super::{Failure, Leases, Provider, Providers, field};
use crate::error::{Fault, Kind};
use crate::secret::{Delivery, Injected, Secret, SecretRef, SecretRequest, SecretSet};

/// How long one provider may take, within the deadline for all (design, section 4).
pub const PER_PROVIDER: Duration = Duration::from_secs(5);

/// The deadline for all where the client gives no shorter one (design, section 4).
pub const DEADLINE: Duration = Duration::from_secs(8);

/// The longest value that fits one environment variable or argument: on Linux the limit of `execve(2)` for one string
/// (`MAX_ARG_STRLEN`, 32 pages) without room for a name of 256 bytes, on Windows that of the process parameters.
const MAX_ENV_VALUE: usize = if cfg!(windows) { 32_000 } else { 128 * 1024 - 256 };

/// Every value a server asked for.
#[derive(Debug)]
pub struct Resolved {
    /// The values, in manifest order.
    pub secrets: SecretSet,
    /// What the person should know although it worked, each once.
    pub warnings: Vec<String>,
}

/// What became of one variable's reference.
#[derive(Debug)]
pub struct Attempt {
    /// The variable.
    pub variable: String,
    /// The reference, its field included.
    pub reference: SecretRef,
    /// How long the fetch took; the same for all that came from one. Zero where nothing was fetched.
    pub took: Duration,
    /// The value, or why there is none.
    pub outcome: Result<Found, Arc<Failure>>,
    /// Whether the value is redacted.
    pub sensitive: bool,
    deliver: Delivery,
}

/// A value and what its provider said of it.
#[derive(Debug)]
pub struct Found {
    /// The value.
    pub value: Secret,
    /// Where it came from.
    pub origin: Origin,
    /// How long ago the store gave it, where it came from the cache.
    pub cached: Option<Duration>,
    /// What tells it from an earlier value at the same place.
    pub version: Option<String>,
    /// When this version was made, in seconds since 1970.
    pub created: Option<u64>,
    /// How long the value is good for, where it was given for a time only.
    pub lasts: Option<Duration>,
    /// What the person should know although it worked.
    pub warning: Option<String>,
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The store.
    Store,
    /// The cache, where an earlier launch kept it: the store was not asked.
    Cache,
    /// The manifest's `default`, because the store had none.
    Default,
}

/// A deadline for all: ends when the time is over, and says how long it was.
pub async fn within_limit(limit: Duration) -> Duration {
    tokio::time::sleep(limit).await;
    limit
}

/// Resolves the references of one server, all or nothing. `deadline` ends when the time is over and says how long it was.
/// What was given for a time only is in `leases` afterwards, whether all went well or not.
///
/// # Errors
/// At least one has no value; the error names each that has none.
pub async fn resolve(
    server: &str,
    requests: &[SecretRequest],
    providers: Providers<'_>,
    leases: &Leases,
    deadline: impl Future<Output = Duration>,
) -> Result<Resolved, ResolveError> {
    all_or_nothing(server, attempt(requests, providers, leases, deadline).await)
}

/// Makes a server's values out of what became of each reference.
///
/// # Errors
/// At least one has no value; the error names each that has none.
pub fn all_or_nothing(server: &str, attempts: Vec<Attempt>) -> Result<Resolved, ResolveError> {
    let mut injected = Vec::new();
    let mut failed = Vec::new();
    let mut warnings: Vec<String> = Vec::new();
    for Attempt { variable, reference, outcome, deliver, sensitive, .. } in attempts {
        match outcome {
            Err(failure) => failed.push(Failed { variable, reference, failure }),
            Ok(Found { value, warning, .. }) => {
                warnings.extend(warning.filter(|warning| !warnings.contains(warning)));
                injected.push(Injected { variable, reference, value, deliver, sensitive });
            }
        }
    }
    if failed.is_empty() {
        Ok(Resolved { secrets: SecretSet::new(injected), warnings })
    } else {
        Err(ResolveError { server: server.to_owned(), reasons: Reasons(failed) })
    }
}

/// Tries every reference and says what became of each, in manifest order. For verbs that report; `run` uses [`resolve`].
pub async fn attempt(
    requests: &[SecretRequest],
    providers: Providers<'_>,
    leases: &Leases,
    deadline: impl Future<Output = Duration>,
) -> Vec<Attempt> {
    let memo = Memo::default();
    let providers = providers.remembering(&memo);
    let mut opened: BTreeMap<String, Box<dyn Provider + '_>> = BTreeMap::new();
    let mut answers: BTreeMap<SecretRef, Option<Answer>> = BTreeMap::new();
    for (_, reference) in requests.iter().flat_map(SecretRequest::per_variable) {
        if providers.check(&reference).is_ok()
            && let Ok(provider) = providers.open(&reference.provider)
        {
            opened.insert(reference.provider.clone(), provider);
            answers.insert(reference.coordinate(), None);
        }
    }
    let late = tokio::select! {
        biased;
        () = ask_all(&opened, &mut answers, providers, leases) => None,
        after = deadline => Some(after),
    };
    let unanswered = || match late {
        Some(after) => Failure::Deadline { after },
        None => Failure::Stopped,
    };

    let variables = requests.iter().flat_map(|request| {
        request.per_variable().map(move |(variable, reference)| (request, variable, reference))
    });
    variables
        .map(|(request, variable, reference)| {
            let answer = answers.get(&reference.coordinate()).and_then(Option::as_ref);
            let outcome = match (providers.check(&reference), answer) {
                (Err(failure), _) => Err(Arc::new(failure)),
                (Ok(_), None) => Err(Arc::new(unanswered())),
                (Ok(_), Some(answer)) => answer.value_for(request, &reference),
            };
            Attempt {
                variable: variable.to_owned(),
                took: answer.map_or(Duration::ZERO, |answer| answer.took),
                outcome,
                deliver: request.deliver,
                sensitive: request.sensitive,
                reference,
            }
        })
        .collect()
}

/// Fills in the answers: out of the cache what stands there, the rest from the providers, all at once.
async fn ask_all(
    opened: &BTreeMap<String, Box<dyn Provider + '_>>,
    answers: &mut BTreeMap<SecretRef, Option<Answer>>,
    providers: Providers<'_>,
    leases: &Leases,
) {
    let mut wanted: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (coordinate, answer) in answers {
        wanted.entry(&coordinate.provider).or_default().push((coordinate, answer));
    }
    let asking = wanted.into_iter().filter_map(|(scheme, wanted)| {
        let provider = opened.get(scheme)?;
        Some(ask(provider.as_ref(), wanted, providers, leases))
    });
    join(asking.collect()).await;
}

/// The same of one provider. Its cache is looked into for who logs in, which may take as long as another store.
async fn ask(
    provider: &dyn Provider,
    mut wanted: Vec<(&SecretRef, &mut Option<Answer>)>,
    providers: Providers<'_>,
    leases: &Leases,
) {
    let looks = wanted.iter_mut().map(|(coordinate, answer)| async {
        **answer = look(coordinate, providers, leases).await;
    });
    join(looks.collect()).await;
    wanted.retain(|(_, answer)| answer.is_none());
    provider.announce(&wanted.iter().map(|(coordinate, _)| *coordinate).collect::<Vec<_>>());
    let fetches = wanted.into_iter().map(|(coordinate, answer)| async move {
        *answer = Some(fetch(provider, coordinate, providers, leases, PER_PROVIDER).await);
    });
    join(fetches.collect()).await;
}

impl Answer {
    /// The value for one variable out of this answer.
    fn value_for(
        &self,
        request: &SecretRequest,
        reference: &SecretRef,
    ) -> Result<Found, Arc<Failure>> {
        let fetched = self.fetched.as_ref().map_err(Arc::clone);
        let projected = fetched.and_then(|fetched| {
            let value = field::project(&fetched.value, reference.field.as_deref())?;
            Ok((value, fetched))
        });
        let found = match (projected, &request.default) {
            (Ok((value, fetched)), _) => Found {
                value,
                origin: if fetched.cached.is_some() { Origin::Cache } else { Origin::Store },
                cached: fetched.cached,
                version: fetched.version.clone(),
                created: fetched.created,
                lasts: fetched.lasts,
                warning: fetched.warning.clone(),
            },
            (Err(failure), Some(default))
                if !request.sensitive && matches!(*failure, Failure::NotFound { .. }) =>
            {
                Found {
                    value: Secret::new(default.clone().into_bytes()),
                    origin: Origin::Default,
                    cached: None,
                    version: None,
                    created: None,
                    lasts: None,
                    warning: None,
                }
            }
            (Err(failure), _) => return Err(failure),
        };
        fits(&found.value, request.deliver)?;
        Ok(found)
    }
}

/// Refuses a value that the server could not be given, or that nobody can have meant.
#[expect(clippy::disallowed_methods, reason = "whether the bytes can be a variable or an argument")]
fn fits(value: &Secret, deliver: Delivery) -> Result<(), Failure> {
    let unfit = |reason: &str, hint: &str| {
        Err(Failure::Unfit { reason: reason.to_owned(), hint: Some(hint.to_owned()) })
    };
    let (carrier, instead) = match deliver {
        Delivery::Argument => ("argument", "pass it to the server in a variable or a file"),
        Delivery::Env | Delivery::File => {
            ("environment variable", "deliver it as a file with `deliver = \"file\"`")
        }
    };
    if value.is_empty() {
        return unfit("is empty", "store a value, or remove the entry from the manifest");
    }
    if deliver == Delivery::File {
        return Ok(());
    }
    if value.expose().contains(&0) {
        return unfit(&format!("contains a NUL byte, and an {carrier} cannot"), instead);
    }
    if value.len() > MAX_ENV_VALUE {
        return unfit(&format!("is too long for an {carrier}"), instead);
    }
    if cfg!(windows) && std::str::from_utf8(value.expose()).is_err() {
        return unfit(&format!("is not UTF-8, and an {carrier} on Windows must be"), instead);
    }
    Ok(())
}

/// Some of a server's references have no value.
#[derive(Debug)]
pub struct ResolveError {
    server: String,
    reasons: Reasons,
}

impl ResolveError {
    /// Each reference that failed, in manifest order.
    pub fn failed(&self) -> &[Failed] {
        &self.reasons.0
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.server;
        match self.failed() {
            [one] => write!(f, "secret `{}` for server `{server}` is not available", one.variable),
            several => {
                write!(f, "{} secrets for server `{server}` are not available", several.len())
            }
        }
    }
}

impl std::error::Error for ResolveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reasons)
    }
}

impl Fault for ResolveError {
    /// Of several, the one that a person must act on: a second try cures an unreachable provider, not a missing secret.
    fn kind(&self) -> Kind {
        let order = [Kind::Config, Kind::Auth, Kind::Io, Kind::Unavailable, Kind::Deadline];
        let has = |kind: &Kind| self.failed().iter().any(|failed| failed.failure.kind() == *kind);
        order.into_iter().find(has).unwrap_or(Kind::Internal)
    }

    fn hint(&self) -> Option<String> {
        let mut hints: Vec<String> = Vec::new();
        for hint in self.failed().iter().filter_map(|failed| failed.failure.hint()) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        (!hints.is_empty()).then(|| hints.join("\n"))
    }
}

/// One reference without a value.
#[derive(Debug)]
pub struct Failed {
    /// The variable that it would have filled.
    pub variable: String,
    /// The reference.
    pub reference: SecretRef,
    /// Why.
    pub failure: Arc<Failure>,
}

#[derive(Debug)]
struct Reasons(Vec<Failed>);

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Failed { variable, reference, failure }) in self.0.iter().enumerate() {
            let line = if index == 0 { "" } else { "\n" };
            write!(f, "{line}`{variable}` from `{reference}`: {}", failure.with_cause())?;
        }
        Ok(())
    }
}

impl std::error::Error for Reasons {}

#[cfg(test)]
mod tests;
