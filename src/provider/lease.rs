//! What a provider gave for a time only: a token that was made for this session, an account of a database.
//!
//! A [`Lease`] goes into [`Leases`] the moment that it is known, so that whatever happens next, a deadline, another
//! secret that is missing, the end of the server, it is given back. While the server runs it is renewed at two thirds
//! of its time. What is only being asked for is in our care too, since the other side makes it whether we hear of it or
//! not. Always true: a lease is given back once, and its id is in no message. Nothing can be given back by a hushpipe that
//! is killed: then each lease ends by itself.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep, timeout};

use super::Failure;
use super::fetch::join;

/// Something that ends by itself unless it is renewed.
pub struct Lease {
    /// What it is, for messages, without its id: "the lease of `corp://database/creds/ro`".
    pub about: String,
    /// How long it lasts from now.
    pub lasts: Duration,
    /// Whether it can be renewed.
    pub renewable: bool,
    /// The side that renews it and gives it back.
    pub holder: Box<dyn Holder>,
}

/// What can be done with a lease. Owns what it needs: the provider that made it is gone by then. Futures may be dropped
/// at any point.
pub trait Holder {
    /// Renews the lease; how long it lasts from now, which is shorter when its limit is near.
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Duration, Failure>> + '_>>;

    /// Gives the lease back, so that what it stood for is of no use to anybody any more; again, where that may help.
    fn give_back(&self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>>;

    /// Whether others hang on it, as they hang on the token that they were made with: then it goes back after them.
    fn goes_last(&self) -> bool {
        false
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({}, {} s)", self.about, self.lasts.as_secs())
    }
}

/// The leases of one launch.
#[derive(Debug, Default)]
pub struct Leases {
    held: RefCell<Vec<Rc<Held>>>,
    underway: RefCell<Vec<Rc<Underway>>>,
}

/// How long what hangs on a token may keep the token waiting: that one takes it along anyway where it goes.
const TURN: Duration = Duration::from_millis(700);

impl Leases {
    /// Takes a lease into care.
    pub fn add(&self, lease: Lease) {
        self.held.borrow_mut().push(Rc::new(Held::new(lease)));
    }

    /// Has something made, and takes its lease into care. Where nobody waits for the answer any more, because of a deadline
    /// or a signal, whoever gives the leases back does. `about` is that of the lease.
    ///
    /// # Errors
    /// Those of `making`.
    pub async fn make<T: 'static>(
        &self,
        about: String,
        making: impl Future<Output = (Result<T, Failure>, Option<Lease>)> + 'static,
    ) -> Result<T, Failure> {
        let answer = Rc::new(RefCell::new(None));
        let kept = Rc::clone(&answer);
        let making: Making = Box::pin(async move {
            let (made, lease) = making.await;
            kept.replace(Some(made));
            lease
        });
        let (making, lease) = (RefCell::new(Some(making)), RefCell::default());
        let underway = Rc::new(Underway { about, making, lease });
        self.underway.borrow_mut().push(Rc::clone(&underway));
        let lease = underway.finish().await;
        self.underway.borrow_mut().retain(|other| !Rc::ptr_eq(other, &underway));
        lease.into_iter().for_each(|lease| self.add(lease));
        answer.take().unwrap_or(Err(Failure::Stopped))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.held.borrow().is_empty()
    }

    /// Renews each of them at two thirds of its time, until none can be renewed any further. `say` gets a line for each
    /// that cannot: once.
    pub async fn keep(&self, say: impl Fn(&str)) {
        let all = self.held.borrow().clone();
        join(all.iter().map(|held| held.keep(&say)).collect()).await;
    }

    /// Gives all of them back at once, those that others hang on last. What could not be given back by then ends by
    /// itself; why is returned, one line each.
    pub async fn give_back(&self, limit: Duration) -> Vec<String> {
        self.give_back_until(sleep(limit)).await
    }

    /// The same until `over` ends.
    pub async fn give_back_until(&self, over: impl Future<Output = ()>) -> Vec<String> {
        let goes_last = |held: &Rc<Held>| held.lease.holder.goes_last();
        let (last, first): (Vec<_>, Vec<_>) = self.held.take().into_iter().partition(goes_last);
        let underway = self.underway.take();
        let give_back = |all: &[Rc<Held>]| {
            let each = all.iter().map(|held| Rc::clone(held).give_back());
            join(each.collect())
        };
        let arriving = join(underway.iter().map(|one| one.give_back()).collect());
        let first_ones = async {
            tokio::join!(give_back(&first), arriving);
        };
        let (mut first_ones, last_ones) = (Box::pin(first_ones), give_back(&last));
        let all = async {
            if timeout(TURN, &mut first_ones).await.is_ok() {
                last_ones.await;
            } else {
                tokio::join!(first_ones, last_ones);
            }
        };
        tokio::select! {
            biased;
            () = all => {}
            () = over => {}
        }
        let held = first.iter().chain(&last).filter_map(|held| held.complaint());
        held.chain(underway.iter().filter_map(|one| one.complaint())).collect()
    }
}

/// What makes something; the lease of that.
type Making = Pin<Box<dyn Future<Output = Option<Lease>>>>;

/// Something that is being made.
struct Underway {
    about: String,
    /// None when there is an answer.
    making: RefCell<Option<Making>>,
    /// What came of it when nobody else was there any more.
    lease: RefCell<Option<Rc<Held>>>,
}

impl fmt::Debug for Underway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Underway({})", self.about)
    }
}

