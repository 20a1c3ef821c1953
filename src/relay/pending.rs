//! Requests that are not answered yet. Both directions keep theirs in the same way.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use tokio::sync::Notify;

use super::wire::record::Side;
use crate::mcp::Id;
use crate::mcp::era::INITIALIZE;
use crate::mcp::fields::Stop;
use crate::mcp::params::CALL;

/// The most requests of one side that may be open. A side that answers leaves few open; for one that never answers, a
/// side that keeps asking would fill the memory.
const MAX_OPEN: usize = 4096;

/// How many cancelled requests are remembered: the other side should not answer those, and may.
const CANCELLED: usize = 1024;

/// A name longer than this, in bytes, is no tool that a manifest speaks of.
const LONGEST_TOOL: usize = 256;

/// What matters of a request when its answer comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestFacts {
    /// What is done with its answer when that must not go on.
    pub(super) stop: Stop,
    /// Whether it opens a stateful session.
    pub(super) opens: bool,
    /// Whether a model reads its result, so that the result says what was withheld.
    pub(super) noted: bool,
    /// The tool that it calls.
    pub(super) tool: Option<Rc<str>>,
}

impl RequestFacts {
    /// The facts of a request of which nothing matters, such as one of the server.
    pub(super) const NONE: Self =
        Self { stop: Stop::Error, opens: false, noted: false, tool: None };

    /// The facts of a request of the client.
    pub(super) fn from_client(method: &str, tool: Option<Rc<str>>) -> Self {
        let tool = tool.filter(|name| (1..=LONGEST_TOOL).contains(&name.len()));
        let (stop, noted) = (Stop::of(method), is_read(method));
        Self { stop, opens: method == INITIALIZE, noted, tool }
    }
}

/// Whether the result of a request of this method is what a model reads.
fn is_read(method: &str) -> bool {
    matches!(method, CALL | "tasks/result" | "tasks/get" | "resources/read" | "prompts/get")
}

/// A request that has an answer now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenRequest {
    /// Its id, as its sender spelled it.
    pub(super) id: Id,
    pub(super) facts: RequestFacts,
}

/// The open requests of both sides.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) of_client: OpenRequests,
    pub(super) of_server: OpenRequests,
}

impl Pending {
    /// The requests that this side has sent.
    pub(super) fn sent_by(&self, side: Side) -> &OpenRequests {
        match side {
            Side::Client => &self.of_client,
            Side::Server => &self.of_server,
        }
    }
}

/// The open requests of one side. One thread relays, so plain cells do.
///
/// An answer is counted in two steps. [`begin_answer`](Self::begin_answer) takes the request, so that no second answer
/// can have it. [`close`](Self::close) forgets it once its answer is written: the end of a session waits for that.
#[derive(Default)]
pub(super) struct OpenRequests {
    open: RefCell<HashMap<Id, Entry>>,
    /// How many there are, each as often as its id is used.
    count: Cell<usize>,
    cancelled: RefCell<VecDeque<OpenRequest>>,
    /// How many requests are open whose id cannot be kept. Only their sender can tell their answers apart.
    unnamed: Cell<usize>,
    emptied: Notify,
}

/// The requests under one id: a side may use an id twice, against the specification.
struct Entry {
    facts: RequestFacts,
    times: usize,
    /// How many of them have an answer that is on its way.
    answering: usize,
}

impl OpenRequests {
    /// Whether so many more requests may be open.
    pub(super) fn has_room_for(&self, more: usize) -> bool {
        self.count.get() + more <= MAX_OPEN
    }

    /// A request goes on.
    pub(super) fn open(&self, id: Id, facts: RequestFacts) {
        let mut open = self.open.borrow_mut();
        let new = || Entry { facts: RequestFacts::NONE, times: 0, answering: 0 };
        let entry = open.entry(id).or_insert_with(new);
        entry.facts = facts;
        entry.times += 1;
        self.count.set(self.count.get() + 1);
    }

    /// A request goes on whose id cannot be kept: it is too long, or nothing that the specification allows.
    pub(super) fn open_unnamed(&self) {
        self.unnamed.set(self.unnamed.get().saturating_add(1));
    }

    /// An answer came whose id cannot be kept; whether such a request was open.
    pub(super) fn close_unnamed(&self) -> bool {
        let left = self.unnamed.get().checked_sub(1);
        left.inspect(|left| self.unnamed.set(*left)).is_some()
    }

    /// Finds the request that an answer under this id is for, and takes it for that answer. A cancelled one counts, and so
    /// does the same number in quotes. `None` if nobody asked.
    pub(super) fn begin_answer(&self, id: &Id) -> Option<OpenRequest> {
        let found = self.under(id).or_else(|| self.take_cancelled(id)).or_else(|| {
            let twin = id.twin()?;
            self.under(&twin).or_else(|| self.take_cancelled(&twin))
        })?;
        if let Some(entry) = self.open.borrow_mut().get_mut(&found.id) {
            entry.answering = entry.times.min(entry.answering + 1);
        }
        Some(found)
    }

    /// Whether somebody asked under this id.
    pub(super) fn is_open(&self, id: &Id) -> bool {
        let twin = || id.twin().and_then(|twin| self.under(&twin));
        self.under(id).or_else(twin).is_some()
    }

    fn under(&self, id: &Id) -> Option<OpenRequest> {
        let open = self.open.borrow();
        let (id, entry) = open.get_key_value(id)?;
        let waits = entry.times > entry.answering;
        waits.then(|| OpenRequest { id: id.clone(), facts: entry.facts.clone() })
    }

