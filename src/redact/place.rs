//! What may be done where in an MCP message: the table behind design section 6.
//!
//! Text is replaced. What the protocol or the server gives a meaning to (ids, methods, names, URIs, cursors) is never
//! rewritten: a changed cursor or tool name would come back to the server as something it never said. A known value there
//! stops the message; a rule's finding passes. Data in the server's own shape (`structuredContent`, log data, arguments)
//! is free of the protocol's names, so everything in it is replaced, keys too.

use std::borrow::Cow;

use super::view::Layer;

/// What may be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It is text: markers replace what is found in it.
    Replace,
    /// It is base64 of something: replaced as a whole, by known values only.
    Encoded,
    /// It is never rewritten.
    Fixed,
}

/// What part of a message an object or array belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// The message itself, or the batch it is in.
    Root,
    /// `params`.
    Params,
    /// `error`.
    Error,
    /// Inside `result` or anything else that the specification gives a shape to.
    Body,
    /// `_meta`.
    Meta,
    /// Inside a name of `_meta` that the specification reserves.
    Reserved,
    /// Data in the server's own shape.
    Data,
}

/// Keys whose value is free data, and the only zone in which they are, if they are not everywhere.
const DATA: &[(&str, Option<Zone>)] = &[
    ("structuredContent", None),
    ("inputSchema", None),
    ("outputSchema", None),
    ("requestedSchema", None),
    ("experimental", None),
    ("metadata", None),
    ("input", None),
    ("arguments", Some(Zone::Params)),
    ("data", Some(Zone::Params)),
    ("data", Some(Zone::Error)),
];

/// Keys whose value is never rewritten outside free data, and the only zone in which they are, if not everywhere.
const FIXED: &[(&str, Option<Zone>)] = &[
    ("jsonrpc", Some(Zone::Root)),
    ("id", Some(Zone::Root)),
    ("method", Some(Zone::Root)),
    ("code", Some(Zone::Error)),
    ("uri", None),
    ("uriTemplate", None),
    ("url", Some(Zone::Params)),
    ("name", None),
    ("cursor", None),
    ("nextCursor", None),
    ("requestState", None),
    ("requestId", None),
    ("progressToken", None),
    ("subscriptionId", None),
    ("taskId", None),
    ("type", None),
    ("role", None),
    ("mimeType", None),
    ("resultType", None),
    ("protocolVersion", None),
];

/// Keys whose value is base64.
const ENCODED: &[&str] = &["data", "blob"];

impl Zone {
    /// The zone of the object or array at `key` (as spelled, without quotes) of an object in this zone.
    pub(super) fn enter(self, key: &[u8]) -> Self {
        let key = plain(key);
        match (self, &*key) {
            (Self::Data | Self::Reserved, _) => self,
            (Self::Meta, key) if is_reserved(key) => Self::Reserved,
            (Self::Meta, _) => Self::Data,
            (_, b"_meta") => Self::Meta,
            (Self::Root, b"params") => Self::Params,
            (Self::Root, b"error") => Self::Error,
            (zone, key) if listed(DATA, zone, key) => Self::Data,
            _ => Self::Body,
        }
    }

    /// What may be done with the key of an object in this zone.
    pub(super) fn key(self) -> Treatment {
        match self {
            Self::Data | Self::Meta => Treatment::Replace,
            _ => Treatment::Fixed,
        }
    }

    /// What may be done with a value at `key` (as spelled, without quotes) of an object in this zone.
    pub(super) fn value(self, key: &[u8]) -> Treatment {
        let key = plain(key);
        match self {
            Self::Data => Treatment::Replace,
            Self::Reserved => Treatment::Fixed,
            Self::Meta if is_reserved(&key) => Treatment::Fixed,
            Self::Meta => Treatment::Replace,
            _ if listed(FIXED, self, &key) => Treatment::Fixed,
            Self::Body if ENCODED.iter().any(|name| name.as_bytes() == &*key) => Treatment::Encoded,
            _ => Treatment::Replace,
        }
    }
}

fn listed(table: &[(&str, Option<Zone>)], zone: Zone, key: &[u8]) -> bool {
    table.iter().any(|(name, only)| name.as_bytes() == key && only.is_none_or(|only| only == zone))
}

/// Whether the specification reserves this name of `_meta` (2025-11-25, basic, "General fields": a prefix whose second
/// label is `modelcontextprotocol` or `mcp`), or has always used it.
fn is_reserved(key: &[u8]) -> bool {
    let mut labels = key.split(|b| *b == b'/').next().unwrap_or_default().split(|b| *b == b'.');
    key == b"progressToken"
        || key.contains(&b'/') && matches!(labels.nth(1), Some(b"modelcontextprotocol" | b"mcp"))
}

/// A key as it is meant: `"\u0075ri"` is `uri`.
fn plain(key: &[u8]) -> Cow<'_, [u8]> {
    Layer::Escapes.peel(key).map_or(Cow::Borrowed(key), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_names_are_fixed_and_data_is_free() {
        let result = Zone::Root.enter(b"result");
        assert_eq!(Zone::Root.value(b"id"), Treatment::Fixed);
        assert_eq!(result.value(b"uri"), Treatment::Fixed);
        assert_eq!(result.value(br"\u0075ri"), Treatment::Fixed);
        assert_eq!(result.value(b"text"), Treatment::Replace);
        assert_eq!(result.value(b"blob"), Treatment::Encoded);
        assert_eq!(result.key(), Treatment::Fixed);
        let data = result.enter(b"structuredContent");
        assert_eq!(data.value(b"uri"), Treatment::Replace);
        assert_eq!(data.enter(b"_meta").key(), Treatment::Replace);
    }

    #[test]
    fn data_means_log_data_in_params_and_base64_elsewhere() {
        assert_eq!(Zone::Root.enter(b"params").enter(b"data"), Zone::Data);
        assert_eq!(Zone::Root.enter(b"params").value(b"data"), Treatment::Replace);
        assert_eq!(
            Zone::Root.enter(b"result").enter(b"content").value(b"data"),
            Treatment::Encoded
        );
    }

    #[test]
    fn reserved_names_of_meta_are_fixed() {
        let meta = Zone::Root.enter(b"result").enter(b"_meta");
        assert_eq!(meta.value(b"io.modelcontextprotocol/serverInfo"), Treatment::Fixed);
        assert_eq!(meta.enter(b"io.modelcontextprotocol/serverInfo"), Zone::Reserved);
        assert_eq!(meta.value(b"com.example/trace"), Treatment::Replace);
        assert_eq!(meta.value(b"progressToken"), Treatment::Fixed);
    }
}
