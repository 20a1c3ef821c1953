//! stdout carries only MCP messages, byte for byte unless one was redacted; the relay takes any frame and any stdio.

/// A batch passes the same checks as its messages do.
#[cfg(target_os = "linux")]
mod batch;
/// How much of a file is read.
#[cfg(target_os = "linux")]
mod bounds;
/// Calls of tools that hold a marker or a credential.
mod calls;
/// What a message says of itself: ids, names, directions, batches, what stops it.
mod envelope;
/// A server's era, once shown, is kept.
#[cfg(target_os = "linux")]
mod era;
/// Frames as odd as real servers write them, in both directions, and what is no frame.
mod frames;
/// Whatever both ends say, in whatever order, arrives as it was said.
mod interleaving;
/// Known values, in every form, cut anywhere, in every place.
mod known;
/// A frame over the limit, in both directions; back-pressure; floods.
mod limits;
/// JSON on stdout that is no message goes to stderr and settles nothing.
#[cfg(target_os = "linux")]
mod log_lines;
/// Signals and order while long messages are searched.
#[cfg(unix)]
mod long_search;
/// What the model is told of a result in which something was withheld.
mod note;
/// A server that cannot bear to be asked for its era.
mod probe;
/// `run --record FILE`: a session written down.
mod record;
/// What is meant for the model and not for the person is told, or taken out.
mod screen;
/// A server that cannot bear to be asked for its era does not end the session.
#[cfg(target_os = "linux")]
mod shield;
/// Servers that are hard to live with.
#[cfg(target_os = "linux")]
mod standins;
/// Every kind of descriptor a host may hand us.
#[cfg(unix)]
mod stdio;
/// Real servers behind a tee: what was written is what arrives.
mod tee;
