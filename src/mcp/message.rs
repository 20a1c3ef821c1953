//! The messages that hushpipe writes itself, each as the bytes of one line without its line feed.
//!
//! An answer of ours is an error of JSON-RPC with `data.source = "hushpipe"`, so that a reader can tell it from the server's.
//! It is valid in both eras. The model may read it, so a next step is for the user to take, never for the model. Codes
//! are the standard ones: those from −32000 to −32099 belong to servers and to the specification. An answer to a request
//! whose id is not known has no `id` member at all: the specification's schemas allow that and refuse `null`.

use serde_json::{Map, Value, json};

use super::Id;
use crate::error::{Error, Kind};

/// An error that hushpipe answers a request with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: i32,
    message: String,
    data: Map<String, Value>,
}

/// Why a server failed, and what the person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The cause, in one sentence.
    pub cause: String,
    /// The next step, for the person.
    pub hint: String,
}

/// JSON-RPC: the message is not a valid request.
const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC: there is no such method.
const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC: the one who answers failed.
const INTERNAL_ERROR: i32 = -32603;

impl Refusal {
    /// hushpipe was started with a command line that it does not understand.
    pub fn usage(message: &str) -> Self {
        let message = format!("hushpipe was started with a wrong command line: {message}");
        Self::new(INTERNAL_ERROR, Kind::Usage.token(), message)
    }

    /// The server `server` was not started.
    pub fn launch(server: &str, error: &Error) -> Self {
        let what = error.to_string();
        let hints: Vec<_> =
            error.hint().iter().flat_map(|hint| hint.lines()).map(for_the_user).collect();
        let facts: Vec<_> =
            what.lines().map(str::to_owned).chain(error.causes()).chain(hints.clone()).collect();
        let message = format!("hushpipe could not start server `{server}`: {}", facts.join("; "));
        let mut refusal = Self::new(INTERNAL_ERROR, error.kind().token(), message);
        refusal.detail("server", server);
        refusal.detail("error", what);
        refusal.detail("causes", error.causes());
        if !hints.is_empty() {
            refusal.detail("hint", hints.join("\n"));
        }
        refusal
    }

    /// The server ended before it answered; `how` says in which way, as in "exited with code 1".
    pub fn server_ended(server: &str, how: &str) -> Self {
        let message = format!("server `{server}` {how} before it answered");
        let mut refusal = Self::new(INTERNAL_ERROR, "server_ended", message);
        refusal.detail("server", server);
        refusal
    }

    /// The same with the cause and the next step, where they are known.
    pub fn diagnosed(mut self, diagnosis: Option<&Diagnosis>) -> Self {
        if let Some(Diagnosis { cause, hint }) = diagnosis {
            let hint = for_the_user(hint);
            self.message = format!("{}: {cause}; {hint}", self.message);
            self.detail("causes", vec![cause.clone()]);
            self.detail("hint", hint);
        }
        self
    }

    /// The answer of `server` holds a secret where nothing can be replaced; `why` names the secret and the place.
    pub fn withheld(server: &str, why: &str) -> Self {
        let message = format!("hushpipe withheld the answer of server `{server}`: {why}");
        let mut refusal = Self::new(INTERNAL_ERROR, "withheld", message);
        refusal.detail("server", server);
        refusal
    }

    /// A request of `length` bytes is over the limit of `limit` bytes and was not passed on.
    pub fn request_too_long(length: u64, limit: u64) -> Self {
        Self::too_long(INVALID_REQUEST, "request", length, limit)
    }

    /// The answer to a request has `length` bytes, over the limit of `limit` bytes, and was not passed on.
    pub fn answer_too_long(length: u64, limit: u64) -> Self {
        Self::too_long(INTERNAL_ERROR, "answer", length, limit)
    }

    /// A message names something twice, or in another case: readers could take it for different messages.
    pub fn ambiguous() -> Self {
        let message = "hushpipe refused this message: it has a name twice, or in another case, so programs could read it differently";
        Self::new(INVALID_REQUEST, "ambiguous", message.to_owned())
    }

    /// A message was not passed on; `why` says it in words.
    pub fn not_passed_on(why: &str) -> Self {
        let message = format!("hushpipe refused this message: {why}");
        Self::new(INVALID_REQUEST, "refused", message)
    }

    /// The server `server` answered with a batch in a session whose revision has none.
    pub fn illegal_batch(server: &str) -> Self {
        let message = format!(
            "server `{server}` sent several messages in one line, and this protocol revision does not allow that"
        );
        Self::new(INTERNAL_ERROR, "illegal_batch", message)
    }

    /// The method is not there for whoever asks.
    pub fn no_such_method(method: &str) -> Self {
        Self::new(METHOD_NOT_FOUND, "no_such_method", format!("unknown method `{method}`"))
    }

    /// What it says.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn too_long(code: i32, what: &str, length: u64, limit: u64) -> Self {
        let message =
            format!("hushpipe refused this {what}: it has {length} bytes and the limit is {limit}");
        let mut refusal = Self::new(code, "too_long", message);
        refusal.detail("length", length);
        refusal.detail("limit", limit);
        refusal
    }

    fn new(code: i32, kind: &str, message: String) -> Self {
        let mut refusal = Self { code, message, data: Map::new() };
        refusal.detail("source", "hushpipe");
        refusal.detail("kind", kind);
        refusal
    }

    fn detail(&mut self, name: &str, value: impl Into<Value>) {
        self.data.insert(name.to_owned(), value.into());
    }

    /// The answer to the request `id`; without one, to a request whose id is not known.
    pub fn answer(&self, id: Option<&Id>) -> Vec<u8> {
        let error = json!({ "code": self.code, "message": self.message, "data": self.data });
        response(id, "error", &error)
    }
}

