//! Requests that are not answered yet, in either direction.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use tokio::sync::Notify;

use crate::mcp::call::CALL;
use crate::mcp::era::INITIALIZE;
use crate::mcp::fields::Stop;
use crate::mcp::{Call, Id};

/// How many requests that the client cancelled are remembered: a server should not answer those, and may.
const CANCELLED: usize = 1024;

/// A name longer than this, in bytes, is no tool that a manifest speaks of.
const LONGEST_TOOL: usize = 256;

/// What matters of a request of the client when its answer comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// How its answer is stopped.
    pub(super) stop: Stop,
    /// Whether it opens a stateful session.
    pub(super) opens: bool,
    /// Whether its result tells the model what was withheld.
    pub(super) noted: bool,
    /// The tool that is called, where one is.
    pub(super) tool: Option<Rc<str>>,
}

impl Asked {
    /// What matters of no request: of a message that answers none.
    pub(super) const NOTHING: Self =
        Self { stop: Stop::Error, opens: false, noted: false, tool: None };

    /// What matters of a request of this method, given its line.
    pub(super) fn by(method: &str, line: &[u8]) -> Self {
        let tool = (method == CALL).then(|| Call::of(line).tool);
        let tool = tool.filter(|name| (1..=LONGEST_TOOL).contains(&name.len())).map(Rc::from);
        let (stop, noted) = (Stop::of(method), is_read(method));
        Self { stop, opens: method == INITIALIZE, noted, tool }
    }
}

/// Whether the result of a request of this method is what a model reads.
fn is_read(method: &str) -> bool {
    matches!(method, CALL | "tasks/result" | "tasks/get" | "resources/read" | "prompts/get")
}

/// A request whose answer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its id, as the client spelled it.
    pub(super) id: Id,
    /// What it was.
    pub(super) asked: Asked,
}

/// The client's requests. One thread relays, so plain cells do.
#[derive(Default)]
pub(super) struct InFlight {
    /// With how often each is open: a client may use an id twice, against the specification.
    open: RefCell<HashMap<Id, (Asked, usize)>>,
    cancelled: RefCell<VecDeque<Waiting>>,
    /// How many requests are open whose id cannot be kept, so that their answers are told apart by nobody but the client.
    nameless: Cell<usize>,
    emptied: Notify,
}

impl InFlight {
    /// A request goes to the server.
    pub(super) fn open(&self, id: Id, asked: Asked) {
        let mut open = self.open.borrow_mut();
        let entry = open.entry(id).or_insert_with(|| (asked.clone(), 0));
        *entry = (asked, entry.1 + 1);
    }

    /// A request goes to the server whose id cannot be kept: too long, or nothing that the specification allows.
    pub(super) fn open_nameless(&self) {
        self.nameless.set(self.nameless.get().saturating_add(1));
    }

    /// An answer came back whose id cannot be kept; whether such a request was open.
    pub(super) fn settle_nameless(&self) -> bool {
        let left = self.nameless.get().checked_sub(1);
        left.inspect(|left| self.nameless.set(*left)).is_some()
    }

    /// The request that an answer under this id is for; a cancelled one counts, and so does the same number in quotes.
    pub(super) fn find(&self, id: &Id) -> Option<Waiting> {
        let open = self.open.borrow();
        let under = |id: &Id| {
            let (id, (asked, _)) = open.get_key_value(id)?;
            Some(Waiting { id: id.clone(), asked: asked.clone() })
        };
        let cancelled = || self.cancelled.borrow().iter().find(|it| it.id == *id).cloned();
        under(id).or_else(cancelled).or_else(|| under(&id.twin()?))
    }

    /// An answer came back, or nobody waits for one any more.
    pub(super) fn settle(&self, id: &Id) {
        let mut open = self.open.borrow_mut();
        match open.get_mut(id) {
            Some((_, times)) if *times > 1 => *times -= 1,
            Some(_) => {
                open.remove(id);
                if open.is_empty() {
                    self.emptied.notify_one();
                }
            }
            None => self.cancelled.borrow_mut().retain(|it| it.id != *id),
        }
    }

    /// The client gave a request up. Its answer may come all the same.
    pub(super) fn cancel(&self, id: &Id) {
        let Some(waiting) = self.find(id) else { return };
        self.settle(&waiting.id);
        let mut cancelled = self.cancelled.borrow_mut();
        if cancelled.len() == CANCELLED {
            cancelled.pop_front();
        }
        cancelled.push_back(waiting);
    }

