//! The probe shield: a server that cannot bear to be asked for its era does not end the session.
//!
//! Clients that speak both eras open with `server/discover` and fall back to `initialize` on the same connection. Servers
//! made before it end on it, answer with an error of their own making, or say nothing; some SDKs then hang on to what they
//! half understood. So a probe that fails gets the answer that every client understands (−32601, no such method), and the
//! `initialize` behind it gets a server that has seen nothing. What was learned is kept for the next launch.

use std::cell::{Cell, RefCell};

use tokio::sync::Notify;

use crate::mcp::era::{INITIALIZE, PROBE};
use crate::mcp::scan::members::member;
use crate::mcp::{Envelope, Era, Id};

/// The shield of one session. One thread relays, so plain cells do.
pub(super) struct Shield {
    state: RefCell<State>,
    /// Whether the server itself has refused a probe.
    refused: Cell<bool>,
    learned: Cell<Option<Era>>,
    shown: Notify,
    wanted: Notify,
    renewed: Notify,
    broken: Notify,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The client has asked nothing yet.
    Up,
    /// A probe with this id is with the server.
    Probing(Id),
    /// The server has failed the probe: whoever asks next needs a fresh one.
    Broken,
    /// Somebody has asked, and waits for the fresh one; the end of the other is still to come.
    Renewing,
    /// The session is past its opening.
    Down,
}

/// What is done with a request of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on.
    Pass,
    /// It is answered as a method that is not there.
    Refuse,
    /// It goes on to a fresh server, and nobody waits for the answer to this probe any more.
    Renew {
        /// The probe, where its answer is still out.
        abandoned: Option<Id>,
    },
}

/// What is done with an answer of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It goes on.
    Goes,
    /// The client gets the answer of a method that is not there instead.
    Replaced,
}

impl Shield {
    /// A shield before a server of this era, if it is known. One that is known to be stateful is never asked.
    pub(super) fn new(era: Option<Era>) -> Self {
        Self {
            state: RefCell::new(State::Up),
            refused: Cell::new(era == Some(Era::Stateful)),
            learned: Cell::new(None),
            shown: Notify::new(),
            wanted: Notify::new(),
            renewed: Notify::new(),
            broken: Notify::new(),
        }
    }

    /// The client asks something.
    pub(super) fn request(&self, method: &str, id: &Id) -> Verdict {
        let mut state = self.state.borrow_mut();
        let (next, verdict) = match (&*state, method) {
            (State::Up, PROBE) => (State::Probing(id.clone()), Verdict::Pass),
            (State::Probing(probe), INITIALIZE) => {
                self.refused.set(true);
                (State::Renewing, Verdict::Renew { abandoned: Some(probe.clone()) })
            }
            (State::Broken, PROBE) => (State::Broken, Verdict::Refuse),
            (State::Broken, _) => (State::Renewing, Verdict::Renew { abandoned: None }),
            // Nobody asks while somebody waits for a fresh server: a client's messages go on one by one.
            (State::Up | State::Probing(_) | State::Renewing | State::Down, _) => {
                (State::Down, Verdict::Pass)
            }
        };
        *state = next;
        if let Verdict::Renew { .. } = verdict {
            self.wanted.notify_one();
        }
        verdict
    }

    /// The server answers the request `id`.
    pub(super) fn answer(&self, line: &[u8], envelope: &Envelope, id: &Id) -> Answer {
        let mut state = self.state.borrow_mut();
        if *state != State::Probing(id.clone()) {
            return Answer::Goes;
        }
        if envelope.result {
            self.learn(Era::Stateless);
            *state = State::Down;
            return Answer::Goes;
        }
        self.refused.set(true);
        match error_code(line) {
            // The method is not there, which is what a stateful server should say.
            Some(-32601) => *state = State::Down,
            // A stateless one that asks for another revision or for more (specification 2026-07-28, schema).
            Some(-32022..=-32020) => {
                self.refused.set(false);
                *state = State::Down;
            }
            _ => {
                *state = State::Broken;
                self.broken.notify_one();
                return Answer::Replaced;
            }
        }
        Answer::Goes
    }

    /// The server has ended: the probe that it did not answer, if a probe was all it had to answer. `None` where its end is the
    /// session's.
    pub(super) fn survives(&self) -> Option<Option<Id>> {
        let mut state = self.state.borrow_mut();
        match &*state {
            State::Probing(probe) => {
                let probe = probe.clone();
                *state = State::Broken;
                self.refused.set(true);
                Some(Some(probe))
            }
            State::Broken | State::Renewing => Some(None),
            State::Up | State::Down => None,
        }
    }

