//! What may be done where in an MCP message, and how each kind of message is stopped: the table behind design section 6,
//! for redaction and for policy alike.
//!
//! Text is replaced. What the protocol or the server gives a meaning to (ids, methods, names, URIs, cursors) is never
//! rewritten: a changed cursor or tool name would come back to the server as something it never said. A known value there
//! stops the message; a rule's finding passes. Data in the server's own shape (`structuredContent`, log data, arguments)
//! is free of the protocol's names, so everything in it is replaced, keys too. A name counts from the revision on that
//! brought it: before that it is a server's own.

use super::era::Revision;
use super::scan::members::plain;

/// What may be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is text: markers replace what is found in it.
    Replace,
    /// It is base64 of something: decoded to be looked at, and replaced as a whole.
    Encoded,
    /// It is never rewritten.
    Fixed,
}

/// What part of a message an object or array belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The message itself, or the batch it is in.
    Message,
    /// `params`.
    Params,
    /// `error`.
    Error,
    /// Inside `result` or anything else that the specification gives a shape to.
    Body,
    /// `inputRequests`: requests of the server under keys of its own, each with a method and params.
    Requests,
    /// `_meta`.
    Meta,
    /// Inside a name of `_meta` that the specification reserves.
    Reserved,
    /// Data in the server's own shape.
    Data,
}

/// A name of the protocol: its spelling, the only zone in which it counts, if it does not count everywhere outside free
/// data, and the first revision that has it.
type Name = (&'static str, Option<Zone>, Revision);

const FIRST: Revision = Revision::V2024_11_05;

/// Names whose value is free data.
const DATA: &[Name] = &[
    ("structuredContent", None, Revision::V2025_06_18),
    ("inputSchema", None, FIRST),
    ("outputSchema", None, Revision::V2025_06_18),
    ("requestedSchema", None, Revision::V2025_06_18),
    ("experimental", None, FIRST),
    ("metadata", None, FIRST),
    ("input", None, Revision::V2025_11_25),
    ("arguments", Some(Zone::Params), FIRST),
    ("data", Some(Zone::Params), FIRST),
    ("data", Some(Zone::Error), FIRST),
];

/// Names whose value is never rewritten.
const FIXED: &[Name] = &[
    ("jsonrpc", Some(Zone::Message), FIRST),
    ("id", Some(Zone::Message), FIRST),
    ("method", Some(Zone::Message), FIRST),
    ("code", Some(Zone::Error), FIRST),
    ("uri", None, FIRST),
    ("uriTemplate", None, FIRST),
    ("url", Some(Zone::Params), Revision::V2025_11_25),
    ("elicitationId", None, Revision::V2025_11_25),
    ("name", None, FIRST),
    ("cursor", None, FIRST),
    ("nextCursor", None, FIRST),
    ("requestId", None, FIRST),
    ("progressToken", None, FIRST),
    ("taskId", None, Revision::V2025_11_25),
    ("type", None, FIRST),
    ("role", None, FIRST),
    ("mimeType", None, FIRST),
    ("protocolVersion", None, FIRST),
    ("subscriptionId", None, Revision::V2026_07_28),
    ("requestState", None, Revision::V2026_07_28),
    ("resultType", None, Revision::V2026_07_28),
    ("cacheScope", None, Revision::V2026_07_28),
];

/// Keys whose value is base64.
pub const ENCODED: &[&str] = &["data", "blob"];

/// The table of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The session's revision. While it is not settled, the names of every revision count.
    pub revision: Option<Revision>,
    /// Whether the texts are no messages but data of any shape, in which everything is replaced.
    pub data: bool,
}

impl Fields {
    /// The zone of the outermost object or array.
    pub fn outermost(self) -> Zone {
        if self.data { Zone::Data } else { Zone::Message }
    }

    /// The zone of the object or array at `key` (as spelled, without quotes) of an object in `zone`.
    pub fn enter(self, zone: Zone, key: &[u8]) -> Zone {
        match (zone, &*plain(key)) {
            (Zone::Data | Zone::Reserved, _) => zone,
            (Zone::Meta, key) if is_reserved(key) => Zone::Reserved,
            (Zone::Meta, _) => Zone::Data,
            (Zone::Requests, _) => Zone::Message,
            (_, "_meta") => Zone::Meta,
            (Zone::Message, "params") => Zone::Params,
            (Zone::Message, "error") => Zone::Error,
            (Zone::Body, "inputRequests") => Zone::Requests,
            (zone, key) if self.lists(DATA, zone, key) => Zone::Data,
            _ => Zone::Body,
        }
    }

    /// What may be done with the key of an object in `zone`.
    pub fn key(self, zone: Zone) -> Treatment {
        match zone {
            Zone::Data | Zone::Meta => Treatment::Replace,
            _ => Treatment::Fixed,
        }
    }

