//! RustyVault: a server of its own for each test that wants one, with an engine for KV of version 1 at `secret/`.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::stand_in::{Certificates, wait};
use crate::fixture;

/// A server, unsealed. It ends when this is dropped.
pub(super) struct RustyVault {
    /// Where, as a URL.
    pub(super) address: String,
    /// A token that may do anything.
    pub(super) root: String,
    key: String,
    folder: TempDir,
    child: Child,
}

impl RustyVault {
    pub(super) fn start() -> Self {
        Self::with(None)
    }

    /// The same behind TLS.
    pub(super) fn behind(tls: &Certificates) -> Self {
        Self::with(Some(tls))
    }

    fn with(tls: Option<&Certificates>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let authority = port.expect("a free port").to_string();
        let tls_lines = match tls {
            None => "  tls_disable = \"true\"\n".to_owned(),
            Some(tls) => format!(
                "  tls_disable = \"false\"\n  tls_cert_file = \"{}\"\n  tls_key_file = \"{}\"\n",
                tls.path("server.pem").display(),
                tls.path("server.key").display()
            ),
        };
        let address = format!("{}://{authority}", if tls.is_some() { "https" } else { "http" });
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder");
        let settings = format!(
            "storage \"file\" {{\n  path = \"{}\"\n}}\nlistener \"tcp\" {{\n  address = \"{authority}\"\n{tls_lines}}}\n\
             api_addr = \"{address}\"\nlog_level = \"error\"\n",
            data.display()
        );
        fs::write(folder.path().join("settings.hcl"), settings).expect("written");
        let child = serve(&folder);
        let mut server = Self { address, root: String::new(), key: String::new(), folder, child };
        server.wait();
        let shares = json!({"secret_shares": 1, "secret_threshold": 1});
        let made = server.ask("PUT", "sys/init", "", &shares).1;
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        server.key = text(&made["keys"][0]);
        server.root = text(&made["root_token"]);
        server.unseal();
        server
    }

    /// Ends it and starts it again: it is sealed then.
    pub(super) fn restart(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = serve(&self.folder);
        self.wait();
    }

    pub(super) fn unseal(&self) {
        let unsealed = self.ask("PUT", "sys/unseal", "", &json!({"key": self.key}));
        assert_eq!(unsealed.1["sealed"], false);
    }

    /// Writes as root; the answer. Fails the test when that is refused.
    pub(super) fn write(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, &self.root, body);
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    /// Reads as root.
    pub(super) fn read(&self, path: &str) -> Value {
        self.ask("GET", path, &self.root, &Value::Null).1
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let request = client
            .build()
            .unwrap()
            .request(method.parse().unwrap(), format!("{}/v1/{path}", self.address));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let sent = request.header("X-Vault-Token", token).body(body).send();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let answer = sent.await.expect("an answer");
            let status = answer.status().as_u16();
            let text = answer.text().await.expect("a body");
            (status, serde_json::from_str(&text).unwrap_or_default())
        })
    }

    fn wait(&self) {
        let authority = self.address.split_once("://").unwrap().1;
        let listens = || std::net::TcpStream::connect(authority).is_ok();
        wait(listens, || "RustyVault does not listen".to_owned());
    }
}

fn serve(folder: &TempDir) -> Child {
    let mut command = Command::new(fixture::rustyvault());
    command.args(["server", "--config", "settings.hcl"]).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("RustyVault runs")
}

impl Drop for RustyVault {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
