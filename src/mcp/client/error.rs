//! Why a server could not be tried.
//!
//! What the server itself said is kept in [`RpcError`]; it is the server's text and is made printable by whoever prints it.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::session::MAX_PAGES;
use crate::error::{Fault, Kind};

/// Why the server could not be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The program was not started.
    #[error("the server could not be started")]
    Start(#[source] io::Error),
    /// Reading what the server writes failed.
    #[error("could not read from the server")]
    Read(#[source] io::Error),
    /// The server ended and a request was open.
    #[error("the server exited before it answered `{method}`")]
    Ended {
        /// The request.
        method: String,
    },
    /// There was no answer in time.
    #[error("the server did not answer `{method}` within {} s", .timeout.as_secs_f64())]
    Deadline {
        /// The request.
        method: String,
        /// How long we waited.
        timeout: Duration,
    },
    /// The answer was an error.
    #[error("the server refused `{method}`: {} (code {})", .error.message, .error.code)]
    Refused {
        /// The request.
        method: String,
        /// What it said.
        error: Box<RpcError>,
    },
    /// The answer is not what the specification says it is.
    #[error("cannot read the server's answer to `{method}`")]
    Unreadable {
        /// The request.
        method: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The server speaks other revisions only.
    #[error("the server supports no protocol revision that hushpipe knows, only: {}", .versions.join(", "))]
    NoCommonRevision {
        /// Those that it speaks.
        versions: Vec<String>,
    },
    /// The list of tools goes on and on.
    #[error("the server's list of tools has more than {MAX_PAGES} pages")]
    EndlessList,
}

impl Fault for ClientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Start(_) => Kind::Internal,
            Self::Read(_) => Kind::Io,
            Self::Deadline { .. } => Kind::Deadline,
            _ => Kind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Deadline { .. } => Some("allow more time with `--timeout`".into()),
            _ => None,
        }
    }
}

/// The error of a JSON-RPC answer.
#[derive(Debug, Clone, Deserialize)]
pub struct RpcError {
    /// What class of error it is.
    pub code: i64,
    /// What it says.
    pub message: String,
    /// What it says for programs.
    #[serde(default)]
    pub data: Value,
}

impl RpcError {
    /// Whether hushpipe wrote it in the server's place.
    pub fn is_ours(&self) -> bool {
        self.data["source"] == "hushpipe"
    }

    /// Whether it answers for a launch that failed, which hushpipe has said on stderr as well. What it says for a server
    /// that ended later is said nowhere else.
    pub fn is_launch_failure(&self) -> bool {
        self.is_ours() && self.data["kind"] != "server_ended"
    }
}