    /// What may be done with a value at `key` (as spelled, without quotes) of an object in `zone`.
    pub fn value(self, zone: Zone, key: &[u8]) -> Treatment {
        let key = plain(key);
        match zone {
            Zone::Data => Treatment::Replace,
            Zone::Reserved => Treatment::Fixed,
            Zone::Meta if is_reserved(&key) => Treatment::Fixed,
            Zone::Meta => Treatment::Replace,
            _ if self.lists(FIXED, zone, &key) => Treatment::Fixed,
            Zone::Body if ENCODED.contains(&&*key) => Treatment::Encoded,
            _ => Treatment::Replace,
        }
    }

    fn lists(self, names: &[Name], zone: Zone, key: &str) -> bool {
        names.iter().any(|(name, only, since)| {
            *name == key
                && only.is_none_or(|only| only == zone)
                && self.revision.is_none_or(|revision| revision >= *since)
        })
    }
}

/// How the answer to a request is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A result that says so to the model, with `isError`.
    ToolResult,
    /// The items at this key of the result that are the matter are left out; the answer itself goes on.
    Items(&'static str),
    /// An error of JSON-RPC.
    Error,
}

impl Stop {
    /// How the answer to a request of this method is stopped. Requests themselves are answered with an error, and
    /// notifications are dropped.
    pub fn of(method: &str) -> Self {
        match method {
            "tools/call" => Self::ToolResult,
            "tools/list" => Self::Items("tools"),
            "prompts/list" => Self::Items("prompts"),
            "resources/list" => Self::Items("resources"),
            "resources/templates/list" => Self::Items("resourceTemplates"),
            _ => Self::Error,
        }
    }
}

/// Whether the specification reserves this name of `_meta` (2025-11-25, basic, "General fields": a prefix whose second
/// label is `modelcontextprotocol` or `mcp`), or has always used it.
fn is_reserved(key: &str) -> bool {
    let reserved =
        |prefix: &str| matches!(prefix.split('.').nth(1), Some("modelcontextprotocol" | "mcp"));
    key == "progressToken" || key.split_once('/').is_some_and(|(prefix, _)| reserved(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Fields = Fields { revision: None, data: false };

    #[test]
    fn protocol_names_are_fixed_and_data_is_free() {
        let result = ANY.enter(Zone::Message, b"result");
        assert_eq!(ANY.value(Zone::Message, b"id"), Treatment::Fixed);
        assert_eq!(ANY.value(result, b"uri"), Treatment::Fixed);
        assert_eq!(ANY.value(result, br"\u0075ri"), Treatment::Fixed);
        assert_eq!(ANY.value(result, b"text"), Treatment::Replace);
        assert_eq!(ANY.value(result, b"blob"), Treatment::Encoded);
        assert_eq!(ANY.key(result), Treatment::Fixed);
        let data = ANY.enter(result, b"structuredContent");
        assert_eq!(ANY.value(data, b"uri"), Treatment::Replace);
        assert_eq!(ANY.key(ANY.enter(data, b"_meta")), Treatment::Replace);
    }

    #[test]
    fn data_means_log_data_in_params_and_base64_elsewhere() {
        let params = ANY.enter(Zone::Message, b"params");
        assert_eq!(ANY.enter(params, b"data"), Zone::Data);
        assert_eq!(ANY.value(params, b"data"), Treatment::Replace);
        let content = ANY.enter(ANY.enter(Zone::Message, b"result"), b"content");
        assert_eq!(ANY.value(content, b"data"), Treatment::Encoded);
    }

    #[test]
    fn reserved_names_of_meta_are_fixed() {
        let meta = ANY.enter(ANY.enter(Zone::Message, b"result"), b"_meta");
        assert_eq!(ANY.value(meta, b"io.modelcontextprotocol/serverInfo"), Treatment::Fixed);
        assert_eq!(ANY.enter(meta, b"io.modelcontextprotocol/serverInfo"), Zone::Reserved);
        assert_eq!(ANY.value(meta, b"com.example/trace"), Treatment::Replace);
        assert_eq!(ANY.value(meta, b"progressToken"), Treatment::Fixed);
    }

    #[test]
    fn a_name_counts_from_its_revision_on() {
        let in_result = |revision, key| Fields { revision, data: false }.value(Zone::Body, key);
        for (key, first) in [
            (&b"requestState"[..], Revision::V2026_07_28),
            (b"taskId", Revision::V2025_11_25),
            (b"uri", Revision::V2024_11_05),
        ] {
            for revision in Revision::ALL {
                let fixed = in_result(Some(revision), key) == Treatment::Fixed;
                assert_eq!(fixed, revision >= first, "{revision:?}");
            }
            assert_eq!(in_result(None, key), Treatment::Fixed);
        }
    }

    #[test]
    fn a_request_inside_a_result_is_a_message_again() {
        let requests = ANY.enter(ANY.enter(Zone::Message, b"result"), b"inputRequests");
        let params = ANY.enter(ANY.enter(requests, b"url of the login"), b"params");
        assert_eq!(ANY.key(requests), Treatment::Fixed);
        assert_eq!(ANY.value(params, b"url"), Treatment::Fixed);
        assert_eq!(ANY.value(params, b"message"), Treatment::Replace);
    }
}
