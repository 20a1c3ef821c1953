//! stdout carries only MCP messages, byte for byte unless one was redacted; the relay takes any frame and any stdio.

/// Frames as odd as real servers write them, in both directions, and what is no frame.
mod frames;
/// A frame over the limit, in both directions; back-pressure; floods.
mod limits;
/// A server that cannot bear to be asked for its era.
mod probe;
/// `run --record FILE`: a session written down.
mod record;
/// Every kind of descriptor a host may hand us.
#[cfg(unix)]
mod stdio;
/// Real servers behind a tee: what was written is what arrives.
mod tee;
