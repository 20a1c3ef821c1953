//! One moto for all tests of this process, filled by `tests/fixture/aws/server.py`. It ends when this process does, by
//! whatever: its standard input does then.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::context::{ASK_ENVIRONMENT, Outcome, TestContext, finish, write_private};
use crate::fixture;

/// A running moto and what it said of itself.
pub(super) struct Server {
    said: Value,
    // Both end with the process.
    _process: Child,
    _folder: TempDir,
}

/// The server.
pub(super) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let python = fixture::clients().join("aws/bin/python");
        let folder = tempfile::tempdir().expect("a folder");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut process = Command::new(python)
            .arg(fixture::repository().join("tests/fixture/aws/server.py"))
            .arg(folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("moto starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("a piped stdout");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said = serde_json::from_str(&line).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(folder.path().join("log"));
            panic!("moto did not start: {}", log.unwrap_or_default())
        });
        Server { said, _process: process, _folder: folder }
    })
}

impl Server {
    /// Something that it said of itself, by JSON pointer.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.said.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"))
    }

    /// The ARN of a secret.
    pub(super) fn arn(&self, name: &str) -> &str {
        self.said["arns"][name].as_str().expect("an ARN")
    }

    /// The access key of a user: id and secret.
    pub(super) fn keys(&self, user: &str) -> (&str, &str) {
        (self.text(&format!("/users/{user}/id")), self.text(&format!("/users/{user}/secret")))
    }

    /// What was asked with the access key of a user.
    pub(super) fn asked(&self, user: &str) -> Vec<String> {
        let host = self.text("/endpoint").trim_start_matches("http://").to_owned();
        let mut connection = TcpStream::connect(&host).expect("moto listens");
        let path = format!("/asked/{}", self.keys(user).0);
        write!(connection, "GET {path} HTTP/1.0\r\nhost: {host}\r\n\r\n").expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("a list")
    }

    /// `[providers.awssm]` with the server's address, and what else a test writes into it.
    pub(super) fn table(&self, settings: &str) -> String {
        let endpoint = self.text("/endpoint");
        format!("[providers.awssm]\ntype = \"awssm\"\nendpoint = \"{endpoint}\"\n{settings}\n")
    }

    /// A user of hushpipe with these secrets, as a user of AWS whose keys are the default profile's.
    pub(super) fn person(&self, user: &str, secrets: &str) -> TestContext {
        let person = self.stranger("", secrets);
        let (id, secret) = self.keys(user);
        credentials(
            &person,
            &format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"),
        );
        config(&person, "[default]\nregion = eu-central-1\n");
        person
    }

    /// A user of hushpipe with these secrets, settings of AWS, and no `~/.aws`.
    pub(super) fn stranger(&self, settings: &str, secrets: &str) -> TestContext {
        let tables = format!("{}[servers.server.secrets]\n{secrets}\n", self.table(settings));
        TestContext::with_example("echo_server", &[], &tables)
    }
}

/// Writes `~/.aws/credentials`.
pub(super) fn credentials(person: &TestContext, text: &str) {
    aws_file(person, "credentials", text);
}

/// Writes `~/.aws/config`.
pub(super) fn config(person: &TestContext, text: &str) {
    aws_file(person, "config", text);
}

/// Writes a file below `~/.aws`.
pub(super) fn aws_file(person: &TestContext, name: &str, text: &str) {
    let path = person.home().join(".aws").join(name);
    crate::context::create_private(path.parent().expect("a folder"));
    write_private(&path, text);
}

/// The lines of `secret test --json`; no value and no key is in what it says.
pub(super) fn tested(person: &TestContext) -> Vec<Value> {
    tested_with(person, &[])
}

/// The same with variables in the environment.
pub(super) fn tested_with(person: &TestContext, variables: &[(&str, &str)]) -> Vec<Value> {
    let mut command = person.command(["secret", "test", "server", "--json"]);
    command.envs(variables.iter().copied());
    let outcome = finish(command, b"");
    assert_silent(&outcome);
    let lines = serde_json::from_slice(&outcome.stdout);
    lines.unwrap_or_else(|_| panic!("{}", outcome.everything()))
}

/// Why the only secret has no value; and what `run` says of it, its hint included.
pub(super) fn refused(person: &TestContext) -> (String, Outcome) {
    let lines = tested(person);
    let failure = lines[0]["failure"].as_str();
    let failure = failure.unwrap_or_else(|| panic!("it was fetched: {lines:?}")).to_owned();
    let outcome = person.relay(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
    assert_silent(&outcome);
    assert!(outcome.stderr.contains(&failure), "{failure}: {}", outcome.stderr);
    (failure, outcome)
}

/// Neither `run` nor `secret test` starts with this manifest: in these words.
pub(super) fn assert_wrong(person: &TestContext, words: &str) {
    for args in [&["run", "server"][..], &["secret", "test", "server"]] {
        let outcome = person.run(args, "");
        assert_eq!(outcome.code, Some(78), "{}", outcome.everything());
        assert!(outcome.stderr.contains(words), "{words}: {}", outcome.stderr);
    }
}

/// What the server finds in its environment, of secrets that are said not to be sensitive.
pub(super) fn given(person: &TestContext) -> BTreeMap<String, String> {
    let outcome = person.relay(ASK_ENVIRONMENT.as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.everything());
    outcome.environment()
}

/// A reader's server finds these values under these references.
pub(super) fn assert_gives<R: AsRef<str>>(references: &[(R, &str)]) {
    let secrets = references.iter().enumerate().map(|(index, (reference, _))| {
        format!("VALUE_{index} = {{ ref = \"{}\", sensitive = false }}\n", reference.as_ref())
    });
    let given = given(&server().person("reader", &secrets.collect::<String>()));
    for (index, (reference, value)) in references.iter().enumerate() {
        assert_eq!(given[&format!("VALUE_{index}")], *value, "{}", reference.as_ref());
    }
}

/// Neither a value nor a key of any user is in an output.
pub(super) fn assert_silent(outcome: &Outcome) {
    let everything = outcome.everything();
    assert!(!everything.contains("canary"), "{everything}");
    let users = server().said["users"].as_object().expect("users").values();
    for user in users {
        let secret = user["secret"].as_str().expect("a secret key");
        assert!(!everything.contains(secret), "{everything}");
    }
}
