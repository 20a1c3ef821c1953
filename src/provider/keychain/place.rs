//! Which item of the keychain a reference means.

use std::fmt;

use super::Failure;

/// An item by the two names that every keychain knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::provider) struct KeychainPlace {
    /// The service: what the item is for.
    pub(super) service: String,
    /// The account: whose it is, or what it is called.
    pub(super) account: String,
}

impl KeychainPlace {
    /// Reads `[service/]account`. The service ends at the first slash.
    ///
    /// # Errors
    /// [`Failure::BadPath`]: a part is empty, too long or not printable.
    pub(in crate::provider) fn parse(path: &str, service: &str) -> Result<Self, Failure> {
        let (service, account) = path.split_once('/').unwrap_or((service, path));
        let fits = |part: &str| {
            (1..=MAX_NAME).contains(&part.len()) && !part.chars().any(char::is_control)
        };
        if !fits(service) || !fits(account) {
            return Err(Failure::BadPath {
                reason: "a `keychain` reference is `keychain://account` or `keychain://service/account`, each part of \
                         1 to 255 printable bytes",
            });
        }
        Ok(Self { service: service.to_owned(), account: account.to_owned() })
    }

    /// The failure of looking here for what is not there.
    pub(super) fn not_found(&self, hint: String) -> Failure {
        Failure::NotFound { place: format!("{self} in the keychain"), hint }
    }
}

impl fmt::Display for KeychainPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of service `{}`", self.account, self.service)
    }
}

/// What fits a name on every system, in bytes.
const MAX_NAME: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_an_account_and_perhaps_a_service() {
        let place =
            |path: &str| KeychainPlace::parse(path, "hushpipe").map(|place| place.to_string());
        assert_eq!(place("token").ok().as_deref(), Some("`token` of service `hushpipe`"));
        assert_eq!(place("work/token").ok().as_deref(), Some("`token` of service `work`"));
        assert_eq!(place("work/a/b").ok().as_deref(), Some("`a/b` of service `work`"));
        for bad in ["", "/token", "work/", "a\nb", &"x".repeat(256)] {
            assert!(matches!(place(bad), Err(Failure::BadPath { .. })), "{bad:?}");
        }
    }
}
