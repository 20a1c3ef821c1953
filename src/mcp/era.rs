//! The revisions of the protocol, the two eras they fall into, and what a client's message says of both.
//!
//! Up to 2025-11-25 a session has state: it opens with `initialize`, and both sides may ask. From 2026-07-28 it has none:
//! each request carries its revision in `params._meta`, servers never ask, and clients never answer. A client that does
//! not know opens with a `server/discover`, which by itself decides nothing: the stateful fallback begins with it too
//! (specification 2026-07-28, basic/versioning).

use super::envelope::{Envelope, Kind, Names};
use super::scan::members::{from_member, member, members, text};

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

/// What a message of a client says beyond its envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// The revision that the request itself is of: only stateless ones say that.
    pub revision: Option<Revision>,
    /// What the client calls itself.
    pub client: Option<String>,
    /// Whether its params could be taken for different ones: see [`Names`].
    pub ambiguous: bool,
}

impl Claim {
    /// Reads it off a whole message.
    pub fn of(line: &[u8], envelope: &Envelope) -> Self {
        // Of two `params` it does not matter which is read: the envelope is ambiguous.
        let Some(params) = from_member(line, "params") else { return Self::default() };
        let mut claim = Self::default();
        let (mut names, mut meta) = (Names::default(), None);
        for pair in members(params) {
            claim.ambiguous |= names.meet(pair.name);
            match &*pair.plain_name() {
                "_meta" => meta = Some(pair.value),
                "clientInfo" => claim.client = name_of(pair.value),
                _ => {}
            }
        }
        let Some(meta) = meta.filter(|_| envelope.kind() == Some(Kind::Request)) else {
            return claim;
        };
        // Both are required; without the capabilities it is some stateful client's own `_meta`.
        let version = member(meta, "io.modelcontextprotocol/protocolVersion").and_then(text);
        let capable = member(meta, "io.modelcontextprotocol/clientCapabilities").is_some();
        claim.revision = version
            .and_then(|version| Revision::of(&version))
            .filter(|revision| capable && revision.era() == Era::Stateless);
        let told = member(meta, "io.modelcontextprotocol/clientInfo").and_then(name_of);
        claim.client = claim.client.or(told);
        claim
    }
}

/// The `name` of an implementation.
fn name_of(info: &[u8]) -> Option<String> {
    text(member(info, "name")?)
}

/// The revision that a server's answer to `initialize` settles on.
pub fn negotiated(answer: &[u8]) -> Option<Revision> {
    Revision::of(&text(member(member(answer, "result")?, "protocolVersion")?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{Scanner, Shape};

    fn claim(line: &str) -> Claim {
        let mut scanner = Scanner::default();
        scanner.feed(line.as_bytes());
        match scanner.finish() {
            Shape::Object(envelope) => Claim::of(line.as_bytes(), &envelope),
            other => panic!("{other:?}"),
        }
    }

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
    fn only_a_request_with_both_parts_of_the_envelope_is_stateless() {
        let meta = |rest: &str| {
            let version = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;
            claim(&format!(
                r#"{{"id":1,"method":"tools/list","params":{{"_meta":{{{version}{rest}}}}}}}"#
            ))
        };
        let capable = r#","io.modelcontextprotocol/clientCapabilities":{}"#;
        let info = r#","io.modelcontextprotocol/clientInfo":{"name":"a \"b\"","version":"1"}"#;
        let whole = meta(&format!("{capable}{info}"));
        assert_eq!(whole.revision, Some(Revision::V2026_07_28));
        assert_eq!(whole.client.as_deref(), Some("a \"b\""));
        assert_eq!(meta("").revision, None);
        assert_eq!(claim(r#"{"id":1,"method":"tools/list","params":{}}"#), Claim::default());
    }

    #[test]
    fn a_stateful_client_names_itself_when_it_opens_the_session() {
        let line = r#"{"id":0,"method":"initialize","params":{"clientInfo":{"name":"x"}}}"#;
        assert_eq!(claim(line), Claim { client: Some("x".into()), ..Claim::default() });
    }

    #[test]
    fn only_the_params_themselves_are_watched_for_ambiguous_names() {
        let call =
            |params: &str| claim(&format!(r#"{{"id":1,"method":"tools/call","params":{params}}}"#));
        assert!(call(r#"{"name":"a","Name":"b"}"#).ambiguous);
        assert!(call(r#"{"name":"a","name":"b"}"#).ambiguous);
        assert!(!call(r#"{"name":"a","arguments":{"name":"b","Name":"c","name":"d"}}"#).ambiguous);
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
