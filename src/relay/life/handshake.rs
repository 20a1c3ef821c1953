//! Handles servers that crash on `server/discover`, or mishandle it, without ending the session.
//!
//! Clients that speak both eras open with `server/discover` and fall back to `initialize` on the same connection. Servers
//! made before it end on it, answer with an error of their own making, or say nothing; some SDKs then hang on to what they
//! half understood. So a probe that fails gets the answer that every client understands (−32601, no such method), and the
//! `initialize` behind it gets a server that has seen nothing. The era that a session has shown is kept for the next launch.

use std::cell::Cell;

use tokio::sync::Notify;

use crate::mcp::era::{INITIALIZE, PROBE};
use crate::mcp::scan::members::member;
use crate::mcp::{Envelope, Era};

/// How the opening of one session goes. One thread relays, so plain cells do.
pub(crate) struct ProbeFallback {
    state: Cell<State>,
    /// Whether the server itself has refused a probe.
    refused: Cell<bool>,
    learned: Cell<Option<Era>>,
    era_shown: Notify,
    server_useless: Notify,
    replaced: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The client has asked nothing yet.
    Unopened,
    /// Probes are with the server, and no other request.
    Probing,
    /// The server has failed the probe: the next request needs a fresh one.
    Failed,
    /// A fresh server is wanted, and not there yet. What the old one still writes is not relayed.
    Replacing,
    /// The session is past its opening.
    Open,
}

/// What happens to an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The client sends a line of which every request is a probe.
    Probes,
    /// The client sends requests, `initialize` among them.
    Initializes,
    /// The client sends other requests.
    Requests,
    /// The server answers the probe as a server may.
    Answers,
    /// The server answers the probe with an error that a client cannot understand.
    AnswersOddly,
    /// The server has ended, and all its output has arrived.
    Ends,
    /// The fresh server runs.
    Replaced,
}

impl State {
    /// The state after an event. The table is complete: what cannot happen changes nothing.
    fn after(self, event: Event) -> Self {
        match (self, event) {
            (Self::Unopened | Self::Probing, Event::Probes) => Self::Probing,
            // Some SDKs hang on to a probe that they half understood.
            (Self::Probing, Event::Initializes) => Self::Replacing,
            (Self::Unopened, Event::Initializes) => Self::Open,
            (Self::Unopened | Self::Probing, Event::Requests) => Self::Open,
            // A probe that comes now is refused, and is no reason for a fresh server.
            (Self::Failed, Event::Initializes | Event::Requests) => Self::Replacing,
            (Self::Probing, Event::Answers) => Self::Open,
            (Self::Probing, Event::AnswersOddly | Event::Ends) => Self::Failed,
            (Self::Replacing, Event::Replaced) => Self::Open,
            (state, _) => state,
        }
    }
}

/// Which server the requests of a line go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The server that runs.
    Current,
    /// A fresh one. Nobody waits for the answers of the old one any more.
    Fresh,
}

/// What is done with an answer of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeAnswer {
    Pass,
    /// The client gets the answer "no such method" instead.
    Replace,
}

impl ProbeFallback {
    /// The state before the first request. A server that is known to be stateful is not probed.
    pub(crate) fn new(era: Option<Era>) -> Self {
        Self {
            state: Cell::new(State::Unopened),
            refused: Cell::new(era == Some(Era::Stateful)),
            learned: Cell::new(None),
            era_shown: Notify::new(),
            server_useless: Notify::new(),
            replaced: Notify::new(),
        }
    }

    /// Whether a request of this method is answered by us: it is a probe, and the server has failed one.
    pub(crate) fn refuses(&self, method: &str) -> bool {
        self.state.get() == State::Failed && method == PROBE
    }

