use std::collections::VecDeque;
use std::future::pending;
use std::io;

use super::*;

const SHORT: Duration = Duration::from_millis(90);
const LONG: Duration = Duration::from_secs(3600);

/// What holders were asked, in order, each by its name.
type Journal = Rc<RefCell<Vec<String>>>;

/// A side that does as it is told, and then as the last time.
struct Fake {
    name: &'static str,
    journal: Journal,
    renewals: RefCell<VecDeque<Answer>>,
    returns: RefCell<VecDeque<Answer>>,
    last: bool,
}

#[derive(Clone, Copy)]
enum Answer {
    Lasts(Duration),
    Unreachable,
    Denied,
    Never,
}

impl Answer {
    async fn come(self) -> Result<Duration, Failure> {
        let place = "`fake`".to_owned();
        match self {
            Self::Lasts(lasts) => Ok(lasts),
            Self::Unreachable => {
                Err(Failure::Unreachable { place, source: io::ErrorKind::ConnectionRefused.into() })
            }
            Self::Denied => Err(Failure::Denied { reason: "no".to_owned(), hint: String::new() }),
            Self::Never => pending().await,
        }
    }
}

fn next(answers: &RefCell<VecDeque<Answer>>) -> Answer {
    let mut answers = answers.borrow_mut();
    let answer = answers.pop_front().unwrap();
    if answers.is_empty() {
        answers.push_back(answer);
    }
    answer
}

impl Holder for Fake {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Duration, Failure>> + '_>> {
        self.journal.borrow_mut().push(format!("renew {}", self.name));
        Box::pin(next(&self.renewals).come())
    }

    fn give_back(&self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> {
        self.journal.borrow_mut().push(format!("return {}", self.name));
        let answer = next(&self.returns);
        Box::pin(async move {
            let returned = answer.come().await.map(drop);
            if returned.is_ok() {
                self.journal.borrow_mut().push(format!("returned {}", self.name));
            }
            returned
        })
    }

    fn goes_last(&self) -> bool {
        self.last
    }
}

/// Leases, and what was done with them.
#[derive(Default)]
struct World {
    leases: Leases,
    journal: Journal,
    said: RefCell<Vec<String>>,
}

impl World {
    fn add(&self, name: &'static str, lasts: Duration, renewals: &[Answer], returns: &[Answer]) {
        self.leases.add(self.lease(name, lasts, renewals, returns));
    }

    fn lease(
        &self,
        name: &'static str,
        lasts: Duration,
        renewals: &[Answer],
        returns: &[Answer],
    ) -> Lease {
        let fake = Fake {
            name,
            journal: Rc::clone(&self.journal),
            renewals: RefCell::new(renewals.iter().copied().collect()),
            returns: RefCell::new(returns.iter().copied().collect()),
            last: name == "token",
        };
        let renewable = !renewals.is_empty();
        let about = format!("the lease of `{name}`");
        Lease { about, lasts, renewable, holder: Box::new(fake) }
    }

    fn count(&self, what: &str) -> usize {
        self.journal.borrow().iter().filter(|line| *line == what).count()
    }

    /// Keeps the leases until there is nothing left to keep; what was said.
    async fn kept(&self) -> Vec<String> {
        self.leases.keep(|line| self.said.borrow_mut().push(line.to_owned())).await;
        self.said.take()
    }
}

fn run<T>(asking: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(asking)
}

#[test]
fn a_lease_is_renewed_for_as_long_as_it_is_kept() {
    run(async {
        let world = World::default();
        world.add("db", SHORT, &[Answer::Lasts(SHORT)], &[]);
        let enough = async {
            while world.count("renew db") < 4 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            said = world.kept() => panic!("it stopped: {said:?}"),
            () = enough => {}
        }
        assert!(world.said.borrow().is_empty());
    });
}

#[test]
fn a_lease_at_its_limit_is_told_once_and_left_alone() {
    run(async {
        let world = World::default();
        // Renewed in full, then up to the limit, then with nothing more.
        let renewals = [SHORT, SHORT / 2, Duration::ZERO].map(Answer::Lasts);
        world.add("db", SHORT, &renewals, &[]);
        let said = world.kept().await;
        assert_eq!(
            said,
            [
                "the lease of `db` has ended and cannot be renewed any further; restart the server for a new one"
            ]
        );
        assert_eq!(world.count("renew db"), 3);
    });
}

#[test]
fn a_lease_that_cannot_be_renewed_is_never_asked_for() {
    run(async {
        let world = World::default();
        world.add("db", SHORT, &[], &[]);
        assert_eq!(world.kept().await.len(), 1);
        assert!(world.journal.borrow().is_empty());
    });
}

#[test]
fn a_renewal_that_fails_is_tried_again_while_there_is_time() {
    run(async {
        let world = World::default();
        let once = [Answer::Unreachable, Answer::Lasts(LONG)];
        world.add("db", Duration::from_millis(1500), &once, &[]);
        tokio::select! {
            said = world.kept() => panic!("it stopped: {said:?}"),
            () = async { while world.count("renew db") < 2 { sleep(SHORT).await } } => {}
        }
        let world = World::default();
        world.add("db", SHORT, &[Answer::Unreachable], &[]);
        let said = world.kept().await;
        assert_eq!(
            said,
            ["the lease of `db` could not be renewed and has ended: \
              `fake` could not be reached: connection refused; restart the server for a new one"]
        );
        assert!(world.count("renew db") >= 2);
    });
}

