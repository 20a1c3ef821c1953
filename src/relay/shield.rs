//! The probe shield: a server that cannot bear to be asked for its era does not end the session.
//!
//! Clients that speak both eras open with `server/discover` and fall back to `initialize` on the same connection. Servers
//! made before it end on it, answer with an error of their own making, or say nothing; some SDKs then hang on to what they
//! half understood. So a probe that fails gets the answer that every client understands (−32601, no such method), and the
//! `initialize` behind it gets a server that has seen nothing. What was learned is kept for the next launch.

use std::cell::Cell;

use tokio::sync::Notify;

use crate::mcp::era::{INITIALIZE, PROBE};
use crate::mcp::scan::members::member;
use crate::mcp::{Envelope, Era};

/// The shield of one session. One thread relays, so plain cells do.
pub(super) struct Shield {
    state: Cell<State>,
    /// Whether the server itself has refused a probe.
    refused: Cell<bool>,
    learned: Cell<Option<Era>>,
    shown: Notify,
    /// Whether a fresh server is wanted, and not there yet.
    renewing: Cell<bool>,
    done: Notify,
    renewed: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The client has asked nothing yet.
    Up,
    /// Probes are with the server, and no other request.
    Probing,
    /// The server has failed the probe: whoever asks next needs a fresh one.
    Broken,
    /// The session is past its opening.
    Down,
}

/// What is done with a request of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on.
    Pass,
    /// It is answered as a method that is not there.
    Refuse,
    /// It goes on to a fresh server, and nobody waits for the answers that are still out any more.
    Renew,
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
            state: Cell::new(State::Up),
            refused: Cell::new(era == Some(Era::Stateful)),
            learned: Cell::new(None),
            shown: Notify::new(),
            renewing: Cell::new(false),
            done: Notify::new(),
            renewed: Notify::new(),
        }
    }

    /// The client asks something.
    pub(super) fn request(&self, method: &str) -> Verdict {
        let (next, verdict) = match (self.state.get(), method) {
            (State::Up | State::Probing, PROBE) => (State::Probing, Verdict::Pass),
            (State::Probing, INITIALIZE) => {
                self.refused.set(true);
                (State::Down, Verdict::Renew)
            }
            (State::Broken, PROBE) => (State::Broken, Verdict::Refuse),
            (State::Broken, _) => (State::Down, Verdict::Renew),
            (State::Up | State::Probing | State::Down, _) => (State::Down, Verdict::Pass),
        };
        self.state.set(next);
        if verdict == Verdict::Renew {
            self.renewing.set(true);
            self.done.notify_one();
        }
        verdict
    }

    /// The client asks several things at once, which no opening is.
    pub(super) fn requests(&self) {
        if self.state.get() != State::Broken {
            self.state.set(State::Down);
        }
    }

    /// The server answers a request that is open.
    pub(super) fn answer(&self, line: &[u8], envelope: &Envelope) -> Answer {
        if self.state.get() != State::Probing {
            return Answer::Goes;
        }
        if envelope.result {
            self.learn(Era::Stateless);
            self.state.set(State::Down);
            return Answer::Goes;
        }
        self.refused.set(true);
        match error_code(line) {
            // The method is not there, which is what a stateful server should say.
            Some(-32601) => self.state.set(State::Down),
            // A stateless one that asks for another revision or for more (specification 2026-07-28, schema).
            Some(-32022..=-32020) => {
                self.refused.set(false);
                self.state.set(State::Down);
            }
            _ => {
                self.state.set(State::Broken);
                self.done.notify_one();
                return Answer::Replaced;
            }
        }
        Answer::Goes
    }

    /// Whether the session goes on if the server ends now: probes were all it had to answer, or another one is to come.
    pub(super) fn holds(&self) -> bool {
        self.is_renewing() || matches!(self.state.get(), State::Probing | State::Broken)
    }

    /// The server has ended, and said all it had to say; whether the session goes on.
    pub(super) fn survives(&self) -> bool {
        if self.state.get() == State::Probing {
            self.state.set(State::Broken);
            self.refused.set(true);
        }
        self.holds()
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

    /// Waits until the server is of no more use: it is broken, or a fresh one is wanted. By the time that this is heard
    /// there may be another one already.
    pub(super) async fn done(&self) {
        self.done.notified().await;
    }

    /// Whether a fresh server is wanted, and not there yet. What the old one still says is worth nothing.
    pub(super) fn is_renewing(&self) -> bool {
        self.renewing.get()
    }

    /// Waits until there is one.
    pub(super) async fn renewed(&self) {
        self.renewed.notified().await;
    }

    /// There is one.
    pub(super) fn renew(&self) {
        self.renewing.set(false);
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

    fn answer(shield: &Shield, line: &str) -> Answer {
        let mut scanner = Scanner::default();
        scanner.feed(line.as_bytes());
        let Shape::Object(envelope) = scanner.finish() else { panic!("{line}") };
        shield.answer(line.as_bytes(), &envelope)
    }

    /// A shield whose probe the server has.
    fn probing() -> Shield {
        let shield = Shield::new(None);
        assert_eq!(shield.request(PROBE), Verdict::Pass);
        shield
    }

    #[test]
    fn a_server_that_ends_on_the_probe_is_replaced_for_whoever_asks_next() {
        let shield = probing();
        assert!(shield.survives());
        assert_eq!(shield.request(PROBE), Verdict::Refuse);
        assert_eq!(shield.request(INITIALIZE), Verdict::Renew);
        assert!(shield.survives() && shield.is_renewing());
        shield.renew();
        assert!(!shield.survives());
        shield.opened();
        assert_eq!(shield.learned(), Some(Era::Stateful));
    }

    #[test]
    fn an_error_of_its_own_making_is_replaced_and_so_is_the_server() {
        let shield = probing();
        assert_eq!(answer(&shield, ERROR), Answer::Replaced);
        assert_eq!(shield.request(INITIALIZE), Verdict::Renew);
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
            assert_eq!(shield.request(INITIALIZE), Verdict::Pass);
            assert!(!shield.survives());
            shield.opened();
            assert_eq!(shield.learned(), era, "{line}");
        }
    }

    #[test]
    fn a_probe_that_is_given_up_is_given_up_with_its_server() {
        let shield = probing();
        assert_eq!(shield.request(INITIALIZE), Verdict::Renew);
        assert_eq!(answer(&shield, DISCOVERED), Answer::Goes);
        assert_eq!(shield.request(PROBE), Verdict::Pass);
    }

    #[test]
    fn only_probes_keep_the_shield_up() {
        let shield = probing();
        assert_eq!(shield.request(PROBE), Verdict::Pass);
        assert!(shield.holds());
        shield.requests();
        assert!(!shield.survives());
    }

    #[test]
    fn a_session_that_opens_without_a_probe_says_nothing_of_the_era() {
        let shield = Shield::new(None);
        assert_eq!(shield.request(INITIALIZE), Verdict::Pass);
        shield.opened();
        assert_eq!((shield.learned(), shield.survives()), (None, false));
    }
}
