//! Every recorded message against the specification's JSON schema of its revision.
//!
//! The schemas are not part of the repository: they are looked for beside it, in `../shared/schema`, and where they are not the
//! tests say that they were skipped. A message is checked as what it is (request, notification, result, error), as what
//! its method makes it, and for whether that side may send it at all. What clients and servers do that no schema has is listed in
//! [`KNOWN`] with the reason; what is not listed fails, and so does an entry that no recording needs any more.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use hushpipe::mcp::fields::Fields;
use hushpipe::redact::Redactor;
use hushpipe::secret::Secret;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::fixture::repository;
use crate::replay::recordings;

/// The revision without sessions, in which every request says so itself.
const STATELESS: &str = "2026-07-28";

const REVISIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS];

/// Where a stateless request says which revision it is of.
const VERSION: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

/// What is in a recording and in no schema: recording, definition or method, and why that is so.
const KNOWN: [(&str, &str, &str); 3] = [
    ("rust-own", "tasks/get", "of the tasks extension, which has a specification of its own"),
    ("rust-own", "tasks/update", "of the tasks extension"),
    ("rust-own", "tasks/cancel", "of the tasks extension"),
];

/// What a message breaks: a definition or a method, and how.
type Broken = Vec<(String, String)>;

/// The schema of one revision.
struct Revision {
    schema: Value,
    /// `$defs`, or `definitions` up to 2025-06-18.
    key: &'static str,
    validators: HashMap<String, Validator>,
}

impl Revision {
    fn read(folder: &Path, name: &str) -> Self {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let key = if schema.get("$defs").is_some() { "$defs" } else { "definitions" };
        Self { schema, key, validators: HashMap::new() }
    }

    /// The first of these definitions that there is.
    fn first(&self, names: &[&str]) -> String {
        let found = names.iter().find(|name| self.schema[self.key].get(name).is_some());
        (*found.unwrap_or_else(|| panic!("none of {names:?}"))).to_owned()
    }

    /// The definition of the request or notification that this side may send under this name.
    fn of_method(&self, from: &str, method: &str, kind: &str) -> Option<String> {
        let definitions = &self.schema[self.key];
        let is = |name: &str| definitions[name]["properties"]["method"]["const"] == method;
        let all = format!("{}{kind}", if from == "client" { "Client" } else { "Server" });
        let choices = definitions[&all]["anyOf"].as_array().into_iter().flatten();
        let named = choices.filter_map(|choice| choice["$ref"].as_str()?.rsplit('/').next());
        // Where there is only one it stands there itself.
        named.map(str::to_owned).chain([all.clone()]).find(|name| is(name))
    }

    fn check(&mut self, definition: &str, message: &Value) -> Broken {
        let validator = self.validators.entry(definition.to_owned()).or_insert_with(|| {
            let mut schema = json!({"$ref": format!("#/{}/{definition}", self.key)});
            for part in ["$schema", self.key] {
                schema[part] = self.schema[part].clone();
            }
            jsonschema::validator_for(&schema).expect("a schema")
        });
        let errors = validator.iter_errors(message);
        let shown = errors.map(|error| format!("at `{}`: {error}", error.instance_path()));
        shown.map(|error| (definition.to_owned(), error)).collect()
    }
}

/// Whose request it is, and its id.
type Asked = (String, String);

/// A request that waits for its answer.
struct Request {
    method: String,
    revision: String,
    /// Whether it is to become a task.
    task: bool,
}

/// A session as it is read.
struct Session<'a> {
    revisions: &'a mut HashMap<String, Revision>,
    /// Which revision it has come to.
    revision: String,
    asked: HashMap<Asked, Request>,
}

impl<'a> Session<'a> {
    fn new(revisions: &'a mut HashMap<String, Revision>) -> Self {
        Self { revisions, revision: STATELESS.to_owned(), asked: HashMap::new() }
    }

    /// What the next message of the session breaks.
    fn check(&mut self, from: &str, message: &Value) -> Broken {
        let id = message["id"].to_string();
        let Some(method) = message["method"].as_str() else {
            let to = if from == "client" { "server" } else { "client" };
            return match self.asked.remove(&(to.to_owned(), id)) {
                Some(request) => self.answer(to, &request, message),
                None => vec![("answer".to_owned(), "nobody asked".to_owned())],
            };
        };
        let opening = &message["params"]["protocolVersion"];
        let claimed = if method == "initialize" { Some(opening) } else { message.pointer(VERSION) };
        if let Some(claimed) = claimed.and_then(Value::as_str) {
            self.revision = claimed.to_owned();
        }
        let kind = if message.get("id").is_some() { "Request" } else { "Notification" };
        if kind == "Request" {
            // A poll of the TypeScript SDK says again that it is of a task.
            let task = message["params"].get("task").is_some() && !method.starts_with("tasks/");
            let request =
                Request { method: method.to_owned(), revision: self.revision.clone(), task };
            self.asked.insert((from.to_owned(), id), request);
        }
        let revision = self.revisions.get_mut(&self.revision).unwrap();
        let Some(definition) = revision.of_method(from, method, kind) else {
            return vec![(
                method.to_owned(),
                format!("no {kind} of the {from} in {}", self.revision),
            )];
        };
        let mut broken = revision.check(&format!("JSONRPC{kind}"), message);
        broken.extend(revision.check(&definition, message));
        broken
    }