#[test]
fn a_renewal_that_is_refused_is_said_at_once_and_not_tried_again() {
    run(async {
        let world = World::default();
        world.add("db", LONG, &[Answer::Denied], &[]);
        // As if it had been kept for long enough.
        let held = Rc::clone(&world.leases.held.borrow()[0]);
        let mut term = held.term.get();
        term.since_on_the_wall -= LONG * 3 / 4;
        held.term.set(term);
        let said = world.kept().await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].starts_with("the lease of `db` could not be renewed and ends in 8"),
            "{said:?}"
        );
        assert!(said[0].ends_with(" s: no; restart the server for a new one"), "{said:?}");
        assert_eq!(world.count("renew db"), 1);
    });
}

/// The clock that tokio sleeps by stands still while a laptop sleeps.
#[test]
fn time_that_passed_on_the_wall_has_passed() {
    let mut term = Term::of(LONG);
    term.since_on_the_wall -= LONG * 3 / 4;
    assert!(term.left() <= LONG / 4);
    run(term.pass_two_thirds());
    term.since_on_the_wall += LONG;
    assert!(term.left() > LONG / 2, "a clock that was set back");
}

#[test]
fn all_go_back_at_once_and_the_token_last() {
    run(async {
        let world = World::default();
        let done = [Answer::Lasts(LONG)];
        for name in ["token", "one", "two"] {
            world.add(name, LONG, &[], &done);
        }
        assert_eq!(world.leases.give_back(LONG).await, Vec::<String>::new());
        let expected = [
            "return one",
            "returned one",
            "return two",
            "returned two",
            "return token",
            "returned token",
        ];
        assert_eq!(*world.journal.borrow(), expected);
        assert!(world.leases.is_empty());
        world.leases.give_back(LONG).await;
        assert_eq!(world.journal.borrow().len(), expected.len(), "once");
    });
}

#[test]
fn one_that_is_not_answered_keeps_no_other_and_is_named() {
    run(async {
        let world = World::default();
        let done = [Answer::Lasts(LONG)];
        world.add("token", LONG, &[], &done);
        world.add("deaf", LONG, &[], &[Answer::Never]);
        world.add("db", LONG, &[], &done);
        let over = async {
            while world.count("returned token") + world.count("returned db") < 2 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let kept = world.leases.give_back_until(over).await;
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert!(
            kept[0]
                .starts_with("could not revoke the lease of `deaf`, which expires by itself in 3")
        );
        assert!(kept[0].ends_with(" s: there was no answer in time"), "{kept:?}");
    });
}

#[test]
fn what_was_not_given_back_is_told_while_it_lasts() {
    run(async {
        let world = World::default();
        world.add("refused", LONG, &[], &[Answer::Denied]);
        world.add("gone", Duration::ZERO, &[], &[Answer::Denied]);
        let kept = world.leases.give_back(LONG).await;
        assert_eq!(world.count("return gone"), 1);
        assert_eq!(kept.len(), 1, "what has ended by itself is nobody's concern: {kept:?}");
        assert!(kept[0].contains("`refused`") && kept[0].ends_with(" s: no"), "{kept:?}");
    });
}

#[test]
fn what_nobody_waits_for_any_more_goes_back_when_it_has_come() {
    run(async {
        let world = World::default();
        let lease = world.lease("db", LONG, &[], &[Answer::Lasts(LONG)]);
        let made = async {
            sleep(SHORT).await;
            (Ok(()), Some(lease))
        };
        let failing = async {
            sleep(SHORT).await;
            (Err::<(), _>(Failure::Stopped), None)
        };
        let making = world.leases.make("the lease of `db`".to_owned(), made);
        assert!(timeout(SHORT / 3, making).await.is_err(), "it was too soon");
        let making = world.leases.make("the lease of `none`".to_owned(), failing);
        assert!(timeout(SHORT / 3, making).await.is_err(), "it was too soon");
        let making = world.leases.make("the lease of `slow`".to_owned(), pending::<(_, _)>());
        let making: Result<Result<(), _>, _> = timeout(SHORT / 3, making).await;
        assert!(making.is_err());
        let said = world.leases.give_back(SHORT * 5).await;
        assert_eq!(world.count("returned db"), 1);
        assert_eq!(
            said,
            [
                "the lease of `slow` may have been created, because no answer came in time; it then expires by itself"
            ]
        );
    });
}

#[test]
fn what_was_made_is_kept_like_any_other() {
    run(async {
        let world = World::default();
        let lease = world.lease("db", LONG, &[], &[Answer::Lasts(LONG)]);
        let making =
            world.leases.make("the lease of `db`".to_owned(), async { (Ok(7), Some(lease)) });
        assert_eq!(making.await.ok(), Some(7));
        assert!(!world.leases.is_empty());
        assert_eq!(world.leases.give_back(LONG).await, Vec::<String>::new());
        assert_eq!(world.count("returned db"), 1);
    });
}
