//! How long a client waits for the answer to its first request, where it is short and known.
//!
//! A launch that fails is explained in that answer; one that comes too late is never read, and the person sees only the
//! client's own "timed out". Figures are the clients' defaults, from their sources.

use std::time::Duration;

/// How much of a client's time is left for the answer itself.
const SPARE: Duration = Duration::from_millis(500);

/// Clients by the name that they give, in lower case, and the time they give.
const BUDGETS: &[(&str, Duration)] = &[
    // Cline, `sdk/packages/core/src/extensions/mcp/client.ts`: by default, a `timeout` in its settings raises it.
    ("@cline/core", Duration::from_secs(3)),
    ("cline", Duration::from_secs(3)),
    // Codex, `codex-rs/config/src/mcp_types.rs`: `startup_timeout_sec`.
    ("codex-mcp-client", Duration::from_secs(10)),
];

/// How long after our start a client of this name must have its answer; `None` where nothing short is known of it.
pub fn answer_within(client: &str) -> Option<Duration> {
    let client = client.to_lowercase();
    let (_, budget) = BUDGETS.iter().find(|(name, _)| *name == client)?;
    Some(budget.saturating_sub(SPARE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_client_is_answered_before_it_gives_up() {
        assert_eq!(answer_within("Cline"), Some(Duration::from_millis(2500)));
        assert_eq!(answer_within("codex-mcp-client"), Some(Duration::from_millis(9500)));
        assert_eq!(answer_within("claude-code"), None);
    }
}
