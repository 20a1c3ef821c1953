//! The two ends that a relay joins, as the launch hands them over.

use std::io;

use super::wire::input::Input;
use crate::error;
use crate::launch::file::SecretFiles;
use crate::mcp::{Diagnosis, Era};
use crate::provider::Leases;
use crate::sys::command::{Started, Streams};
use crate::sys::os::{Process, Signals, Writer};

/// The client's side of the relay.
pub struct Client {
    pub(super) input: Input,
    pub(super) writer: Writer,
    pub(super) signals: Signals,
}

impl Client {
    /// Takes over stdout.
    ///
    /// # Errors
    /// The descriptor cannot be used.
    pub fn take_over(input: Input, signals: Signals) -> io::Result<Self> {
        Ok(Self { input, writer: Writer::stdout()?, signals })
    }
}

/// The server's side of the relay.
pub struct Server<'a> {
    /// The running server, and the files that carry secrets to it; they live as long as it does.
    pub spawned: (Started, SecretFiles),
    /// Starts another one when this one has ended: the same, as it was at its start.
    pub again: &'a Again<'a>,
    /// Keeps what the session has shown of the server's era.
    pub learn: &'a dyn Fn(Era),
    /// Finds out from the end of its log why it ended before its first output.
    pub diagnose: &'a dyn Fn(&str) -> Option<Diagnosis>,
    /// The leases of its secrets.
    pub leases: &'a Leases,
}

/// Starts another server in place of one that has ended.
pub type Again<'a> = dyn Fn(&mut Process) -> error::Result<(Streams, SecretFiles)> + 'a;
