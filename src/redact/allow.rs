//! What may pass although a rule finds it: by the rule and where it is found, or by the value under the key of this
//! machine. Known values never pass.

use std::rc::Rc;

/// One entry of `redact.allow`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Allow {
    /// What this rule finds in a place.
    Place {
        /// The id of the rule.
        rule: String,
        /// The tool in whose results; of `None`, everywhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// The place; of `None`, everywhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        pointer: Option<Pointer>,
    },
    /// One value.
    Value {
        /// Its HMAC-SHA256 under the key of this machine, in lower case hexadecimal digits.
        hmac: String,
    },
}

/// The place of findings: a JSON pointer into the message, in which a step `*` stands for any one, at the end for
/// any that follow; or the name of a stream, such as `stderr`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Pointer(String);

/// What a pointer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "`pointer` takes a JSON pointer such as `/result/content/0/text`, with `*` for any step, or `stderr`"
)]
pub struct NoPointer;

impl Pointer {
    /// Reads one.
    ///
    /// # Errors
    /// The text does not begin with `/`, and is not `stderr`.
    pub fn new(text: &str) -> Result<Self, NoPointer> {
        (text.starts_with('/') || text == STDERR).then(|| Self(text.to_owned())).ok_or(NoPointer)
    }

    /// Whether it leads to this place.
    fn covers(&self, place: &str) -> bool {
        let mut steps = place.split('/');
        let mut wanted = self.0.split('/').peekable();
        while let Some(want) = wanted.next() {
            let Some(step) = steps.next() else { return false };
            if want == "*" && wanted.peek().is_none() {
                return true;
            }
            if want != "*" && want != step {
                return false;
            }
        }
        steps.next().is_none()
    }
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of what is found in a server's log.
pub const STDERR: &str = "stderr";

/// Whose answers a message has.
#[derive(Clone, Copy)]
pub enum Tools<'t> {
    /// The whole message is the answer of this tool, or of none.
    One(Option<&'t str>),
    /// A batch, whose messages are those of these in their order.
    Each(&'t [Option<Rc<str>>]),
}

/// [`Tools`] that may go to another thread.
#[derive(Debug)]
pub enum OwnedTools {
    /// As [`Tools::One`].
    One(Option<String>),
    /// As [`Tools::Each`].
    Each(Vec<Option<String>>),
}

impl OwnedTools {
    /// Calls `work` with the same, borrowed.
    pub(super) fn with<T>(self, work: impl FnOnce(Tools<'_>) -> T) -> T {
        match self {
            Self::One(tool) => work(Tools::One(tool.as_deref())),
            Self::Each(tools) => {
                let tools: Vec<_> = tools.into_iter().map(|tool| tool.map(Rc::from)).collect();
                work(Tools::Each(&tools))
            }
        }
    }
}

impl<'t> Tools<'t> {
    /// Nobody's.
    pub const NONE: Self = Self::One(None);

    /// The same for another thread.
    pub fn to_owned(self) -> OwnedTools {
        let owned = |tool: Option<&str>| tool.map(str::to_owned);
        match self {
            Self::One(tool) => OwnedTools::One(owned(tool)),
            Self::Each(tools) => {
                OwnedTools::Each(tools.iter().map(|tool| owned(tool.as_deref())).collect())
            }
        }
    }

    /// The tool in whose answer this place of the message is.
    pub fn at(self, place: &str) -> Option<&'t str> {
        match self {
            Self::One(tool) => tool,
            Self::Each(tools) => {
                let index: usize = place.split('/').nth(1)?.parse().ok()?;
                tools.get(index)?.as_deref()
            }
        }
    }
}

impl Allow {
    /// What it lets pass, in words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Value { hmac } => {
                format!("is allowed to show the value with HMAC `{}…`", &hmac[..8])
            }
            Self::Place { rule, tool, pointer } => {
                let tool = tool.as_ref().map(|tool| format!(" in results of `{tool}`"));
                let place = pointer.as_ref().map(|pointer| format!(" at `{pointer}`"));
                let (tool, place) = (tool.unwrap_or_default(), place.unwrap_or_default());
                format!("is allowed to show findings of rule `{rule}`{tool}{place}")
            }
        }
    }

    /// Whether what `rule` finds at `place`, in what `tool` answers, may pass wherever its value is this or another
    /// one.
    pub(super) fn covers(&self, rule: &str, place: &str, tool: Option<&str>) -> bool {
        match self {
            Self::Place { rule: allowed, tool: only, pointer } => {
                allowed == rule
                    && only.as_deref().is_none_or(|only| tool == Some(only))
                    && pointer.as_ref().is_none_or(|pointer| pointer.covers(place))
            }
            Self::Value { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_step_and_at_the_end_all_that_follow() {
        let covers = |pointer: &str, place: &str| Pointer::new(pointer).unwrap().covers(place);
        assert!(covers("/result/content/0/text", "/result/content/0/text"));
        assert!(covers("/result/content/*/text", "/result/content/12/text"));
        assert!(covers("/result/*", "/result/content/12/text"));
        assert!(covers("stderr", "stderr"));
        assert!(!covers("/result/content/*/text", "/result/content/0/annotations/text"));
        assert!(!covers("/result/content/0", "/result/content/0/text"));
        assert!(!covers("/result/content/0/text", "/result/content/0"));
        assert!(!covers("/result/*", "/result"));
        assert!(!covers("/*", "stderr"));
        assert_eq!(Pointer::new("result"), Err(NoPointer));
    }
}