    /// Whether every request is answered.
    pub(super) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// Waits for the moment in which the last request is answered.
    pub(super) async fn emptied(&self) {
        self.emptied.notified().await;
    }

    /// Takes what is left, to be answered by us.
    pub(super) fn take(&self) -> Vec<Id> {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        open.into_iter().flat_map(|(id, (_, times))| std::iter::repeat_n(id, times)).collect()
    }
}

/// How many requests of the server may have no answer. A client that answers has few open; for one that never answers, a
/// server that keeps asking would fill the memory.
const MAX_ASKED: usize = 4096;

/// The server's requests.
#[derive(Default)]
pub(super) struct Asking(RefCell<HashMap<Id, usize>>);

impl Asking {
    /// Whether so many more requests may go to the client.
    pub(super) fn has_room_for(&self, more: usize) -> bool {
        self.0.borrow().len() + more <= MAX_ASKED
    }

    /// A request goes to the client.
    pub(super) fn open(&self, id: Id) {
        *self.0.borrow_mut().entry(id).or_default() += 1;
    }

    /// Nobody waits for an answer any more.
    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// An answer came back; whether it was asked for.
    pub(super) fn settle(&self, id: &Id) -> bool {
        let mut open = self.0.borrow_mut();
        let under = [Some(id.clone()), id.twin()].into_iter().flatten();
        let Some(id) = under.into_iter().find(|id| open.contains_key(id)) else { return false };
        match open.get_mut(&id) {
            Some(times) if *times > 1 => *times -= 1,
            _ => drop(open.remove(&id)),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Asked = Asked { stop: Stop::ToolResult, opens: false, noted: true, tool: None };

    fn id(number: u64) -> Id {
        Id::from(number)
    }

    #[test]
    fn the_tool_of_a_call_is_known_and_nothing_else_has_one() {
        let tool = |method, line: &str| Asked::by(method, line.as_bytes()).tool;
        let line = r#"{"params":{"arguments":{"name":"x"},"name":"get_\u0061"}}"#;
        assert_eq!(tool("tools/call", line).as_deref(), Some("get_a"));
        assert_eq!(tool("prompts/get", line), None);
        assert_eq!(tool("tools/call", r#"{"params":[]}"#), None);
        let long = format!(r#"{{"params":{{"name":"{}"}}}}"#, "x".repeat(LONGEST_TOOL + 1));
        assert_eq!(tool("tools/call", &long), None);
    }

    #[test]
    fn an_answer_is_for_the_request_of_its_id_once() {
        let requests = InFlight::default();
        requests.open(id(1), CALL);
        assert_eq!(requests.find(&id(1)), Some(Waiting { id: id(1), asked: CALL }));
        assert_eq!(requests.find(&id(1).twin().unwrap()).map(|found| found.id), Some(id(1)));
        requests.settle(&id(1));
        assert_eq!(requests.find(&id(1)), None);
    }

    #[test]
    fn an_id_used_twice_is_open_twice() {
        let requests = InFlight::default();
        requests.open(id(1), CALL);
        requests.open(id(1), CALL);
        requests.settle(&id(1));
        assert!(!requests.is_empty());
        assert_eq!(requests.take(), [id(1)]);
    }

    #[test]
    fn a_cancelled_request_is_not_waited_for_and_may_be_answered() {
        let requests = InFlight::default();
        requests.open(id(1), CALL);
        requests.cancel(&id(1));
        assert!(requests.is_empty() && requests.find(&id(1)).is_some());
        requests.settle(&id(1));
        assert_eq!(requests.find(&id(1)), None);
    }

    #[test]
    fn the_memory_for_cancelled_requests_has_an_end() {
        let requests = InFlight::default();
        for number in 0..2 * CANCELLED as u64 {
            requests.open(id(number), CALL);
            requests.cancel(&id(number));
        }
        assert_eq!(requests.cancelled.borrow().len(), CANCELLED);
    }

    #[test]
    fn an_answer_of_the_client_was_asked_for_or_not() {
        let asking = Asking::default();
        asking.open(id(0));
        assert!(!asking.settle(&id(1)));
        assert!(asking.settle(&id(0).twin().unwrap()));
        assert!(!asking.settle(&id(0)));
    }
}
