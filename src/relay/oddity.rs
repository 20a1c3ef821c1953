//! Messages that no well-behaved peer sends: each kind is said once when it first happens, and counted for the end.

use std::cell::Cell;

use super::stderr::Log;

/// What can be odd about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// An answer of the server to no request of the client.
    UnaskedByClient,
    /// An answer of the client to no request of the server.
    UnaskedByServer,
    /// A message of the client that readers could take for different ones.
    AmbiguousFromClient,
    /// The same from the server.
    AmbiguousFromServer,
    /// A request of the server in the era in which servers ask nothing.
    RequestOfServer,
    /// A batch of the server in a revision that has none.
    Batch,
    /// A batch of more than [`MAX_BATCH`](crate::mcp::scan::MAX_BATCH) messages.
    LongBatch,
    /// A request of the server while very many others have no answer.
    TooManyOpen,
}

impl Oddity {
    const ALL: [Self; 8] = [
        Self::UnaskedByClient,
        Self::UnaskedByServer,
        Self::AmbiguousFromClient,
        Self::AmbiguousFromServer,
        Self::RequestOfServer,
        Self::Batch,
        Self::LongBatch,
        Self::TooManyOpen,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::UnaskedByClient => "an answer of the server that nobody asked for",
            Self::UnaskedByServer => "an answer of the client that nobody asked for",
            Self::AmbiguousFromClient => {
                "a message of the client with a name twice or in another case"
            }
            Self::AmbiguousFromServer => {
                "a message of the server with a name twice or in another case"
            }
            Self::RequestOfServer => {
                "a request of the server, which this revision of the protocol does not have"
            }
            Self::LongBatch => "a batch of more messages than hushpipe relays in one line",
            Self::TooManyOpen => "a request of the server while thousands of others have no answer",
            Self::Batch => {
                "a batch of the server, which this revision of the protocol does not have"
            }
        }
    }
}

/// How often each has happened in a session.
#[derive(Default)]
pub(super) struct Oddities([Cell<u64>; Oddity::ALL.len()]);

impl Oddities {
    /// It happened, and the message was dropped or refused.
    pub(super) fn count(&self, oddity: Oddity, log: &Log) {
        let times = &self.0[oddity as usize];
        times.set(times.get() + 1);
        if times.get() == 1 {
            log.note(&format!("dropped {}", oddity.words()));
        }
    }

    /// Says what happened more than once, at the end of a session.
    pub(super) fn sum_up(&self, log: &Log) {
        for oddity in Oddity::ALL {
            let times = self.0[oddity as usize].get();
            if times > 1 {
                log.note(&format!("dropped {times} times: {}", oddity.words()));
            }
        }
    }
}
