//! One coordinate, fetched: once in a launch, within the time that one provider may take, from the cache where it is
//! on.
//!
//! A launch may need one value twice, for two providers that log in with it, or for a login and for a variable: whoever
//! comes first fetches, the others wait for the same answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::cache::Place;
use super::resolve::PER_PROVIDER;
use super::{Failure, Fetched, Leases, Login, MAX_VALUE, Provider, Providers, Surroundings, field};
use crate::secret::{Secret, SecretRef};
use crate::sys::clock;

/// How long what a provider logs in with may take: a little less than the provider, so that the error that names it
/// comes first.
const PER_CREDENTIAL: Duration = Duration::from_millis(4750);

/// How long the cache may take to say what it has before the store is asked: with that one's time it fits the deadline.
const LOOKING: Duration = Duration::from_secs(2);

/// How long the cache may take to keep or drop a value before the launch goes on without.
const KEEPING: Duration = Duration::from_millis(500);

/// What one fetch brought.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// What was there, or why nothing.
    pub(super) fetched: Result<Rc<Fetched>, Arc<Failure>>,
    /// How long it took.
    pub(super) took: Duration,
}

/// What has been fetched in one launch, and what is being fetched.
#[derive(Default)]
pub(super) struct Memo {
    answers: RefCell<BTreeMap<SecretRef, Rc<OnceCell<Answer>>>>,
    /// Where the cache keeps what it had not, or why it cannot.
    places: RefCell<BTreeMap<SecretRef, Result<Place, Failure>>>,
}

impl Memo {
    /// The answer for a coordinate: what was fetched before, what is being fetched, or else what `fetching` brings.
    pub(super) async fn once(
        &self,
        coordinate: &SecretRef,
        fetching: impl Future<Output = Answer>,
    ) -> Answer {
        let cell = Rc::clone(self.answers.borrow_mut().entry(coordinate.clone()).or_default());
        cell.get_or_init(|| fetching).await.clone()
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memo({} coordinates)", self.answers.borrow().len())
    }
}

/// Asks the cache for a coordinate that passed [`Providers::check`]; nothing where it has none. A cache that cannot be read
/// is one that has nothing; that nothing is kept there says why.
pub(super) async fn look(
    coordinate: &SecretRef,
    providers: Providers<'_>,
    leases: &Leases,
) -> Option<Answer> {
    let started = Instant::now();
    let offline = providers.0.offline;
    let looking = async {
        match place(coordinate, providers, leases).await? {
            Some(place) => place.find(offline).await.map(Some),
            None => Ok(None),
        }
    };
    let late = |_| Err(Failure::Deadline { after: LOOKING });
    let (place, found) = match tokio::time::timeout(LOOKING, looking).await.unwrap_or_else(late) {
        Ok(None) => return None,
        Ok(Some((place, found))) => (Ok(place), found),
        Err(failure) => (Err(failure), None),
    };
    let Some(mut found) = found else {
        if let Some(memo) = providers.0.memo {
            memo.places.borrow_mut().insert(coordinate.clone(), place);
        }
        return None;
    };
    if let (true, Some(age)) = (offline, found.cached) {
        let age = clock::rough(age);
        found.warning = Some(format!("`{coordinate}` comes from the cache and is {age} old"));
    }
    Some(Answer { fetched: Ok(Rc::new(found)), took: started.elapsed() })
}

/// Where the cache has a coordinate for who logs in now; nothing where its provider has none.
///
/// # Errors
/// What it logs in with cannot be had, or the machine has no key.
#[expect(clippy::disallowed_methods, reason = "who logs in is part of the name in the cache")]
pub(super) async fn place(
    coordinate: &SecretRef,
    providers: Providers<'_>,
    leases: &Leases,
) -> Result<Option<Place>, Failure> {
    let config = providers.config(&coordinate.provider)?;
    if config.cache.is_none() {
        return Ok(None);
    }
    let mut login = Zeroizing::new(Vec::new());
    for (key, reference) in config.settings.needs() {
        let value = providers.0.credential(key, &reference, leases).await?;
        login.extend_from_slice(&(value.len() as u64).to_le_bytes());
        login.extend_from_slice(value.expose());
    }
    Place::of(coordinate, login, providers).await
}

/// Fetches a coordinate that passed [`Providers::check`], unless this launch has.
pub(super) async fn fetch(
    provider: &dyn Provider,
    coordinate: &SecretRef,
    providers: Providers<'_>,
    leases: &Leases,
    limit: Duration,
) -> Answer {
    let fetching = async {
        let started = Instant::now();
        let late = |_| Failure::Deadline { after: limit };
        let fetched = match offline(coordinate, providers) {
            Some(failure) => Err(failure),
            None => tokio::time::timeout(limit, provider.fetch(coordinate, leases))
                .await
                .map_err(late)
                .and_then(|fetched| fetched),
        };
        let took = started.elapsed();
        let fetched = keep(coordinate, providers, fetched.and_then(within_size)).await;
        Answer { fetched: fetched.map(Rc::new).map_err(Arc::new), took }
    };
    match providers.0.memo {
        Some(memo) => memo.once(coordinate, fetching).await,
        None => fetching.await,
    }
}

