//! The words of the protocol: what a line is, what a message says of itself, the messages we write, a small client.
//!
//! Nothing here changes a message that passes through: the relay works on the bytes of a line, and this folder only says
//! what they are. Both eras are spoken: stateful up to revision 2025-11-25, stateless from 2026-07-28.

pub mod budget;
pub mod client;
pub mod envelope;
pub mod era;
pub mod fields;
pub mod message;
pub mod params;
pub mod scan;

pub use envelope::{Envelope, Field, Id, Kind};
pub use era::{Era, Revision};
pub use message::{Diagnosis, Refusal};
pub use params::Params;
pub use scan::{Scanner, Shape};
