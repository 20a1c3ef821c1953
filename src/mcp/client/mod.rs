//! A small client, to try a server: starts it, opens a session, ends it.
//!
//! The server never outlives the client: it is asked to end by closing its input, then killed.

mod error;
mod session;

use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::sys::os;
pub use error::{ClientError, RpcError};
pub use session::{OnLog, Session};

/// How long a server may take to end when its input has been closed.
const CLOSED: Duration = Duration::from_secs(4);

/// How long it may take to end when it was asked to: `hushpipe run` needs 0.8 s and a little.
const ASKED: Duration = Duration::from_secs(2);

/// A server that we started, and our session with it.
pub struct Client {
    server: Child,
    session: Session<ChildStdout, ChildStdin>,
}

impl Client {
    /// Starts a server whose standard input and output are piped. Each answer may take up to `timeout`.
    ///
    /// # Errors
    /// It could not be started.
    pub fn start(
        mut command: Command,
        timeout: Duration,
        on_log: Option<OnLog>,
    ) -> Result<Self, ClientError> {
        let mut server = command.kill_on_drop(true).spawn().map_err(ClientError::Start)?;
        let (Some(output), Some(input)) = (server.stdout.take(), server.stdin.take()) else {
            return Err(ClientError::Start(std::io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self { server, session: Session::new(output, input, timeout, on_log) })
    }

    /// The session.
    pub fn session(&mut self) -> &mut Session<ChildStdout, ChildStdin> {
        &mut self.session
    }

    /// Ends the server: closes its input, asks it to end, kills it, some seconds apart. Returns how it ended, if by itself.
    pub async fn end(mut self) -> Option<ExitStatus> {
        self.session.close().await;
        if let Ok(status) = tokio::time::timeout(CLOSED, self.server.wait()).await {
            return status.ok();
        }
        // A launcher that waits for an answer in flight ends its server's processes when it is asked, not when killed.
        if let Some(pid) = self.server.id() {
            os::ask_to_end(pid);
        }
        if let Ok(status) = tokio::time::timeout(ASKED, self.server.wait()).await {
            return status.ok();
        }
        // It fails only if the server has just ended by itself.
        let _ = self.server.kill().await;
        None
    }
}
