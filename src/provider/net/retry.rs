//! Retries: a second try where one may help.
//!
//! A request is repeated if it failed for a reason that may be gone in a moment: no connection, no answer in time, an
//! overloaded or restarting server (429, 5xx). A 4xx is the server's decision and is not repeated. The wait grows with each
//! try and is partly random, so that many launches that failed together do not come back together. `Retry-After` is
//! obeyed. The caller's deadline covers all tries, so a wait that is longer than it does not begin.
//!
//! A request that makes something, such as an account of a database, is repeated only if it was never sent: see
//! [`RetryAdvice::unless`].

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _, Sleeper};

use crate::provider::Failure;
use crate::provider::resolve::PER_PROVIDER;

/// The tries after the first.
const MORE: usize = 3;

/// Between the first and the second try, to which up to as much again is added by chance.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How much longer each wait is than the one before.
const GROWTH: f32 = 2.5;

/// A try that came to nothing.
#[derive(Debug)]
pub(in crate::provider) struct FailedTry {
    /// Why.
    pub(in crate::provider) failure: Failure,
    /// Whether another one may come to more.
    pub(in crate::provider) again: RetryAdvice,
}

/// Whether and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum RetryAdvice {
    /// It would end in the same way.
    Never,
    /// After a moment.
    Soon,
    /// After the time that the server asked for.
    After(Duration),
}

impl RetryAdvice {
    /// What the status of an HTTP answer and its `Retry-After` say. Only seconds are understood there: a date would be
    /// compared with a clock that may be wrong.
    pub(in crate::provider) fn of_status(status: u16, retry_after: Option<&str>) -> Self {
        if status != 429 && !(500..600).contains(&status) {
            return Self::Never;
        }
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        seconds.map_or(Self::Soon, |seconds| Self::After(Duration::from_secs(seconds)))
    }

    /// The same, or never where the request may have been carried out and must not be twice.
    pub(in crate::provider) fn unless(self, carried_out: bool) -> Self {
        if carried_out { Self::Never } else { self }
    }
}

impl From<Failure> for FailedTry {
    /// A failure that another try does not cure.
    fn from(failure: Failure) -> Self {
        Self { failure, again: RetryAdvice::Never }
    }
}

/// Tries until one try succeeds, one fails for good, or there were enough.
///
/// # Errors
/// That of the last try.
pub(in crate::provider) async fn persistently<T, F>(
    attempt: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, FailedTry>>,
{
    with_waits(attempt, tokio::time::sleep).await
}

async fn with_waits<T, F>(attempt: impl FnMut() -> F, sleep: impl Sleeper) -> Result<T, Failure>
where
    F: Future<Output = Result<T, FailedTry>>,
{
    let waits = ExponentialBuilder::new()
        .with_min_delay(FIRST_WAIT)
        .with_factor(GROWTH)
        .with_max_times(MORE)
        .with_jitter();
    let tried = attempt
        .retry(waits)
        .sleep(sleep)
        .when(|tried| tried.again != RetryAdvice::Never)
        .adjust(|tried, wait| match tried.again {
            RetryAdvice::After(asked) if asked >= PER_PROVIDER => None,
            RetryAdvice::After(asked) => wait.map(|wait| wait.max(asked)),
            _ => wait,
        })
        .await;
    tried.map_err(|tried| tried.failure)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;
    use std::rc::Rc;

    use super::*;

    /// How often is tried, what is waited in all, and whether it succeeded, where the first tries fail in these ways.
    fn tries(failing: &[RetryAdvice]) -> (usize, Duration, bool) {
        let (count, waited) = (Cell::new(0), Rc::new(Cell::new(Duration::ZERO)));
        let total = Rc::clone(&waited);
        let attempt = || {
            let again = failing.get(count.get()).copied();
            count.set(count.get() + 1);
            ready(match again {
                Some(again) => Err(FailedTry { failure: Failure::Stopped, again }),
                None => Ok(()),
            })
        };
        let sleep = move |wait| {
            total.set(total.get() + wait);
            ready(())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let found = runtime.block_on(with_waits(attempt, sleep)).is_ok();
        (count.get(), waited.get(), found)
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_is_decided_is_not() {
        assert_eq!(tries(&[]), (1, Duration::ZERO, true));
        assert_eq!(tries(&[RetryAdvice::Never]), (1, Duration::ZERO, false));
        let (count, took, found) = tries(&[RetryAdvice::Soon, RetryAdvice::Soon]);
        assert_eq!((count, found), (3, true));
        assert!(took >= FIRST_WAIT.mul_f32(1.0 + GROWTH), "{took:?}");
        let (count, took, found) = tries(&[RetryAdvice::Soon; 9]);
        assert_eq!((count, found), (1 + MORE, false));
        assert!(took < PER_PROVIDER, "{took:?}");
    }

    #[test]
    fn a_server_that_says_how_long_is_obeyed_unless_nobody_would_wait_so_long() {
        let asked = Duration::from_secs(2);
        let (count, took, found) = tries(&[RetryAdvice::After(asked)]);
        assert_eq!((count, found), (2, true));
        assert!(took >= asked, "{took:?}");
        assert_eq!(tries(&[RetryAdvice::After(PER_PROVIDER)]), (1, Duration::ZERO, false));
    }

    #[test]
    fn only_429_and_5xx_are_tried_again() {
        for status in [200, 301, 400, 403, 404, 412, 472, 600] {
            assert_eq!(RetryAdvice::of_status(status, Some("1")), RetryAdvice::Never, "{status}");
        }
        for status in [429, 500, 502, 503, 504, 599] {
            assert_eq!(RetryAdvice::of_status(status, None), RetryAdvice::Soon, "{status}");
        }
        assert_eq!(
            RetryAdvice::of_status(429, Some(" 2 ")),
            RetryAdvice::After(Duration::from_secs(2))
        );
        assert_eq!(
            RetryAdvice::of_status(503, Some("Fri, 31 Dec 1999 23:59:59 GMT")),
            RetryAdvice::Soon
        );
        assert_eq!(RetryAdvice::Soon.unless(true), RetryAdvice::Never);
        assert_eq!(RetryAdvice::Soon.unless(false), RetryAdvice::Soon);
    }
}
