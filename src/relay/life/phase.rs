//! The phases of the server's life in a session, and the transitions between them.

use std::process::ExitStatus;

/// The phase of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerPhase {
    /// It runs, as far as we know.
    Serving,
    /// Its process has ended. Its output may still be on its way.
    Draining(ExitStatus),
    /// It is gone, and the session goes on: a fresh server may be wanted.
    Replaceable(ExitStatus),
    /// It is gone for good, and we answer what it left open. When that is done, the session is over.
    Answering(ExitStatus),
}

/// What happens to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerEvent {
    /// Its process ends.
    Ends(ExitStatus),
    /// All its output has arrived, and the session can go on without it.
    GivesWay,
    /// A fresh server runs in its place.
    Restarted,
    /// We begin to answer what it left open: its end is the session's, or no fresh server could be started.
    AnsweringBegins,
}

impl ServerPhase {
    /// The phase after an event. The table is complete: what cannot happen changes nothing.
    pub(crate) fn after(self, event: ServerEvent) -> Self {
        match (self, event) {
            (Self::Serving, ServerEvent::Ends(status)) => Self::Draining(status),
            (Self::Draining(status), ServerEvent::GivesWay) => Self::Replaceable(status),
            (Self::Replaceable(_), ServerEvent::Restarted) => Self::Serving,
            (Self::Draining(status) | Self::Replaceable(status), ServerEvent::AnsweringBegins) => {
                Self::Answering(status)
            }
            (phase, _) => phase,
        }
    }

    /// How the server ended, if its end is the session's.
    pub(crate) fn final_status(self) -> Option<ExitStatus> {
        match self {
            Self::Draining(status) | Self::Answering(status) => Some(status),
            Self::Serving | Self::Replaceable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition_of_a_server_is_as_in_the_table() {
        use ServerPhase::{Answering, Draining, Replaceable, Serving};
        let status = ExitStatus::default();
        let events = [
            ServerEvent::Ends(status),
            ServerEvent::GivesWay,
            ServerEvent::Restarted,
            ServerEvent::AnsweringBegins,
        ];
        let (draining, replaceable, answering) =
            (Draining(status), Replaceable(status), Answering(status));
        for (phase, after) in [
            (Serving, [draining, Serving, Serving, Serving]),
            (draining, [draining, replaceable, draining, answering]),
            (replaceable, [replaceable, replaceable, Serving, answering]),
            (answering, [answering; 4]),
        ] {
            assert_eq!(events.map(|event| phase.after(event)), after, "{phase:?}");
        }
    }

    #[test]
    fn only_the_end_of_a_server_that_is_not_replaced_is_the_end_of_the_session() {
        let status = ExitStatus::default();
        assert_eq!(ServerPhase::Serving.final_status(), None);
        assert_eq!(ServerPhase::Replaceable(status).final_status(), None);
        assert_eq!(ServerPhase::Draining(status).final_status(), Some(status));
        assert_eq!(ServerPhase::Answering(status).final_status(), Some(status));
    }
}
