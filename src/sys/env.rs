//! Our own environment as data, and the environment of a child, which starts empty and grows by name.
//!
//! hushpipe's own environment is attacker input: a project's client configuration sets it. So nothing reads a variable
//! behind our back: [`OwnEnv`] is the only reader, and in the verbs that start a server or ask a store the process's real
//! environment is cleared before any thread exists, which keeps libraries from finding `HTTPS_PROXY` or `SSL_CERT_FILE`
//! there.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// A copy of the environment this process was started with.
#[derive(Default)]
pub struct OwnEnv(BTreeMap<OsString, OsString>);

impl OwnEnv {
    /// Copies the environment and leaves it in place, for verbs that a person runs.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    pub fn copy() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Copies the environment and clears it.
    ///
    /// Call before any thread exists: the C library's environment is not locked.
    #[expect(unsafe_code, reason = "clearing the process environment")]
    pub fn take() -> Self {
        let env = Self::copy();
        // Windows has names that start with `=`, and a hostile parent may make one anywhere; `remove_var` panics on it.
        let removable =
            |name: &&OsString| !name.is_empty() && !name.as_encoded_bytes().contains(&b'=');
        for name in env.0.keys().filter(removable) {
            // SAFETY: `main` calls this before it starts a thread or a runtime, so nothing else reads or writes the
            // environment at the same time.
            unsafe { std::env::remove_var(name) };
        }
        env
    }

    /// An environment of these variables, for tests.
    pub fn of<N: Into<OsString>, V: Into<OsString>>(
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// What is left of it when only these variables are handed on.
    pub fn only(&self, names: &[&str]) -> Self {
        Self::of(names.iter().filter_map(|name| Some((*name, self.var(name)?))))
    }

    /// The same with one variable set.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The value of a variable.
    pub fn var(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        self.0.get(name.as_ref()).map(OsString::as_os_str)
    }

    /// The value of a variable, where it is UTF-8 and not empty.
    pub fn text(&self, name: impl AsRef<OsStr>) -> Option<&str> {
        self.var(name).and_then(OsStr::to_str).filter(|value| !value.is_empty())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.0.keys().map(OsString::as_os_str)
    }
}

/// The environment of a child: only what was chosen. Holds secrets, so `Debug` shows names only.
#[derive(Default)]
pub struct ScrubbedEnv(BTreeMap<OsString, OsString>);

impl ScrubbedEnv {
    /// An environment with nothing in it.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Sets a variable, replacing an earlier value.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Keeps a variable of our own environment under the same name, if it is set there.
    pub fn keep(&mut self, own: &OwnEnv, name: &str) {
        if let Some(value) = own.var(name) {
            self.set(name, value);
        }
    }

    /// The variables, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl fmt::Debug for ScrubbedEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_environment_shows_names_only() {
        let mut env = ScrubbedEnv::empty();
        env.set("TOKEN", "ghp_value");
        assert_eq!(format!("{env:?}"), r#"{"TOKEN"}"#);
    }

    #[test]
    fn keep_takes_only_what_is_named() {
        let own = OwnEnv::of([("HOME", "/h"), ("LD_PRELOAD", "x.so")]);
        let mut env = ScrubbedEnv::empty();
        env.keep(&own, "HOME");
        env.keep(&own, "TZ");
        assert_eq!(format!("{env:?}"), r#"{"HOME"}"#);
    }
}
