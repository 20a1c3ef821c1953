//! Requests of the client that the server has not answered yet.

use std::cell::RefCell;
use std::collections::HashSet;

use tokio::sync::Notify;

use crate::mcp::Id;

/// What is in flight. One thread relays, so plain cells do.
#[derive(Default)]
pub struct InFlight {
    ids: RefCell<HashSet<Id>>,
    emptied: Notify,
}

impl InFlight {
    /// A request went to the server.
    pub fn open(&self, id: Id) {
        self.ids.borrow_mut().insert(id);
    }

    /// An answer came back, or nobody waits for one any more.
    pub fn settle(&self, id: &Id) {
        let mut ids = self.ids.borrow_mut();
        if ids.remove(id) && ids.is_empty() {
            self.emptied.notify_one();
        }
    }

    /// Whether every request is answered.
    pub fn is_empty(&self) -> bool {
        self.ids.borrow().is_empty()
    }

    /// Waits for the moment in which the last request is answered.
    pub async fn emptied(&self) {
        self.emptied.notified().await;
    }

    /// Takes what is left, to be answered by us.
    pub fn take(&self) -> Vec<Id> {
        self.ids.borrow_mut().drain().collect()
    }
}
