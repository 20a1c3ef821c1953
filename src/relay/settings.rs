//! The settings of one server's relay.

use std::time::Duration;

use crate::mcp::Era;
use crate::redact;

/// What the manifest says of one server's relay.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's name, for messages.
    pub server: String,
    /// The largest frame relayed, in bytes.
    pub frame_limit: usize,
    /// How long answers in flight are waited for after the client closed its end.
    pub drain: Duration,
    /// From TERM to KILL when the server is asked to stop with nothing in flight.
    pub grace: Duration,
    /// The server's era, where an earlier session has shown it.
    pub era: Option<Era>,
    /// What is redacted, and what is done with calls.
    pub redact: redact::settings::Settings,
}
