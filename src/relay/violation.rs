//! Violations of the protocol: messages that no well-behaved peer sends. Each kind is logged when it first happens, and
//! counted for the end of the session.

use std::cell::Cell;

use super::wire::log::Log;

/// A way to violate the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    /// An answer of the server to no request of the client.
    UnsolicitedFromServer,
    /// An answer of the client to no request of the server.
    UnsolicitedFromClient,
    /// A message of the client that readers could take for different ones.
    AmbiguousFromClient,
    /// The same from the server.
    AmbiguousFromServer,
    /// A request of the server in the era in which servers ask nothing.
    StatelessServerRequest,
    /// A batch of the server in a revision that has none.
    IllegalBatch,
    /// A batch of more than [`MAX_BATCH`](crate::mcp::scan::MAX_BATCH) messages.
    LongBatch,
    /// A request of the server while very many others have no answer.
    TooManyFromServer,
    /// The same from the client.
    TooManyFromClient,
}

impl Violation {
    const ALL: [Self; 9] = [
        Self::UnsolicitedFromServer,
        Self::UnsolicitedFromClient,
        Self::AmbiguousFromClient,
        Self::AmbiguousFromServer,
        Self::StatelessServerRequest,
        Self::IllegalBatch,
        Self::LongBatch,
        Self::TooManyFromServer,
        Self::TooManyFromClient,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::UnsolicitedFromServer => "an answer of the server that nobody asked for",
            Self::UnsolicitedFromClient => "an answer of the client that nobody asked for",
            Self::AmbiguousFromClient => {
                "a message of the client with a name twice or in another case"
            }
            Self::AmbiguousFromServer => {
                "a message of the server with a name twice or in another case"
            }
            Self::StatelessServerRequest => {
                "a request of the server, which this revision of the protocol does not have"
            }
            Self::IllegalBatch => {
                "a batch of the server, which this revision of the protocol does not have"
            }
            Self::LongBatch => "a batch of more messages than hushpipe relays in one line",
            Self::TooManyFromServer => {
                "a request of the server while thousands of others have no answer"
            }
            Self::TooManyFromClient => {
                "a request of the client while thousands of others have no answer"
            }
        }
    }
}

/// How often each has happened in a session.
#[derive(Default)]
pub(super) struct Violations([Cell<u64>; Violation::ALL.len()]);

impl Violations {
    /// A message was dropped or refused for it.
    pub(super) fn count(&self, violation: Violation, log: &Log) {
        let times = &self.0[violation as usize];
        times.set(times.get() + 1);
        if times.get() == 1 {
            log.note(&format!("dropped {}", violation.words()));
        }
    }

    /// Logs how often each happened, at the end of a session, if more than once.
    pub(super) fn sum_up(&self, log: &Log) {
        for violation in Violation::ALL {
            let times = self.0[violation as usize].get();
            if times > 1 {
                log.note(&format!("dropped {times} times: {}", violation.words()));
            }
        }
    }
}
