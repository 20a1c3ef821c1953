//! The life of a session: its opening, its servers, its leases, its end, and a launch that has failed.

pub(super) mod current_server;
pub(super) mod end;
pub mod failed_launch;
pub(super) mod handshake;
pub(super) mod leases;
pub(super) mod phase;
