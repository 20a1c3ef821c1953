//! The revisions of the protocol and the two eras they fall into.
//!
//! Up to 2025-11-25 a session has state: it opens with `initialize`, and both sides may ask. From 2026-07-28 it has none:
//! each request carries its revision in `params._meta`, servers never ask, and clients never answer. A client that does
//! not know opens with a `server/discover`, which by itself decides nothing: the stateful fallback begins with it too
//! (specification 2026-07-28, basic/versioning).

use super::scan::members::{member, text};

/// The request by which a client asks for a server's era.
pub const PROBE: &str = "server/discover";

/// The request that opens a stateful session.
pub const INITIALIZE: &str = "initialize";

/// A revision of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26: the only one with batches.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25: the last with state.
    V2025_11_25,
    /// 2026-07-28: the first without.
    V2026_07_28,
}

/// How a session works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// It opens with `initialize` and is remembered by both sides.
    Stateful,
    /// Every request stands for itself.
    Stateless,
}

impl Revision {
    /// Every revision there is, in order.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The revision of this name; of a date between two, the one in force then. `None` for what is no date of a revision.
    pub fn of(name: &str) -> Option<Self> {
        let is_date = name.len() == 10
            && name.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        Self::ALL.into_iter().rev().find(|revision| is_date && revision.name() <= name)
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era it belongs to.
    pub fn era(self) -> Era {
        if self >= Self::V2026_07_28 { Era::Stateless } else { Era::Stateful }
    }

    /// Whether a line may be an array of messages.
    pub fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }
}

/// The revision that a server's answer to `initialize` settles on.
pub fn negotiated(answer: &[u8]) -> Option<Revision> {
    Revision::of(&text(member(member(answer, "result")?, "protocolVersion")?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_falls_into_the_revision_in_force() {
        for revision in Revision::ALL {
            assert_eq!(Revision::of(revision.name()), Some(revision));
        }
        assert_eq!(Revision::of("2025-07-01"), Some(Revision::V2025_06_18));
        assert_eq!(Revision::of("2031-01-01"), Some(Revision::V2026_07_28));
        for odd in ["2024-11-04", "1.0", "", "2025-06-1x", "DRAFT-2026"] {
            assert_eq!(Revision::of(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_answer_settles_the_revision() {
        assert_eq!(
            negotiated(br#"{"result":{"protocolVersion":"2025-06-18"},"id":1}"#),
            Some(Revision::V2025_06_18)
        );
        assert_eq!(negotiated(br#"{"error":{},"id":1}"#), None);
    }
}
