//! Where the key of the local store is: a file of mode 0600, the keychain, a systemd credential, or a file that holds a
//! passphrase.
//!
//! The user manifest names it (`key` of a `local` provider), never the environment: `CREDENTIALS_DIRECTORY` only says
//! where the credential that the manifest names lies, and what is found there is judged like any key file. hushpipe makes
//! a key where it can keep one, in a file or in the keychain, and otherwise says how to make it.

mod material;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use zeroize::Zeroizing;

use super::{Failure, open, os, private};
use crate::provider::Surroundings;
use crate::provider::keychain::{self, Access, KeychainPlace, LIMIT};
use crate::secret::{Secret, SecretRef};
use crate::sys::os::Readers;

pub(super) use material::{Key, NotOpened};

/// More than `age-keygen` writes, and little enough to show a wrong path.
const MAX_KEY_FILE: u64 = 4096;

/// What a manifest may say of a key's place, for messages and the schema.
pub(super) const FORMS: &str = "`file:///path`, `keychain://account`, `systemd-credential://name` or \
                                `passphrase-file:///path`";

/// What the schema says of it.
pub(super) const PATTERN: &str = "^(file|keychain|systemd-credential|passphrase-file)://.";

/// The place of a key, as a user manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// A file with an age key, for its owner only.
    File(PathBuf),
    /// An item of the keychain that holds an age key.
    Keychain(KeychainPlace),
    /// A file below `$CREDENTIALS_DIRECTORY` that holds an age key (systemd.exec(5), `LoadCredential=`).
    Credential(String),
    /// A file with a passphrase, for its owner only.
    Passphrase(PathBuf),
}

impl FromStr for Named {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let bad =
            || Failure::BadPath { reason: "this is not a place for the key of a `local` store" };
        let SecretRef { provider, path, query, field } = text.parse().map_err(|_| bad())?;
        let absolute =
            || Some(PathBuf::from(&path)).filter(|path| path.is_absolute()).ok_or_else(bad);
        if !query.is_empty() || field.is_some() {
            return Err(bad());
        }
        match provider.as_str() {
            "file" => absolute().map(Self::File),
            "passphrase-file" => absolute().map(Self::Passphrase),
            "keychain" => KeychainPlace::parse(&path, "hushpipe").map(Self::Keychain),
            // One name, so that no `..` leaves the folder.
            "systemd-credential" if !path.contains('/') && path != ".." && path != "." => {
                Ok(Self::Credential(path))
            }
            _ => Err(bad()),
        }
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| D::Error::custom(format!("invalid value: string, expected {FORMS}"));
        text.parse().map_err(wrong)
    }
}

/// A key's place with what is needed to get there.
#[derive(Debug, Clone)]
pub(super) struct Source {
    named: Named,
    keychain: Access,
    credentials: Option<PathBuf>,
}

impl Source {
    /// A place as this process reaches it. Does no I/O.
    pub(super) fn new(named: Named, surroundings: Surroundings<'_>) -> Self {
        let folder = surroundings.env.var("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self {
            named,
            keychain: Access::of(surroundings.env),
            credentials: folder.filter(|folder| folder.is_absolute()),
        }
    }

    /// Another place, reached in the same way.
    pub(super) fn elsewhere(&self, named: Named) -> Self {
        Self { named, ..self.clone() }
    }

    /// The key; nothing where there is none.
    ///
    /// # Errors
    /// Others can read it or could have written it, or what is there is no key.
    pub(super) fn load(&self) -> Result<Option<Key>, Failure> {
        let text = match &self.named {
            Named::File(path) | Named::Passphrase(path) => read(path, Readers::Owner)?,
            // systemd gives a service without privileges its credentials by an access list, which the mode shows as
            // rights of the group.
            Named::Credential(name) => match &self.credentials {
                Some(folder) => read(&folder.join(name), Readers::Group)?,
                None => None,
            },
            Named::Keychain(place) => {
                let item = self.keychain.get(place, LIMIT).map_err(elsewhere)?;
                item.map(|item| Zeroizing::new(item.into_value()))
            }
        };
        let Some(text) = text else { return Ok(None) };
        let key = match &self.named {
            Named::Passphrase(_) => Key::of_passphrase(&text),
            _ => Key::parse(&text),
        };
        key.map(Some).ok_or_else(|| Failure::BadKey {
            place: self.to_string(),
            reason: match self.named {
                Named::Passphrase(_) => "it contains no passphrase (one line of text)",
                _ => "it contains no age key",
            },
            hint: "restore the key that the store was created with".to_owned(),
        })
    }

    /// Makes a key and keeps it there.
    ///
    /// # Errors
    /// Something is there already, it cannot be kept there, or a key there is not ours to make.
    pub(super) fn create(&self) -> Result<Key, Failure> {
        let not_ours = |hint: &str| Failure::NotFound {
            place: format!("the key of the local store, {self},"),
            hint: hint.to_owned(),
        };
        let key = Key::generate();
        let text = key.text().ok_or(Failure::Stopped)?;
        match &self.named {
            Named::File(path) => private::create(path, text.as_bytes())
                .map_err(|error| Failure::of_file("writing", path, error))?,
            Named::Keychain(place) => {
                self.keychain.put(place, &Secret::new(text.as_bytes().to_vec()), LIMIT)?;
            }
            Named::Passphrase(path) => {
                return Err(not_ours(&format!(
                    "write a long random line to `{}` and `chmod 600` it",
                    path.display()
                )));
            }
            Named::Credential(name) => {
                return Err(not_ours(&format!(
                    "create it with `age-keygen | systemd-creds encrypt --name={name} - {name}.cred` and pass it to the unit with `LoadCredentialEncrypted={name}`"
                )));
            }
        }
        Ok(key)
    }

