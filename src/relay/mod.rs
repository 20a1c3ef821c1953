//! (relay)

pub mod frame;
