//! Bytes in and out: frames, the client's input, the server's log, our own log, the recording.

pub mod frame;
pub mod input;
pub mod log;
pub mod record;
pub mod stderr;