impl Underway {
    /// Goes on with it where the one before stopped.
    async fn finish(&self) -> Option<Lease> {
        poll_fn(|context| {
            let mut making = self.making.borrow_mut();
            let Some(future) = making.as_mut() else { return Poll::Ready(None) };
            let made = future.as_mut().poll(context);
            if made.is_ready() {
                *making = None;
            }
            made
        })
        .await
    }

    async fn give_back(&self) {
        let Some(lease) = self.finish().await else { return };
        let held = Rc::new(Held::new(lease));
        self.lease.replace(Some(Rc::clone(&held)));
        held.give_back().await;
    }

    fn complaint(&self) -> Option<String> {
        match self.lease.take() {
            Some(held) => held.complaint(),
            None if self.making.borrow().is_none() => None,
            None => Some(format!(
                "{} may have been created, because no answer came in time; it then expires by itself",
                self.about
            )),
        }
    }
}

/// A lease in our care.
#[derive(Debug)]
struct Held {
    lease: Lease,
    term: Cell<Term>,
    returned: RefCell<Option<Result<(), Failure>>>,
}

/// How long one renewal may take, where the lease itself lasts that long.
const RENEWAL: Duration = Duration::from_secs(10);

/// The longest that is waited after a renewal that failed.
const PAUSE: Duration = Duration::from_secs(60);

impl Held {
    fn new(lease: Lease) -> Self {
        let (term, returned) = (Cell::new(Term::of(lease.lasts)), RefCell::default());
        Self { lease, term, returned }
    }

    async fn keep(&self, say: &impl Fn(&str)) {
        if self.lease.renewable
            && let Err(failure) = self.renew_to_the_limit().await
        {
            let why = format!(": {}", failure.with_cause());
            return say(&self.ends("could not be renewed and ", &why));
        }
        self.term.get().pass_two_thirds().await;
        say(&self.ends("", " and cannot be renewed any further"));
    }

    /// Renews it at two thirds of its time, until there is no more to be had.
    async fn renew_to_the_limit(&self) -> Result<(), Failure> {
        loop {
            self.term.get().pass_two_thirds().await;
            let left = self.term.get().left();
            let lasts = self.renew().await?;
            self.term.set(Term::of(lasts));
            // What is granted at the limit is what was left already, but for the rounding to whole seconds.
            if lasts <= left + (lasts / 10).min(Duration::from_secs(1)) {
                return Ok(());
            }
        }
    }

    /// Renews it, again and again while there is time where another try may help.
    async fn renew(&self) -> Result<Duration, Failure> {
        loop {
            let limit = self.term.get().left().min(RENEWAL);
            let renewed = timeout(limit, self.lease.holder.renew()).await;
            let renewed = renewed.unwrap_or(Err(Failure::Deadline { after: limit }));
            let left = self.term.get().left();
            match renewed {
                Err(failure) if may_pass(&failure) && !left.is_zero() => {
                    sleep((left / 4).clamp(Duration::from_secs(1), PAUSE).min(left)).await;
                }
                renewed => return renewed,
            }
        }
    }

    /// A line on its end.
    fn ends(&self, before: &str, behind: &str) -> String {
        let about = &self.lease.about;
        let ends = match self.term.get().left().as_secs() {
            0 => "has ended".to_owned(),
            left => format!("ends in {left} s"),
        };
        format!("{about} {before}{ends}{behind}; restart the server for a new one")
    }

    async fn give_back(self: Rc<Self>) {
        let returned = self.lease.holder.give_back().await;
        self.returned.replace(Some(returned));
    }

    /// Why it was not given back, unless it was, or has ended since.
    fn complaint(&self) -> Option<String> {
        let about = &self.lease.about;
        let left = self.term.get().left().as_secs();
        let why = match self.returned.take() {
            Some(Ok(())) => return None,
            _ if left == 0 => return None,
            Some(Err(failure)) => failure.with_cause(),
            None => "there was no answer in time".to_owned(),
        };
        Some(format!("could not revoke {about}, which expires by itself in {left} s: {why}"))
    }
}

/// Whether trying again may help.
fn may_pass(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Unreachable { .. }
            | Failure::BadAnswer { .. }
            | Failure::NoAnswer { .. }
            | Failure::Deadline { .. }
    )
}

/// From when and for how long a lease lasts.
#[derive(Debug, Clone, Copy)]
struct Term {
    since: Instant,
    since_on_the_wall: SystemTime,
    lasts: Duration,
}

/// How long is slept at most without a look at the clock on the wall.
const GLANCE: Duration = Duration::from_secs(30);

impl Term {
    /// From now.
    fn of(lasts: Duration) -> Self {
        Self { since: Instant::now(), since_on_the_wall: SystemTime::now(), lasts }
    }

    /// The longer one of two clocks: one stands still while a laptop sleeps, which the server that gave the lease does not;
    /// the other may be set back.
    fn elapsed(&self) -> Duration {
        self.since.elapsed().max(self.since_on_the_wall.elapsed().unwrap_or_default())
    }

    fn left(&self) -> Duration {
        self.lasts.saturating_sub(self.elapsed())
    }

    async fn pass_two_thirds(&self) {
        loop {
            let wait = (self.lasts / 3 * 2).saturating_sub(self.elapsed());
            if wait.is_zero() {
                return;
            }
            sleep(wait.min(GLANCE)).await;
        }
    }
}

#[cfg(test)]
mod tests;
