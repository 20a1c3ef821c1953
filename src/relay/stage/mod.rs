//! The stages that a message passes on its way. `order.rs` lists them.

pub(super) mod ambiguity;
pub(super) mod calls;
pub(super) mod era;
pub(super) mod instructions;
pub(super) mod list_items;
pub(super) mod redaction;
pub(super) mod room;
pub(super) mod search_thread;
pub(super) mod solicited;
