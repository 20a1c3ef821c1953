//! A stand-in for a Vault server (see `tests/fixture/vault/stand_in.py`), one for each test that wants one.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture;

const LIMIT: Duration = Duration::from_secs(60);

/// A stand-in that listens. It ends when this is dropped, and when the test program ends.
pub(crate) struct StandIn {
    /// Where, as a URL.
    pub(crate) address: String,
    /// A token that may do anything.
    pub(crate) root: String,
    child: Child,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl StandIn {
    /// One with an empty key-value engine of the second version at `secret/`, as Vault's own development server has.
    pub(crate) fn start() -> Self {
        Self::of("vault")
    }

    /// The same behind TLS, which knows clients by these certificates.
    pub(crate) fn behind(tls: &Certificates) -> Self {
        let clients = ("--clients", tls.path("authority.pem"));
        Self::with("vault", tls.of_server().into_iter().chain([clients]))
    }

    /// The stand-in of another server, which is told things in the same way: `stand_in.py` of this folder of `tests/fixture`.
    pub(crate) fn of(server: &str) -> Self {
        Self::with(server, [])
    }

    /// The same behind TLS.
    pub(crate) fn certified(server: &str, tls: &Certificates) -> Self {
        Self::with(server, tls.of_server())
    }

    fn with(server: &str, settings: impl IntoIterator<Item = (&'static str, PathBuf)>) -> Self {
        let program = fixture::repository().join("tests/fixture").join(server).join("stand_in.py");
        let mut command = Command::new("python3");
        command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped());
        for (setting, path) in settings {
            command.arg(setting).arg(path);
        }
        let mut child = command.spawn().expect("python3 runs");
        let mut says = BufReader::new(child.stdout.take().unwrap());
        let ready = read(&mut says);
        let told = |what: &str| ready[what].as_str().expect("text").to_owned();
        let talk = Mutex::new((child.stdin.take().unwrap(), says));
        Self { address: told("address"), root: told("root"), child, talk }
    }

    /// Tells it something; the file of the program says what there is.
    pub(crate) fn tell(&self, what: &Value) -> Value {
        let mut talk = self.talk.lock().expect("nobody failed in the middle");
        writeln!(talk.0, "{what}").expect("the stand-in runs");
        read(&mut talk.1)
    }

    /// Writes as root, in a namespace; the data of the answer. Fails the test when that is refused.
    pub(crate) fn write_in(&self, namespace: &str, path: &str, body: &Value) -> Value {
        let request = json!({"do": "request", "path": path, "body": body, "namespace": namespace});
        let mut answer = self.tell(&request);
        assert!(answer["status"].as_u64().is_some_and(|status| status < 300), "{path}: {answer}");
        answer["body"].take()
    }

    /// Writes as root; the whole answer. Fails the test when that is refused.
    pub(crate) fn write(&self, path: &str, body: &Value) -> Value {
        self.write_in("", path, body)
    }

    /// A token for what these rules permit (`path "…" { capabilities = […] }`), besides what every token may, with these
    /// settings besides (as of `auth/token/create`).
    pub(crate) fn token(&self, rules: &str, settings: &Value) -> String {
        let name = format!("rules-{}", self.count("tokens_made"));
        self.write(&format!("sys/policies/acl/{name}"), &json!({"policy": rules}));
        let mut body = settings.clone();
        body["policies"] = json!([name]);
        let answer = self.write("auth/token/create", &body);
        answer["auth"]["client_token"].as_str().expect("a token").to_owned()
    }

    /// Has an engine at `database/` that makes accounts for the role `ro`, for this long each.
    pub(crate) fn database(&self, ttl: &str, max_ttl: &str) {
        self.write("sys/mounts/database", &json!({"type": "database"}));
        let role = json!({"db_name": "db", "default_ttl": ttl, "max_ttl": max_ttl});
        self.write("database/roles/ro", &role);
    }

    /// Has a fault happen to the next request of this path, once.
    pub(crate) fn fault_once(&self, path: &str, kind: &str, more: &Value) {
        self.fault(path, kind, more, Some(1));
    }

    /// Has a fault happen to requests of this path, so many times or for ever.
    pub(crate) fn fault(&self, path: &str, kind: &str, more: &Value, times: Option<u32>) {
        let mut fault = json!({"do": "fault", "path": path, "kind": kind, "times": times});
        let known = fault.as_object_mut().expect("an object");
        known.extend(more.as_object().cloned().unwrap_or_default());
        self.tell(&fault);
    }

    /// What it was asked, what it made and what lives.
    pub(crate) fn state(&self) -> Value {
        self.tell(&json!({"do": "state"}))
    }

    /// One figure of its state.
    pub(crate) fn count(&self, what: &str) -> u64 {
        self.state()[what].as_u64().unwrap_or_else(|| panic!("no such figure: {what}"))
    }

    /// How often a path was asked for, whatever came of it.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let state = self.state();
        let requests = state["requests"].as_array().expect("a list");
        requests.iter().filter(|request| request["path"] == path).count()
    }

    /// Every token, lease id, password and secret id that it has given out.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let state = self.state();
        let secrets = state["secrets"].as_array().expect("a list");
        secrets.iter().map(|secret| secret.as_str().expect("text").to_owned()).collect()
    }

    /// Waits until a figure of its state is this one; fails the test when it never is.
    pub(crate) fn wait_for(&self, what: &str, is: impl Fn(u64) -> bool) {
        wait(|| is(self.count(what)), || format!("{what} stays {}", self.count(what)));
    }

    /// Waits until a path is asked for; fails the test when it never is.
    pub(crate) fn wait_for_request(&self, path: &str) {
        wait(|| self.asked(path) > 0, || format!("{path} is not asked for"));
    }
}

/// Waits until something is so; fails the test with these words when it never is.
pub(super) fn wait(is: impl Fn() -> bool, never: impl Fn() -> String) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < LIMIT, "{}", never());
        thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(says: &mut impl BufRead) -> Value {
    let mut line = String::new();
    says.read_line(&mut line).expect("a line of the stand-in");
    serde_json::from_str(&line).expect("JSON; a defect of the stand-in is on stderr")
}

/// An authority of a test's own, `authority.pem`, and what it has certified: `server.pem` for 127.0.0.1, `client.pem` for a
/// client called `hushpipe-tests`, each with its `.key`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    /// Fresh ones.
    pub(crate) fn new() -> Self {
        let made = Self(tempfile::tempdir().expect("a temporary folder"));
        made.certify("authority", "/CN=tests", "basicConstraints=critical,CA:TRUE", None);
        made.certify("server", "/CN=stand-in", "subjectAltName=IP:127.0.0.1", Some("authority"));
        let client = "extendedKeyUsage=clientAuth";
        made.certify("client", "/CN=hushpipe-tests", client, Some("authority"));
        made
    }

    /// One of the files.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// What a stand-in is started with to be the server that these are for.
    fn of_server(&self) -> [(&'static str, PathBuf); 2] {
        [("--certificate", self.path("server.pem")), ("--key", self.path("server.key"))]
    }

    fn certify(&self, name: &str, subject: &str, extension: &str, by: Option<&str>) {
        let mut command = Command::new("openssl");
        command.current_dir(self.0.path()).args(["req", "-x509", "-nodes", "-days", "2"]);
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        command.args(["-subj", subject, "-addext", extension]);
        command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")]);
        if let Some(by) = by {
            command.args(["-CA", &format!("{by}.pem"), "-CAkey", &format!("{by}.key")]);
            command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        }
        let output = command.output().expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