/// A hint for a person as the model is to read it: an agent that is told "run" runs it (design, promise 9).
fn for_the_user(hint: &str) -> String {
    if hint.starts_with("ask the user") {
        hint.to_owned()
    } else if hint.starts_with("run ") {
        format!("ask the user to {hint}")
    } else {
        format!("ask the user: {hint}")
    }
}

/// The answer to a `tools/call` that failed, in the way that reaches the model; results of the stateless era name their
/// type.
pub fn tool_error(id: &Id, message: &str, stateless: bool) -> Vec<u8> {
    let mut failed = json!({ "content": [{ "type": "text", "text": message }], "isError": true });
    if stateless {
        failed["resultType"] = "complete".into();
    }
    result(id, &failed)
}

/// A successful answer to the request `id`.
pub fn result(id: &Id, result: &Value) -> Vec<u8> {
    response(Some(id), "result", result)
}

/// A request.
pub fn request(id: &Id, method: &str, params: &Value) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{},"method":{},"params":{params}}}"#, id.raw(), json!(method))
        .into_bytes()
}

/// A notification.
pub fn notification(method: &str) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "method": method }).to_string().into_bytes()
}

/// A response with one member beside its id, which is spliced in as it was spelled: a parsed number might not survive.
fn response(id: Option<&Id>, member: &str, value: &Value) -> Vec<u8> {
    let id = id.map(|id| format!(r#""id":{},"#, id.raw())).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0",{id}"{member}":{value}}}"#).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::mcp::{Scanner, Shape};

    #[derive(Debug, thiserror::Error)]
    #[error("secret `TOKEN` was not found")]
    struct Missing(#[source] std::io::Error);

    impl Fault for Missing {
        fn kind(&self) -> Kind {
            Kind::Auth
        }

        fn hint(&self) -> Option<String> {
            Some("ask the user to run `hushpipe secret set local://token`".into())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("it failed")]
    struct Hinted(&'static str);

    impl Fault for Hinted {
        fn kind(&self) -> Kind {
            Kind::Config
        }

        fn hint(&self) -> Option<String> {
            Some(self.0.into())
        }
    }

    fn id(raw: &str) -> Id {
        let mut scanner = Scanner::default();
        scanner.feed(format!(r#"{{"id":{raw}}}"#).as_bytes());
        match scanner.finish() {
            Shape::Object(envelope) => envelope.id.usable().cloned().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_launch_failure_names_cause_and_next_step() {
        let error = Error::from(Missing(std::io::Error::other("no item \"token\"\n")));
        let answer = text(Refusal::launch("github", &error).answer(Some(&id("\"a\\u0062\""))));
        assert_eq!(
            answer,
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0062\",\"error\":{\"code\":-32603,\"message\":\"hushpipe could not start \
             server `github`: secret `TOKEN` was not found; no item \\\"token\\\"; ask the user to run \
             `hushpipe secret set local://token`\",\"data\":{\"source\":\"hushpipe\",\"kind\":\"auth\",\
             \"server\":\"github\",\"error\":\"secret `TOKEN` was not found\",\"causes\":[\"no item \\\"token\\\"\"],\
             \"hint\":\"ask the user to run `hushpipe secret set local://token`\"}}}"
        );
    }

    #[test]
    fn every_next_step_is_for_the_user_to_take() {
        for (hint, told) in [
            ("run `hushpipe sync`", "ask the user to run `hushpipe sync`"),
            ("run `chmod go-w /a`", "ask the user to run `chmod go-w /a`"),
            ("ask the user to run `hushpipe lock`", "ask the user to run `hushpipe lock`"),
            ("did you mean `github`?", "ask the user: did you mean `github`?"),
            (
                "restore it from version control, or remove it and run `hushpipe lock`",
                "ask the user: restore it from version control, or remove it and run `hushpipe lock`",
            ),
            ("running out", "ask the user: running out"),
            ("run `a`\nwrite `b`", "ask the user to run `a`\nask the user: write `b`"),
        ] {
            let refusal = Refusal::launch("github", &Error::from(Hinted(hint)));
            assert_eq!(refusal.data["hint"], told);
            assert!(refusal.message.ends_with(&told.replace('\n', "; ")), "{}", refusal.message);
        }
    }

    #[test]
    fn an_answer_carries_the_id_as_it_was_spelled_or_none() {
        let refusal = Refusal::request_too_long(11, 10);
        for raw in ["\"\\ud800\"", "123456789012345678901234567890", "1.0"] {
            let answer = text(refusal.answer(Some(&id(raw))));
            assert!(answer.starts_with(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{raw},\"error\":")));
        }
        assert!(text(refusal.answer(None)).starts_with("{\"jsonrpc\":\"2.0\",\"error\":"));
    }

    #[test]
    fn no_code_is_one_of_the_reserved() {
        let error = Error::from(Missing(std::io::Error::other("")));
        for refusal in [
            Refusal::launch("x", &error),
            Refusal::server_ended("x", "exited with code 1"),
            Refusal::request_too_long(2, 1),
            Refusal::answer_too_long(2, 1),
            Refusal::no_such_method("x"),
        ] {
            assert!(!(-32099..=-32000).contains(&refusal.code), "{refusal:?}");
            assert_eq!(refusal.data["source"], "hushpipe");
        }
    }
}