    fn take_cancelled(&self, id: &Id) -> Option<OpenRequest> {
        let mut cancelled = self.cancelled.borrow_mut();
        let at = cancelled.iter().position(|request| request.id == *id)?;
        cancelled.remove(at)
    }

    /// The answer that was begun is written. After [`take`](Self::take) there is nothing left to close, even if its
    /// sender uses the id again.
    pub(super) fn close(&self, id: &Id) {
        if self.open.borrow().get(id).is_some_and(|entry| entry.answering > 0) {
            self.remove(id, 1);
        }
    }

    /// A request is not open any more, and there is no answer on its way.
    pub(super) fn withdraw(&self, id: &Id) {
        self.remove(id, 0);
    }

    fn remove(&self, id: &Id, answering: usize) {
        let mut open = self.open.borrow_mut();
        let Some(entry) = open.get_mut(id) else { return };
        entry.times -= 1;
        entry.answering -= answering;
        self.count.set(self.count.get() - 1);
        if entry.times == 0 {
            open.remove(id);
        }
        if open.is_empty() {
            self.emptied.notify_one();
        }
    }

    /// Its sender gave a request up. An answer may come all the same.
    pub(super) fn cancel(&self, id: &Id) {
        let twin = || id.twin().and_then(|twin| self.under(&twin));
        let Some(request) = self.under(id).or_else(twin) else { return };
        self.withdraw(&request.id);
        let mut cancelled = self.cancelled.borrow_mut();
        if cancelled.len() == CANCELLED {
            cancelled.pop_front();
        }
        cancelled.push_back(request);
    }

    /// Whether every request is answered.
    pub(super) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// Waits for the moment in which the last request is answered.
    pub(super) async fn emptied(&self) {
        self.emptied.notified().await;
    }

    /// Takes all that are left, to be answered by us.
    pub(super) fn take(&self) -> Vec<Id> {
        self.count.set(0);
        let open = std::mem::take(&mut *self.open.borrow_mut());
        open.into_iter().flat_map(|(id, entry)| std::iter::repeat_n(id, entry.times)).collect()
    }

    /// Forgets all of them, cancelled ones too.
    pub(super) fn clear(&self) {
        self.take();
        self.cancelled.take();
        self.unnamed.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLED: RequestFacts =
        RequestFacts { stop: Stop::ToolResult, opens: false, noted: true, tool: None };

    fn id(number: u64) -> Id {
        Id::from(number)
    }

    fn with(ids: &[u64]) -> OpenRequests {
        let requests = OpenRequests::default();
        ids.iter().for_each(|number| requests.open(id(*number), CALLED));
        requests
    }

    #[test]
    fn only_a_tool_that_a_manifest_can_name_is_kept() {
        let tool = |name: &str| RequestFacts::from_client(super::CALL, Some(name.into())).tool;
        assert_eq!(tool("get_a").as_deref(), Some("get_a"));
        assert_eq!((tool(""), tool(&"x".repeat(LONGEST_TOOL + 1))), (None, None));
    }

    #[test]
    fn a_request_is_answered_once_and_stays_open_until_the_answer_is_written() {
        for spelled in [id(1), id(1).twin().unwrap()] {
            let requests = with(&[1]);
            assert!(requests.is_open(&spelled));
            let answered = requests.begin_answer(&spelled);
            assert_eq!(answered, Some(OpenRequest { id: id(1), facts: CALLED }));
            assert!(!requests.is_open(&spelled) && !requests.is_empty());
            assert_eq!(requests.begin_answer(&spelled), None);
            requests.close(&id(1));
            assert!(requests.is_empty() && requests.begin_answer(&spelled).is_none());
        }
    }

    #[test]
    fn an_id_used_twice_is_open_twice() {
        let requests = with(&[1, 1]);
        assert!(requests.begin_answer(&id(1)).is_some());
        requests.close(&id(1));
        assert!(!requests.is_empty());
        assert_eq!(requests.take(), [id(1)]);
    }

    #[test]
    fn a_cancelled_request_is_not_waited_for_and_may_be_answered_once() {
        let requests = with(&[1]);
        requests.cancel(&id(1));
        assert!(requests.is_empty());
        assert!(requests.begin_answer(&id(1)).is_some());
        requests.close(&id(1));
        assert_eq!(requests.begin_answer(&id(1)), None);
    }

    #[test]
    fn an_answer_on_its_way_is_not_cancelled_any_more() {
        let requests = with(&[1]);
        assert!(requests.begin_answer(&id(1)).is_some());
        requests.cancel(&id(1));
        requests.close(&id(1));
        assert!(requests.is_empty() && requests.begin_answer(&id(1)).is_none());
    }

    #[test]
    fn an_answer_that_is_written_late_leaves_a_new_request_under_its_id_open() {
        let requests = with(&[1]);
        assert!(requests.begin_answer(&id(1)).is_some());
        requests.take();
        requests.open(id(1), CALLED);
        requests.close(&id(1));
        assert!(requests.is_open(&id(1)));
    }

    #[test]
    fn the_memory_for_cancelled_requests_has_a_bound() {
        let requests = OpenRequests::default();
        for number in 0..2 * CANCELLED as u64 {
            requests.open(id(number), CALLED);
            requests.cancel(&id(number));
        }
        assert_eq!(requests.cancelled.borrow().len(), CANCELLED);
    }

    #[test]
    fn every_use_of_an_id_takes_a_place() {
        let requests = OpenRequests::default();
        (0..MAX_OPEN).for_each(|_| requests.open(id(1), CALLED));
        assert!(!requests.has_room_for(1));
        requests.withdraw(&id(1));
        assert!(requests.has_room_for(1) && !requests.has_room_for(2));
        requests.take();
        assert!(requests.has_room_for(MAX_OPEN));
    }
}