    /// Has the keychain ask a person for its password, where the key is in it.
    ///
    /// # Errors
    /// The person did not give it, or there is no keychain.
    pub(super) fn unlock(&self) -> Result<(), Failure> {
        match &self.named {
            Named::Keychain(place) => {
                self.keychain.unlock(Some(place), keychain::LIMIT, keychain::PATIENCE)
            }
            _ => Ok(()),
        }
    }

    /// What a person should know of keeping a key there.
    pub(super) fn caution(&self) -> Option<String> {
        let Named::File(path) = &self.named else { return None };
        Some(format!(
            "the local store's key is the file `{}` (mode 0600): whoever can read your files can read the secrets, so this is no safer than plaintext; to move the key into the keychain, write `key = \"keychain://local-key\"` under `[providers.local]` and run `hushpipe secret rekey`",
            path.display()
        ))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.named {
            Named::File(path) => write!(f, "the key file `{}`", path.display()),
            Named::Keychain(place) => write!(f, "the keychain's {place}"),
            Named::Credential(name) => write!(f, "the systemd credential `{name}`"),
            Named::Passphrase(path) => write!(f, "the passphrase file `{}`", path.display()),
        }
    }
}

/// The failure of the keychain in words for a store that only keeps its key there.
fn elsewhere(failure: Failure) -> Failure {
    match failure {
        Failure::NoService { reason, .. } => Failure::NoService {
            reason: format!("the local store's key is in the keychain: {reason}"),
            hint: "where the keychain works, set another `key` under `[providers.local]` and move the store to it with `hushpipe secret rekey --from keychain://NAME`"
                .to_owned(),
        },
        failure => failure,
    }
}

/// The content of a key file that at most these can read; nothing where there is no file.
fn read(path: &Path, most: Readers) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let failed = |error| Failure::of_file("reading", path, error);
    let Some(mut file) = open(path)? else { return Ok(None) };
    let readers = os::readers(&file).map_err(failed)?;
    if readers != Readers::Owner && readers != most {
        let path = path.display();
        return Err(Failure::Denied {
            reason: format!("other users can read the key file `{path}`"),
            hint: format!("`chmod 600 {path}`; if others use this machine, rotate the secrets too"),
        });
    }
    private::read_limited(&mut file, MAX_KEY_FILE).map(Some).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sys::env::OwnEnv;
    use crate::sys::path::Paths;

    #[test]
    fn a_place_is_one_of_four_kinds() {
        let place = KeychainPlace::parse("work/key", "hushpipe").expect("a place");
        for (text, named) in [
            ("file:///k/local.key", Named::File("/k/local.key".into())),
            ("passphrase-file:///k/phrase", Named::Passphrase("/k/phrase".into())),
            ("systemd-credential://local.key", Named::Credential("local.key".into())),
            ("keychain://work/key", Named::Keychain(place)),
        ] {
            assert_eq!(text.parse::<Named>().expect(text), named);
        }
        for text in [
            "/k/local.key",
            "file://local.key",
            "passphrase-file://relative",
            "systemd-credential://../local.key",
            "systemd-credential://..",
            "env://KEY",
            "local://key",
            "keychain://key?version=1",
            "file:///k#field",
        ] {
            assert!(text.parse::<Named>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_environment_alone_names_no_credential() {
        let folder = tempfile::tempdir().expect("folder");
        let text = Key::generate().text().expect("a key pair");
        private::create(&folder.path().join("local"), text.as_bytes()).expect("written");
        let paths = Paths::below(folder.path());
        let load = |name: &str, folder: &Path| {
            let env = OwnEnv::of([("CREDENTIALS_DIRECTORY", folder)]);
            let surroundings = Surroundings {
                env: &env,
                paths: &paths,
                named: &BTreeMap::new(),
                memo: None,
                offline: false,
            };
            Source::new(Named::Credential(name.to_owned()), surroundings).load()
        };
        assert!(load("local", folder.path()).is_ok_and(|key| key.is_some()));
        assert!(load("other", folder.path()).is_ok_and(|key| key.is_none()));
        assert!(load("local", "relative".as_ref()).is_ok_and(|key| key.is_none()));
    }

    #[cfg(unix)]
    #[test]
    fn a_credential_may_be_readable_by_its_group_and_by_nobody_else() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("local");
        let text = Key::generate().text().expect("a key pair");
        private::create(&path, text.as_bytes()).expect("written");
        let (env, paths) =
            (OwnEnv::of([("CREDENTIALS_DIRECTORY", folder.path())]), Paths::below(folder.path()));
        let surroundings = Surroundings {
            env: &env,
            paths: &paths,
            named: &BTreeMap::new(),
            memo: None,
            offline: false,
        };
        let source = Source::new(Named::Credential("local".to_owned()), surroundings);
        for (mode, passes) in [(0o400, true), (0o440, true), (0o444, false), (0o402, false)] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).expect("set");
            assert_eq!(source.load().is_ok(), passes, "{mode:o}");
        }
    }
}