    /// The client sends requests of these methods in one line. Without any, nothing changes.
    pub(crate) fn requests<'m>(&self, methods: impl Iterator<Item = &'m str>) -> Target {
        let (mut any, mut only_probes, mut initializes) = (false, true, false);
        for method in methods {
            any = true;
            only_probes &= method == PROBE;
            initializes |= method == INITIALIZE;
        }
        let event = match (only_probes, initializes) {
            (true, _) => Event::Probes,
            (false, true) => Event::Initializes,
            (false, false) => Event::Requests,
        };
        let before = self.state.get();
        if !any || self.happens(event) != State::Replacing || before == State::Replacing {
            return Target::Current;
        }
        if before == State::Probing {
            self.refused.set(true);
        }
        self.server_useless.notify_one();
        Target::Fresh
    }

    /// Makes the transition for an event; returns the new state.
    fn happens(&self, event: Event) -> State {
        self.state.set(self.state.get().after(event));
        self.state.get()
    }

    /// The server answers a request that is open.
    pub(crate) fn answer(&self, line: &[u8], envelope: &Envelope) -> ProbeAnswer {
        if self.state.get() != State::Probing {
            return ProbeAnswer::Pass;
        }
        if envelope.result {
            self.learn(Era::Stateless);
            self.happens(Event::Answers);
            return ProbeAnswer::Pass;
        }
        let (event, refused) = match error_code(line) {
            // The method is not there, which is what a stateful server should say.
            Some(-32601) => (Event::Answers, true),
            // A stateless one that asks for another revision or for more (specification 2026-07-28, schema).
            Some(-32022..=-32020) => (Event::Answers, false),
            _ => (Event::AnswersOddly, true),
        };
        self.refused.set(refused);
        if self.happens(event) != State::Failed {
            return ProbeAnswer::Pass;
        }
        self.server_useless.notify_one();
        ProbeAnswer::Replace
    }

    /// Whether the session goes on if the server ends now: it had only probes to answer, or a fresh one is wanted.
    pub(crate) fn may_replace_server(&self) -> bool {
        matches!(self.state.get(), State::Probing | State::Failed | State::Replacing)
    }

    /// The server has ended, and all its output has arrived; whether the session goes on.
    pub(crate) fn server_ended(&self) -> bool {
        if self.state.get() == State::Probing {
            self.happens(Event::Ends);
            self.refused.set(true);
        }
        self.may_replace_server()
    }

    /// The server has opened a stateful session.
    pub(crate) fn opened(&self) {
        if self.refused.get() {
            self.learn(Era::Stateful);
        }
    }

    fn learn(&self, era: Era) {
        self.learned.set(Some(era));
        self.era_shown.notify_one();
    }

    /// Waits until the session has shown the server's era.
    pub(crate) async fn era_shown(&self) {
        self.era_shown.notified().await;
    }

    /// The server's era, if this session has shown it. A server that opened a stateful session without having been probed
    /// may know both.
    pub(crate) fn learned(&self) -> Option<Era> {
        self.learned.get()
    }

    /// Waits until the server is of no more use: it has failed a probe, or a fresh one is wanted. By the time that this is
    /// heard there may be a fresh one already.
    pub(crate) async fn server_useless(&self) {
        self.server_useless.notified().await;
    }

    /// Whether a fresh server is wanted, and not there yet. What the old one still says is not relayed.
    pub(crate) fn is_replacing(&self) -> bool {
        self.state.get() == State::Replacing
    }

    /// Waits until the fresh server is there.
    pub(crate) async fn replaced(&self) {
        self.replaced.notified().await;
    }

    /// The fresh server is there.
    pub(crate) fn server_replaced(&self) {
        self.happens(Event::Replaced);
        self.replaced.notify_one();
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

    fn answer(fallback: &ProbeFallback, line: &str) -> ProbeAnswer {
        let mut scanner = Scanner::default();
        scanner.feed(line.as_bytes());
        let Shape::Object(envelope) = scanner.finish() else { panic!("{line}") };
        fallback.answer(line.as_bytes(), &envelope)
    }

    /// A session whose probe the server has.
    fn probing() -> ProbeFallback {
        let fallback = ProbeFallback::new(None);
        assert_eq!(fallback.requests([PROBE].into_iter()), Target::Current);
        fallback
    }

    #[test]
    fn every_transition_of_an_opening_is_as_in_the_table() {
        use State::{Failed, Open, Probing, Replacing, Unopened};
        let events = [
            Event::Probes,
            Event::Initializes,
            Event::Requests,
            Event::Answers,
            Event::AnswersOddly,
            Event::Ends,
            Event::Replaced,
        ];
        for (state, after) in [
            (Unopened, [Probing, Open, Open, Unopened, Unopened, Unopened, Unopened]),
            (Probing, [Probing, Replacing, Open, Open, Failed, Failed, Probing]),
            (Failed, [Failed, Replacing, Replacing, Failed, Failed, Failed, Failed]),
            (Replacing, [Replacing, Replacing, Replacing, Replacing, Replacing, Replacing, Open]),
            (Open, [Open; 7]),
        ] {
            assert_eq!(events.map(|event| state.after(event)), after, "{state:?}");
        }
    }

    #[test]
    fn a_server_that_ends_on_the_probe_is_replaced_for_whoever_asks_next() {
        let fallback = probing();
        assert!(fallback.server_ended());
        assert!(fallback.refuses(PROBE) && !fallback.refuses(INITIALIZE));
        assert_eq!(fallback.requests([INITIALIZE].into_iter()), Target::Fresh);
        assert!(fallback.server_ended() && fallback.is_replacing());
        fallback.server_replaced();
        assert!(!fallback.server_ended());
        fallback.opened();
        assert_eq!(fallback.learned(), Some(Era::Stateful));
    }

    #[test]
    fn an_error_of_its_own_making_is_replaced_and_so_is_the_server() {
        let fallback = probing();
        assert_eq!(answer(&fallback, ERROR), ProbeAnswer::Replace);
        assert_eq!(fallback.requests([INITIALIZE].into_iter()), Target::Fresh);
    }

    #[test]
    fn a_server_that_answers_the_probe_properly_stays() {
        for (line, era) in [
            (NO_METHOD, Some(Era::Stateful)),
            (OTHER_VERSION, None),
            (DISCOVERED, Some(Era::Stateless)),
        ] {
            let fallback = probing();
            assert_eq!(answer(&fallback, line), ProbeAnswer::Pass);
            assert_eq!(fallback.requests([INITIALIZE].into_iter()), Target::Current);
            assert!(!fallback.server_ended());
            fallback.opened();
            assert_eq!(fallback.learned(), era, "{line}");
        }
    }

    #[test]
    fn a_probe_that_is_given_up_is_given_up_with_its_server() {
        let fallback = probing();
        assert_eq!(fallback.requests([INITIALIZE].into_iter()), Target::Fresh);
        assert_eq!(answer(&fallback, DISCOVERED), ProbeAnswer::Pass);
        assert_eq!(fallback.requests([PROBE].into_iter()), Target::Current);
    }

    #[test]
    fn a_server_that_has_more_than_probes_to_answer_is_not_replaced() {
        let fallback = probing();
        assert_eq!(fallback.requests([PROBE].into_iter()), Target::Current);
        assert!(fallback.may_replace_server());
        assert_eq!(fallback.requests([PROBE, "ping"].into_iter()), Target::Current);
        assert!(!fallback.server_ended());
    }

    #[test]
    fn a_session_that_opens_without_a_probe_says_nothing_of_the_era() {
        let fallback = ProbeFallback::new(None);
        assert_eq!(fallback.requests([INITIALIZE].into_iter()), Target::Current);
        fallback.opened();
        assert_eq!((fallback.learned(), fallback.server_ended()), (None, false));
    }

    #[test]
    fn a_batch_is_an_opening_as_its_requests_are() {
        let fallback = ProbeFallback::new(None);
        assert_eq!(fallback.requests(std::iter::empty()), Target::Current);
        assert_eq!(fallback.requests([PROBE, PROBE].into_iter()), Target::Current);
        assert!(fallback.server_ended());
        assert_eq!(fallback.requests(["ping", INITIALIZE].into_iter()), Target::Fresh);
        // A server that has not seen the probe need not be replaced for the `initialize` beside it.
        let fallback = ProbeFallback::new(None);
        assert_eq!(fallback.requests([PROBE, INITIALIZE].into_iter()), Target::Current);
    }
}