    /// The server has opened a stateful session.
    pub(super) fn opened(&self) {
        if self.refused.get() {
            self.learn(Era::Stateful);
        }
    }

    fn learn(&self, era: Era) {
        self.learned.set(Some(era));
        self.shown.notify_one();
    }

    /// Waits until the session has shown the server's era.
    pub(super) async fn shown(&self) {
        self.shown.notified().await;
    }

    /// The server's era, if this session has shown it. One that opened a stateful session without having been asked for the
    /// other may know both.
    pub(super) fn learned(&self) -> Option<Era> {
        self.learned.get()
    }

    /// Waits until the server is of no more use.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }

    /// Waits until a fresh server is needed.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Waits until there is one, or never will be.
    pub(super) async fn renewed(&self) {
        self.renewed.notified().await;
    }

    /// There is one, or never will be.
    pub(super) fn renew(&self) {
        *self.state.borrow_mut() = State::Down;
        self.renewed.notify_one();
    }
}

fn error_code(line: &[u8]) -> Option<i64> {
    serde_json::from_slice(member(member(line, "error")?, "code")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{Scanner, Shape};

    const ERROR: &str = r#"{"id":1,"error":{"code":-32600,"message":""}}"#;
    const NO_METHOD: &str = r#"{"id":1,"error":{"code":-32601,"message":""}}"#;
    const OTHER_VERSION: &str = r#"{"id":1,"error":{"code":-32022,"message":""}}"#;
    const DISCOVERED: &str = r#"{"id":1,"result":{"resultType":"complete"}}"#;

    fn id(number: u64) -> Id {
        Id::from(number)
    }

    fn answer(shield: &Shield, line: &str) -> Answer {
        let mut scanner = Scanner::default();
        scanner.feed(line.as_bytes());
        let Shape::Object(envelope) = scanner.finish() else { panic!("{line}") };
        shield.answer(line.as_bytes(), &envelope, &id(1))
    }

    /// A shield whose probe the server has.
    fn probing() -> Shield {
        let shield = Shield::new(None);
        assert_eq!(shield.request(PROBE, &id(1)), Verdict::Pass);
        shield
    }

    #[test]
    fn a_server_that_ends_on_the_probe_is_replaced_for_whoever_asks_next() {
        let shield = probing();
        assert_eq!(shield.survives(), Some(Some(id(1))));
        assert_eq!(shield.request(PROBE, &id(2)), Verdict::Refuse);
        assert_eq!(shield.survives(), Some(None));
        assert_eq!(shield.request(INITIALIZE, &id(3)), Verdict::Renew { abandoned: None });
        // Killed by us, it may be seen to end only now.
        assert_eq!(shield.survives(), Some(None));
        shield.renew();
        assert_eq!(shield.survives(), None);
        shield.opened();
        assert_eq!(shield.learned(), Some(Era::Stateful));
    }

    #[test]
    fn an_error_of_its_own_making_is_replaced_and_so_is_the_server() {
        let shield = probing();
        assert_eq!(answer(&shield, ERROR), Answer::Replaced);
        assert_eq!(shield.request(INITIALIZE, &id(2)), Verdict::Renew { abandoned: None });
    }

    #[test]
    fn a_server_that_says_how_it_is_stays() {
        for (line, era) in [
            (NO_METHOD, Some(Era::Stateful)),
            (OTHER_VERSION, None),
            (DISCOVERED, Some(Era::Stateless)),
        ] {
            let shield = probing();
            assert_eq!(answer(&shield, line), Answer::Goes);
            assert_eq!(shield.request(INITIALIZE, &id(2)), Verdict::Pass);
            assert_eq!(shield.survives(), None);
            shield.opened();
            assert_eq!(shield.learned(), era, "{line}");
        }
    }

    #[test]
    fn a_probe_that_is_given_up_is_given_up_with_its_server() {
        let shield = probing();
        let given_up = Verdict::Renew { abandoned: Some(id(1)) };
        assert_eq!(shield.request(INITIALIZE, &id(2)), given_up);
        assert_eq!(answer(&shield, DISCOVERED), Answer::Goes);
        assert_eq!(shield.survives(), Some(None));
        shield.renew();
        assert_eq!(shield.request(PROBE, &id(3)), Verdict::Pass);
    }

    #[test]
    fn a_session_that_opens_without_a_probe_says_nothing_of_the_era() {
        let shield = Shield::new(None);
        assert_eq!(shield.request(INITIALIZE, &id(1)), Verdict::Pass);
        shield.opened();
        assert_eq!((shield.learned(), shield.survives()), (None, None));
    }
}
