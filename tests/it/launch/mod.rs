//! What the server is started with, how it is ended, and what a client is told when it cannot be started.

/// Secrets among the arguments.
mod argument;
/// A client that gives little time is told in time.
#[cfg(target_os = "linux")]
mod budget;
/// A server that dies before, during and after `initialize`.
mod death;
/// The server sees only the environment it was given.
mod environment;
/// What a host hands down: signals, limits, a folder that is gone.
#[cfg(target_os = "linux")]
mod inherited;
/// Anything wrong before the start answers every request and starts nothing.
mod refusal;
/// No orphans, however the client goes away.
#[cfg(target_os = "linux")]
mod shutdown;
/// Nothing at the end of a session waits for somebody who may never come.
#[cfg(unix)]
mod waiting;
