//! (relay)

pub mod frame;
pub mod refuse;