/// Refuses a value that is longer than any may be, whoever gave it.
fn within_size(fetched: Fetched) -> Result<Fetched, Failure> {
    if fetched.value.len() as u64 <= MAX_VALUE {
        return Ok(fetched);
    }
    Err(Failure::Unfit { reason: format!("is longer than {MAX_VALUE} bytes"), hint: None })
}

/// Why a store must not be asked, where it must not.
fn offline(coordinate: &SecretRef, providers: Providers<'_>) -> Option<Failure> {
    let config = providers.config(&coordinate.provider).ok()?;
    (providers.0.offline && config.kind.remote).then(|| Failure::Offline {
        hint: match config.cache {
            Some(_) => "try again without `--offline` when there is a network".to_owned(),
            None => format!(
                "to cache values of `{0}`, write `cache = {{ max_age = \"10m\" }}` under `[providers.{0}]` in the user manifest",
                coordinate.provider
            ),
        },
    })
}

/// Has the cache keep what a store gave, or drop what the store has no more, where [`look`] found nothing. That it could
/// not is no failure: the value is there.
async fn keep(
    coordinate: &SecretRef,
    providers: Providers<'_>,
    fetched: Result<Fetched, Failure>,
) -> Result<Fetched, Failure> {
    let memo = providers.0.memo;
    let place = memo.and_then(|memo| memo.places.borrow_mut().remove(coordinate));
    let kept = match (place, &fetched) {
        (None, _) => return fetched,
        (Some(Err(failure)), _) => Err(failure),
        (Some(Ok(place)), Ok(value)) if value.lasts.is_none() => {
            tokio::time::timeout(KEEPING, place.keep(value)).await.unwrap_or(Ok(()))
        }
        (Some(Ok(_)), Err(failure)) if !is_last_word(failure) => Ok(()),
        (Some(Ok(place)), _) => {
            let _ = tokio::time::timeout(KEEPING, place.forget()).await;
            Ok(())
        }
    };
    fetched.map(|mut fetched| {
        if let Err(failure) = kept {
            let why = failure.with_cause();
            let warning = format!("could not cache `{coordinate}`: {why}");
            fetched.warning.get_or_insert(warning);
        }
        fetched
    })
}

/// Whether a store has said that there is no such value for us, so that an older one is nothing any more.
fn is_last_word(failure: &Failure) -> bool {
    match failure {
        Failure::Shared(one) => is_last_word(one),
        failure => matches!(failure, Failure::NotFound { .. } | Failure::Denied { .. }),
    }
}

/// Fetches what one reference names, whatever it could be delivered as.
///
/// # Errors
/// There is no such value, or it cannot be had.
pub async fn fetch_one(
    reference: &SecretRef,
    providers: Providers<'_>,
    leases: &Leases,
) -> Result<Secret, Failure> {
    let memo = Memo::default();
    let fetched = fetch_within(PER_PROVIDER, reference, providers.remembering(&memo), leases).await;
    drop(memo);
    // Only the memo shared it.
    fetched.map_err(|failure| Arc::into_inner(failure).unwrap_or(Failure::Stopped))
}

/// Logs in to each of these providers, all at once, each within the time of one.
pub async fn log_in(
    schemes: &[&str],
    providers: Providers<'_>,
    leases: &Leases,
) -> Vec<Result<Login, Failure>> {
    let memo = Memo::default();
    let providers = providers.remembering(&memo);
    let mut logins: Vec<_> = schemes.iter().map(|_| Err(Failure::Stopped)).collect();
    let logging_in = schemes.iter().zip(&mut logins).map(|(scheme, login)| async move {
        *login = log_in_to(scheme, providers, leases).await;
    });
    join(logging_in.collect()).await;
    logins
}

async fn log_in_to(
    scheme: &str,
    providers: Providers<'_>,
    leases: &Leases,
) -> Result<Login, Failure> {
    providers.check_login(scheme)?;
    let provider = providers.open(scheme)?;
    let late = |_| Failure::Deadline { after: PER_PROVIDER };
    tokio::time::timeout(PER_PROVIDER, provider.login(leases)).await.map_err(late)?
}

async fn fetch_within(
    limit: Duration,
    reference: &SecretRef,
    providers: Providers<'_>,
    leases: &Leases,
) -> Result<Secret, Arc<Failure>> {
    providers.check(reference)?;
    let provider = providers.open(&reference.provider)?;
    let coordinate = reference.coordinate();
    let answer = match look(&coordinate, providers, leases).await {
        Some(answer) => answer,
        None => fetch(provider.as_ref(), &coordinate, providers, leases, limit).await,
    };
    Ok(field::project(&answer.fetched?.value, reference.field.as_deref())?)
}

impl<'a> Surroundings<'a> {
    /// Fetches what a provider logs in with: `key` of its table, which is a reference into another provider. Its time
    /// is part of the provider's own.
    pub(super) fn credential<'b>(
        self,
        key: &'static str,
        reference: &'b SecretRef,
        leases: &'b Leases,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, Failure>> + 'b>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let fetched = fetch_within(PER_CREDENTIAL, reference, Providers(self), leases).await;
            let reference = reference.clone();
            fetched.map_err(|source| Failure::Login { key, reference, source })
        })
    }
}

/// Runs all of these to their ends, on this thread, at once.
pub(super) async fn join(futures: Vec<impl Future<Output = ()>>) {
    let mut running: Vec<Pin<Box<_>>> = futures.into_iter().map(Box::pin).collect();
    poll_fn(|context| {
        running.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
