//! One message on its way through the relay, and the line that it is on.

use std::cell::OnceCell;
use std::rc::Rc;

use super::pending::OpenRequest;
use super::violation::Violation;
use super::wire::record::Side;
use crate::mcp::message::tool_error;
use crate::mcp::params::CALL;
use crate::mcp::scan::messages;
use crate::mcp::{Envelope, Id, Kind, Params, Refusal};

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    pub(super) fn sender(self) -> Side {
        match self {
            Self::ToServer => Side::Client,
            Self::ToClient => Side::Server,
        }
    }

    pub(super) fn receiver(self) -> Side {
        match self {
            Self::ToServer => Side::Server,
            Self::ToClient => Side::Client,
        }
    }

    /// The kind of a message that goes this way. A server must write `"jsonrpc": "2.0"`, because its log may have JSON with
    /// an `id` or a `method`; see [`Envelope::kind_from_server`].
    pub(super) fn kind(self, envelope: &Envelope) -> Option<Kind> {
        match self {
            Self::ToServer => envelope.kind(),
            Self::ToClient => envelope.kind_from_server(),
        }
    }
}

/// One message: a line of its own, or a member of a batch.
pub(super) struct Turn<'l> {
    pub(super) line: &'l [u8],
    pub(super) direction: Direction,
    pub(super) envelope: Envelope,
    /// `None` for an object of the client that is no message.
    pub(super) kind: Option<Kind>,
    /// Read once, here. A response has none.
    pub(super) params: Params<'l>,
    called_tool: OnceCell<Rc<str>>,
    /// How many requests its line has up to and with this message.
    pub(super) requests: usize,
    /// The request that a response answers, once the stage `solicited` has found it.
    pub(super) request: Option<OpenRequest>,
    /// What the stage that ran last has decided.
    pub(super) verdict: Verdict,
}

impl<'l> Turn<'l> {
    /// A message that is judged.
    pub(super) fn new(direction: Direction, line: &'l [u8], envelope: Envelope) -> Self {
        let mut turn = Self::without_params(direction, line, envelope);
        if turn.is_request() || turn.kind == Some(Kind::Notification) {
            turn.params = Params::read(line, turn.kind);
        }
        turn
    }

    /// A message that is refused for its line, so that its params do not matter.
    pub(super) fn without_params(direction: Direction, line: &'l [u8], envelope: Envelope) -> Self {
        let kind = direction.kind(&envelope);
        let requests = usize::from(kind == Some(Kind::Request));
        Self {
            line,
            direction,
            envelope,
            kind,
            params: Params::default(),
            called_tool: OnceCell::new(),
            requests,
            request: None,
            verdict: Verdict::Pass,
        }
    }

    pub(super) fn is_request(&self) -> bool {
        self.kind == Some(Kind::Request)
    }

    /// The method; empty where there is no usable one.
    pub(super) fn method(&self) -> &str {
        self.envelope.method.usable().map_or("", String::as_str)
    }

    /// The tool that this message calls: an empty name if the call names none, `None` if this is no call.
    pub(super) fn called_tool(&self) -> Option<&Rc<str>> {
        let is_call = self.method() == CALL;
        is_call.then(|| self.called_tool.get_or_init(|| self.params.tool().into()))
    }

    /// The tool whose result this message is.
    pub(super) fn answering_tool(&self) -> Option<&Rc<str>> {
        self.request.as_ref()?.facts.tool.as_ref()
    }
}

/// A whole line of messages, which goes on whole or not at all.
pub(super) struct Turns<'l> {
    pub(super) line: &'l [u8],
    pub(super) direction: Direction,
    messages: Messages<'l>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "a single message, the usual case, allocates nothing"
)]
enum Messages<'l> {
    One(Turn<'l>),
    Batch(Vec<Turn<'l>>),
}

impl<'l> Turns<'l> {
    pub(super) fn single(direction: Direction, line: &'l [u8], envelope: Envelope) -> Self {
        let messages = Messages::One(Turn::new(direction, line, envelope));
        Self { line, direction, messages }
    }

    pub(super) fn batch(direction: Direction, line: &'l [u8]) -> Self {
        let mut requests = 0;
        let turns = messages(line).map(|(message, envelope)| {
            let mut turn = Turn::new(direction, message, envelope);
            requests += turn.requests;
            turn.requests = requests;
            turn
        });
        Self { line, direction, messages: Messages::Batch(turns.collect()) }
    }

    pub(super) fn is_batch(&self) -> bool {
        matches!(self.messages, Messages::Batch(_))
    }

    pub(super) fn each(&self) -> &[Turn<'l>] {
        match &self.messages {
            Messages::One(turn) => std::slice::from_ref(turn),
            Messages::Batch(turns) => turns,
        }
    }

    pub(super) fn each_mut(&mut self) -> &mut [Turn<'l>] {
        match &mut self.messages {
            Messages::One(turn) => std::slice::from_mut(turn),
            Messages::Batch(turns) => turns,
        }
    }
}

/// What a stage decides about a message.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes to the next stage.
    Pass,
    /// It does not go on. Whoever waits for it gets this answer.
    Refuse(Answer),
    /// It does not go on, and nobody waits for it.
    Drop(Violation),
}

/// An answer that hushpipe gives in place of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// An error of JSON-RPC.
    Error(Refusal),
    /// A failed result of a tool, which clients show to the model.
    ToolError(String),
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(Answer::Error(refusal))
    }
}

impl Answer {
    /// The answer as a line. Results of the stateless era have one more member.
    pub(super) fn line(&self, id: Option<&Id>, stateless: bool) -> Vec<u8> {
        match (self, id) {
            (Self::Error(refusal), id) => refusal.answer(id),
            (Self::ToolError(why), Some(id)) => tool_error(id, why, stateless),
            // A result must have an id, and an error may lack one.
            (Self::ToolError(why), None) => Refusal::not_passed_on(why).answer(None),
        }
    }
}
