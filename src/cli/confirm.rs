//! A person's word on the controlling terminal, for verbs that reveal or weaken (design, promise 9).
//!
//! What must be typed is read from `/dev/tty` (`CONIN$` on Windows), never from stdin, and there is no flag that stands in
//! for it. A process that an agent started is refused even where it has a terminal. This stops an agent that plays by the
//! rules and one that is talked into something; a program that hides these variables and fakes a terminal has the
//! user's rights anyway, and the README says so.

use std::io;

use super::output::printable;
use crate::error::{Fault, Kind};
use crate::sys::env::OwnEnv;
use crate::sys::os::Terminal;

/// Variables that coding agents set for what they start, or of which one is enough. Sources: the agents' own
/// documentation, and the detectors of AWS CDK (`aws-cdk-cli`, `detect-agent.ts`) and Vercel (`detect-agent`), whose
/// `AI_AGENT` is meant for agents that have no name here.
const AGENT_VARIABLES: &[&str] = &[
    "AI_AGENT",
    "AMP_CURRENT_THREAD_ID",
    "ANTIGRAVITY_AGENT",
    "AUGMENT_AGENT",
    "CLAUDECODE",
    "CLINE_ACTIVE",
    "COPILOT_CLI",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "GOOSE_TERMINAL",
    "OPENCODE",
    "OPENCODE_CLIENT",
    "PI_CODING_AGENT",
    "QWEN_CODE",
];

/// Families of such variables, so that the next one is known too.
const AGENT_PREFIXES: &[&str] = &["CLAUDE_CODE", "CODEX_"];

/// Variables of these families that people set in their own shells to configure the agent.
const AGENT_SETTINGS: &[&str] =
    &["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CODEX_HOME"];

/// Makes a person type `word` on the controlling terminal after reading `consequence`, a sentence.
///
/// `command` is what the person would run by hand; it stands in the hints.
///
/// # Errors
/// An agent started us, there is no terminal, or something else was typed.
pub(super) fn type_word(
    env: &OwnEnv,
    command: &str,
    consequence: &str,
    word: &str,
) -> Result<(), Unconfirmed> {
    let command = || command.to_owned();
    if let Some(variable) = agent(env) {
        return Err(Unconfirmed::Agent { variable, command: command() });
    }
    let mut terminal = Terminal::open()
        .map_err(|source| Unconfirmed::NoTerminal { command: command(), source })?;
    let typed = terminal.ask(&printable(&format!("{consequence}\nType `{word}` to continue: ")));
    match typed.map_err(|source| Unconfirmed::NoTerminal { command: command(), source })? {
        typed if typed == word => Ok(()),
        _ => Err(Unconfirmed::Mismatch { word: word.to_owned() }),
    }
}

/// Asks a question that only `y` or `yes` answers with yes; for what destroys but reveals nothing.
///
/// # Errors
/// There is no terminal to ask on, or the answer was another; `flag` is what answers without one.
pub(super) fn yes(question: &str, flag: &'static str) -> Result<(), Unconfirmed> {
    let nobody = |source| Unconfirmed::NobodyToAsk { flag, source };
    let mut terminal = Terminal::open().map_err(nobody)?;
    match terminal.ask(&printable(&format!("{question} [y/N] "))).map_err(nobody)?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Unconfirmed::No),
    }
}

/// The variable that says that an agent started us, if one does.
fn agent(env: &OwnEnv) -> Option<String> {
    env.names().filter_map(|name| name.to_str()).find(|name| marks_agent(name)).map(str::to_owned)
}

fn marks_agent(name: &str) -> bool {
    let of_family = || AGENT_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    AGENT_VARIABLES.contains(&name) || (of_family() && !AGENT_SETTINGS.contains(&name))
}

/// Nobody confirmed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconfirmed {
    /// An agent started us.
    #[error("only a person can do this, and `{variable}` shows that an agent started hushpipe")]
    Agent {
        /// The variable that says so.
        variable: String,
        /// What the person would run.
        command: String,
    },
    /// There is no terminal to ask on.
    #[error("only a person at a terminal can do this, and there is no terminal")]
    NoTerminal {
        /// What the person would run.
        command: String,
        /// What opening or reading it failed with.
        source: io::Error,
    },
    /// Something else was typed.
    #[error("you did not type `{word}`; nothing was done")]
    Mismatch {
        /// What had to be typed.
        word: String,
    },
    /// There is no terminal to ask on, and a flag can answer.
    #[error("there is no terminal for the question; nothing was done")]
    NobodyToAsk {
        /// The flag.
        flag: &'static str,
        /// What opening or reading it failed with.
        source: io::Error,
    },
    /// The answer was not yes.
    #[error("not confirmed; nothing was done")]
    No,
}

impl Fault for Unconfirmed {
    fn kind(&self) -> Kind {
        match self {
            Self::NobodyToAsk { .. } => Kind::Usage,
            _ => Kind::Auth,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Agent { command, .. } | Self::NoTerminal { command, .. } => {
                Some(format!("ask the user to run `{command}` in a terminal of their own"))
            }
            Self::NobodyToAsk { flag, .. } => Some(format!("pass `{flag}` to skip the question")),
            Self::Mismatch { .. } | Self::No => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_known_by_their_variables() {
        for name in
            ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CODEX_SANDBOX", "GEMINI_CLI", "AI_AGENT"]
        {
            assert_eq!(agent(&OwnEnv::of([("HOME", "/h"), (name, "1")])).as_deref(), Some(name));
        }
        let person = OwnEnv::of([("HOME", "/h"), ("CODEX_HOME", "/h/.codex"), ("EDITOR", "vi")]);
        assert_eq!(agent(&person), None);
    }

    #[test]
    fn an_agent_is_refused_before_a_terminal_is_opened() {
        let env = OwnEnv::of([("CLAUDECODE", "1")]);
        let refused = type_word(&env, "hushpipe secret get local://x", "", "x").expect_err("agent");
        assert!(matches!(refused, Unconfirmed::Agent { .. }));
        assert_eq!(
            refused.hint().as_deref(),
            Some("ask the user to run `hushpipe secret get local://x` in a terminal of their own")
        );
    }
}
