//! A user whose manifest asks for secrets, and what became of them.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Tried;
use crate::context::{ASK_ENVIRONMENT, Outcome, TestContext, finish};

/// What every value holds, and nothing that is said may.
pub(super) const CANARY: &str = "canary-contract-81d3b0";

/// No provider may take longer; the rest is what starting takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(5 + 15);

/// The user.
pub(super) struct World {
    context: TestContext,
    env: Vec<(String, OsString)>,
    /// `[providers.*]` of the manifest.
    pub(super) providers: String,
}

impl World {
    /// A user who has stored nothing.
    pub(super) fn new() -> Self {
        let context = TestContext::with_example("echo_server", &[], "");
        Self { context, env: Vec::new(), providers: String::new() }
    }

    /// The user's home.
    pub(super) fn home(&self) -> &std::path::Path {
        self.context.home()
    }

    /// Puts a variable into hushpipe's own environment, in place of an earlier one.
    pub(super) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.retain(|(one, _)| one != name);
        self.env.push((name.to_owned(), value.into()));
    }

    /// Stores a value as a person would; what came of that.
    pub(super) fn store(&self, reference: &str, value: &[u8]) -> Outcome {
        self.run(&["secret", "set", reference], value)
    }

    /// The same, where it must succeed.
    pub(super) fn must_store(&self, reference: &str, value: &[u8]) {
        let outcome = self.store(reference, value);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }

    /// Runs hushpipe in this world.
    pub(super) fn run(&self, args: &[&str], stdin: &[u8]) -> Outcome {
        let mut command = self.context.command(args);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        finish(command, stdin)
    }

    /// Writes the manifest of a server with these secrets, from `VALUE` on.
    pub(super) fn ask_for(&self, references: &[&str], settings: &str) {
        let lines = references.iter().enumerate().map(|(index, reference)| {
            let number = if index == 0 { String::new() } else { index.to_string() };
            format!("VALUE{number} = {{ ref = {}{settings} }}\n", json!(reference))
        });
        let server = serde_json::to_string(&[crate::fixture::example("echo_server")]);
        self.context.write_manifest(&format!(
            "version = 1\n{}\n[servers.server]\ncommand = {}\n[servers.server.secrets]\n{}",
            self.providers,
            server.expect("a TOML array"),
            lines.collect::<String>(),
        ));
    }

    /// What `secret test` says of these references, and that it says no value.
    pub(super) fn test(&self, references: &[&str], settings: &str) -> (Outcome, Value) {
        self.ask_for(references, settings);
        let start = Instant::now();
        let outcome = self.run(&["secret", "test", "server", "--json"], b"");
        assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
        assert!(!outcome.everything().contains("canary"), "{}", outcome.everything());
        let lines = serde_json::from_slice(&outcome.stdout).unwrap_or_default();
        (outcome, lines)
    }

    /// A reference has this value: it is of this length, and a server is given it.
    pub(super) fn gives(&self, reference: &str, value: &[u8]) -> Tried {
        let (outcome, lines) = self.test(&[reference], "");
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(lines[0]["length"], value.len(), "{lines}");
        assert_eq!(lines[0]["origin"], "store", "{lines}");
        // The server of the tests cannot say what is no text.
        let Ok(value) = std::str::from_utf8(value) else { return Ok(()) };
        self.ask_for(&[reference], ", sensitive = false");
        let launched = self.run(&["run", "server"], ASK_ENVIRONMENT.as_bytes());
        assert_eq!(launched.environment()["VALUE"], value, "{}", launched.stderr);
        Ok(())
    }

    /// A reference has no value: this exit code, and these words about it.
    pub(super) fn fails(&self, reference: &str, code: i32, words: &str) -> Tried {
        self.fails_with(reference, "", code, words)
    }

    /// The same, asked for with these settings.
    pub(super) fn fails_with(
        &self,
        reference: &str,
        settings: &str,
        code: i32,
        words: &str,
    ) -> Tried {
        let (outcome, _) = self.test(&[reference], settings);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "`{words}` is not in: {}", outcome.stderr);
        // A mistake of the manifest is shown at its place and by its variable.
        let named = outcome.stderr.contains(&format!("`{reference}`"));
        assert!(named || outcome.stderr.contains("`VALUE`"), "{}", outcome.stderr);
        Ok(())
    }

    /// The same of a launch, which unlike `secret test` asks no person to open a store.
    pub(super) fn does_not_start(&self, reference: &str, code: i32, words: &str) -> Tried {
        self.ask_for(&[reference], "");
        let start = Instant::now();
        let outcome = self.run(&["run", "server"], b"");
        assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "`{words}` is not in: {}", outcome.stderr);
        assert!(!outcome.everything().contains("canary"), "{}", outcome.everything());
        Ok(())
    }
}