    /// What the answer to a request of `to` breaks.
    fn answer(&mut self, to: &str, request: &Request, message: &Value) -> Broken {
        let agreed = message["result"]["protocolVersion"].as_str();
        if let Some(agreed) = agreed {
            self.revision = agreed.to_owned();
        }
        let revision = self.revisions.get_mut(agreed.unwrap_or(&request.revision)).unwrap();
        if message.get("error").is_some() {
            let form = revision.first(&["JSONRPCErrorResponse", "JSONRPCError"]);
            return revision.check(&form, message);
        }
        let form = revision.first(&["JSONRPCResultResponse", "JSONRPCResponse"]);
        let mut broken = revision.check(&form, message);
        // A request that no schema has was found wrong already.
        if let Some(definition) = revision.of_method(to, &request.method, "Request") {
            let stem =
                if request.task { "CreateTask" } else { definition.trim_end_matches("Request") };
            let result = revision.first(&[&format!("{stem}Result"), "EmptyResult"]);
            let whole = revision.first(&[&format!("{stem}ResultResponse"), &result]);
            let part = if whole == result { &message["result"] } else { message };
            broken.extend(revision.check(&whole, part));
        }
        broken
    }
}

/// The schemas, if they are beside the project.
fn revisions() -> Option<HashMap<String, Revision>> {
    let folder = repository().join("../shared/schema");
    if !folder.is_dir() {
        let _ = writeln!(io::stderr(), "skipped: no schemas in {}", folder.display());
        return None;
    }
    Some(REVISIONS.map(|name| (name.to_owned(), Revision::read(&folder, name))).into())
}

#[test]
fn every_recorded_message_is_as_its_revision_has_it() {
    let Some(mut revisions) = revisions() else { return };
    let mut found = BTreeMap::new();
    for (name, file) in recordings() {
        let mut session = Session::new(&mut revisions);
        for line in fs::read_to_string(file).unwrap().lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let message = serde_json::from_str(entry["text"].as_str().unwrap()).unwrap();
            for (what, how) in session.check(entry["from"].as_str().unwrap(), &message) {
                found.insert((name.clone(), what), how);
            }
        }
    }
    let known = |(name, what): &(String, String)| {
        KNOWN.iter().any(|(recording, known, _)| recording == name && known == what)
    };
    let stale = KNOWN
        .iter()
        .find(|(name, what, _)| !found.contains_key(&((*name).to_owned(), (*what).to_owned())));
    assert_eq!(stale, None, "no recording needs it any more");
    found.retain(|at, _| !known(at));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_message_that_breaks_its_schema_is_found() {
    let Some(mut revisions) = revisions() else { return };
    let stateful = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}});
    let opening = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": stateful});
    let call = |id: u32, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
    let answer = |id: u32, result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    let roots = json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"});
    for (from, wrong, what) in [
        ("client", call(3, json!({"arguments": {}})), "CallToolRequest"),
        ("client", json!({"id": 3, "method": "ping"}), "JSONRPCRequest"),
        ("client", roots.clone(), "roots/list"),
        ("server", answer(2, json!({"content": [{"type": "text"}]})), "CallToolResult"),
        ("server", answer(9, json!({})), "answer"),
        (
            "server",
            json!({"jsonrpc": "2.0", "id": 2, "error": {"code": "x", "message": ""}}),
            "JSONRPCErrorResponse",
        ),
    ] {
        let mut session = Session::new(&mut revisions);
        assert_eq!(session.check("client", &opening), []);
        assert_eq!(session.check("client", &call(2, json!({"name": "x"}))), []);
        assert_eq!(session.check("server", &roots), []);
        let broken = session.check(from, &wrong);
        assert!(broken.iter().any(|(broken, _)| broken == what), "{wrong}: {broken:?}");
    }
    // Without sessions no server asks by itself.
    let broken = Session::new(&mut revisions).check("server", &roots);
    assert_eq!(broken[0].0, "roots/list");
}

/// What a result gets where something in it was withheld is legal in every revision.
#[test]
fn a_result_with_a_note_keeps_to_every_schema() {
    let Some(mut revisions) = revisions() else { return };
    let secret = Secret::new(b"canary-noted-2b7f90e1".to_vec());
    let redactor = Redactor::armed([("TOKEN", &secret)]);
    let text = json!({"type": "text", "text": "canary-noted-2b7f90e1"});
    let results = [
        ("CallToolResult", json!({"content": [text]})),
        ("CallToolResult", json!({"content": [], "_meta": {"x": "canary-noted-2b7f90e1"}})),
        (
            "ReadResourceResult",
            json!({"contents": [{"uri": "x://a", "text": "canary-noted-2b7f90e1"}]}),
        ),
        ("GetPromptResult", json!({"messages": [{"role": "user", "content": text}]})),
    ];
    for name in REVISIONS {
        for (definition, result) in &results {
            let mut result = result.clone();
            if name == STATELESS {
                result["resultType"] = "complete".into();
                if *definition == "ReadResourceResult" {
                    (result["ttlMs"], result["cacheScope"]) = (0.into(), "private".into());
                }
            }
            let line = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string();
            let cleaned = redactor.frame(line.as_bytes(), Fields::default()).expect("not blocked");
            let without = cleaned.clean.as_bytes().len();
            let noted = cleaned.with_note();
            assert!(noted.clean.as_bytes().len() > without, "{line}");
            let noted: Value = serde_json::from_slice(noted.clean.as_bytes()).unwrap();
            let broken = revisions.get_mut(name).unwrap().check(definition, &noted["result"]);
            assert_eq!(broken, [], "{name}: {noted}");
        }
    }
}
