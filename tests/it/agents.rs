//! An agent cannot talk hushpipe out of it: every verb that reveals or weakens wants a person, whatever terminal there is.

use std::process::Command;

use crate::context::{Outcome, TestContext, finish, path_text};
use crate::terminal::Terminal;

/// What agents set for the programs they start: one name each that hushpipe lists, and some of each family it knows.
const VARIABLES: &str = "AI_AGENT AMP_CURRENT_THREAD_ID ANTIGRAVITY_AGENT AUGMENT_AGENT CLAUDECODE \
    CLAUDE_CODE_ENTRYPOINT CLAUDE_CODE_SSE_PORT CLINE_ACTIVE CODEX_SANDBOX \
    CODEX_SANDBOX_NETWORK_DISABLED CODEX_THREAD_ID COPILOT_CLI CURSOR_AGENT GEMINI_CLI GOOSE_TERMINAL \
    OPENCODE OPENCODE_CLIENT PI_CODING_AGENT QWEN_CODE";

const VALUE: &str = "canary-agents-5d20e8";

/// A user with a secret and with a project whose server nobody has trusted.
struct World {
    user: TestContext,
    project: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let user = TestContext::with_manifest("version = 1\n");
        user.set_secret("local://token", VALUE);
        let project = tempfile::tempdir().unwrap();
        let entry = format!("binary = {{ path = \"/bin/true\", sha256 = \"{}\" }}", "0".repeat(64));
        let text = format!("version = 1\n[servers.theirs]\n{entry}\n");
        std::fs::write(project.path().join("hushpipe.toml"), text).unwrap();
        Self { user, project }
    }

    /// Every verb that reveals or weakens, with the word that a person would type.
    fn verbs(&self) -> [(Command, &'static str); 2] {
        let project = path_text(self.project.path());
        [
            (self.user.command(["secret", "get", "local://token"]), "token"),
            (self.user.command(["trust", "theirs", "--project", &project]), "theirs"),
        ]
    }

    fn assert_nothing_happened(&self, said: &str) {
        assert!(!said.contains(VALUE), "{said}");
        let listed = self.user.run(&["trust", "--list", "--json"], "");
        assert_eq!(listed.text().trim(), "[]", "{said}");
    }
}

/// With a terminal at hand, on which the right word would have been typed.
#[test]
fn every_variable_of_an_agent_is_refused_at_a_terminal() {
    let world = World::new();
    for variable in VARIABLES.split_whitespace() {
        for (mut command, word) in world.verbs() {
            let mut terminal = Terminal::start(command.env(variable, "1"));
            terminal.type_in(&format!("{word}\r"));
            let (status, shown) = terminal.end();
            assert_eq!(status.code(), Some(77), "{variable}: {shown}");
            assert!(shown.contains(&format!("`{variable}` shows that an agent")), "{shown}");
            assert!(shown.contains("hint: ask the user to run `hushpipe "), "{shown}");
            assert!(!shown.contains("to continue:"), "{variable} was asked: {shown}");
            world.assert_nothing_happened(shown);
        }
    }
}

/// What people set for themselves is no agent's mark.
#[test]
fn a_person_who_configures_an_agent_is_asked() {
    let world = World::new();
    for variable in ["CODEX_HOME", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CONFIG_DIR", "EDITOR"] {
        for (mut command, _) in world.verbs() {
            let mut terminal = Terminal::start(command.env(variable, "1"));
            terminal.wait_for("to continue: ");
            terminal.type_in("no\r");
            assert_eq!(terminal.end().0.code(), Some(77));
        }
    }
}

/// Without a terminal nothing stands in for one: not stdin, not a flag.
#[test]
fn without_a_terminal_the_word_counts_nowhere_else() {
    let world = World::new();
    for (command, word) in world.verbs() {
        let mut alone = Command::new("setsid");
        alone.arg("--wait").arg(command.get_program()).args(command.get_args()).env_clear();
        alone.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let outcome: Outcome = finish(alone, format!("{word}\n").as_bytes());
        assert_eq!(outcome.code, Some(77), "{}", outcome.everything());
        assert!(outcome.stderr.contains("and there is no terminal"), "{}", outcome.stderr);
        world.assert_nothing_happened(&outcome.everything());
    }
}

/// The verbs that are left: none shows a value, and none has a way to accept what a project says.
#[test]
fn no_other_verb_reveals_or_accepts() {
    let world = World::new();
    let project = path_text(world.project.path());
    for verb in [
        &["secret", "list"][..],
        &["secret", "set", "local://other"],
        &["check", "--resolve"],
        &["list"],
        &["explain", "theirs"],
        &["lock"],
        &["sync"],
        &["trust", "--list"],
    ] {
        let args: Vec<&str> = verb.iter().copied().chain(["--project", &project]).collect();
        let outcome = finish(world.user.command(args), b"theirs\nyes\n");
        world.assert_nothing_happened(&outcome.everything());
    }
}
