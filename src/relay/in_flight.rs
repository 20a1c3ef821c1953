//! Requests of the client that the server has not answered yet.

use std::cell::RefCell;
use std::collections::HashSet;

use tokio::sync::Notify;

use crate::mcp::Id;

/// What is in flight. One thread relays, so plain cells do.
#[derive(Default)]
pub struct InFlight {
    ids: RefCell<HashSet<Id>>,
    /// Batches are answered by a batch (revision 2025-03-26); their ids are not looked at one by one.
    batches: RefCell<usize>,
    emptied: Notify,
}

impl InFlight {
    /// A request went to the server.
    pub fn open(&self, id: Id) {
        self.ids.borrow_mut().insert(id);
    }

    /// A batch went to the server.
    pub fn open_batch(&self) {
        *self.batches.borrow_mut() += 1;
    }

    /// An answer came back.
    pub fn settle(&self, id: &Id) {
        self.ids.borrow_mut().remove(id);
        self.tell();
    }

    /// The answer to a batch came back.
    pub fn settle_batch(&self) {
        let mut batches = self.batches.borrow_mut();
        *batches = batches.saturating_sub(1);
        drop(batches);
        self.tell();
    }

    /// Whether every request is answered.
    pub fn is_empty(&self) -> bool {
        self.ids.borrow().is_empty() && *self.batches.borrow() == 0
    }

    /// Waits for the moment in which the last request is answered.
    pub async fn emptied(&self) {
        self.emptied.notified().await;
    }

    /// Takes what is left, to be answered by us.
    pub fn take(&self) -> HashSet<Id> {
        std::mem::take(&mut self.ids.borrow_mut())
    }

    fn tell(&self) {
        if self.is_empty() {
            self.emptied.notify_one();
        }
    }
}
