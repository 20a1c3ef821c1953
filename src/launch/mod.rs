//! Starting the server: its environment, its process, its end.

pub mod env;
