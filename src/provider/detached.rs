//! Blocking work off the runtime's thread, on a thread that nobody waits for.
//!
//! Not `spawn_blocking`: the runtime waits for its pool at the end of the process, so a keyring or a network file system
//! that hangs would hang the exit too (openai/codex#41031). A detached thread costs the deadline and nothing more.

use tokio::sync::oneshot;

use super::Failure;

/// Runs `work` on a thread of its own and returns what it returned.
pub(super) async fn detached<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (answer, answered) = oneshot::channel();
    let started = std::thread::Builder::new().name("provider".to_owned()).spawn(move || {
        // Nobody listens after the deadline; the answer is dropped, and a secret in it zeroed.
        let _ = answer.send(work());
    });
    match started {
        Ok(_) => answered.await.unwrap_or(Err(Failure::Stopped)),
        Err(source) => Err(Failure::Io { action: "starting a thread".to_owned(), source }),
    }
}
