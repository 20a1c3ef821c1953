//! What opens a store and seals it again: an age X25519 identity, or a passphrase that age derives a key from.

use std::io::{self, Read, Write};

use age::secrecy::SecretString;
use age::x25519::Identity;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::sys::clock;

/// What scrypt costs is 2^15 rounds: some 0.1 s and 32 MiB at each launch. The passphrase is a file's content, not what
/// a person remembers, so age's own second or more would buy little and cost every start.
const WORK: u8 = 15;

/// The most that a store may ask of scrypt: a little more than `age -p` does, for stores made by it.
const MAX_WORK: u8 = 20;

/// The key of a store.
pub(in crate::provider::local) enum Key {
    /// A key pair of age.
    Identity(Box<Identity>),
    /// A passphrase.
    Passphrase(SecretString),
}

/// Why a store could not be opened with a key.
pub(in crate::provider::local) enum NotOpened {
    /// It was made with another key.
    OtherKey,
    /// It was changed, cut, or is no store.
    Damaged,
}

impl Key {
    /// A new key pair.
    pub(super) fn generate() -> Self {
        Self::Identity(Box::new(Identity::generate()))
    }

    /// The key pair in a text such as `age-keygen` writes; nothing where there is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let line = text.lines().find(|line| !line.is_empty() && !line.starts_with('#'))?;
        line.trim_end().parse().ok().map(|identity| Self::Identity(Box::new(identity)))
    }

    /// The key that is derived from a passphrase, which is one line; nothing where it is not.
    pub(super) fn of_passphrase(text: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(text).ok()?;
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_line = !line.is_empty() && !line.contains('\n');
        is_line.then(|| Self::Passphrase(SecretString::from(line.to_owned())))
    }

    /// The text that [`Key::parse`] reads, as `age-keygen` writes it; nothing for a passphrase, which is not ours.
    #[expect(
        clippy::disallowed_methods,
        reason = "the key goes where the user manifest wants it kept"
    )]
    pub(super) fn text(&self) -> Option<Zeroizing<String>> {
        use age::secrecy::ExposeSecret as _;

        let Self::Identity(identity) = self else { return None };
        let (made, public) = (clock::utc(clock::now()), identity.to_public());
        let secret = identity.to_string();
        let secret = secret.expose_secret();
        Some(Zeroizing::new(format!("# created: {made}\n# public key: {public}\n{secret}\n")))
    }

    /// The plaintext of a sealed store.
    ///
    /// # Errors
    /// The key is another one, or the store is damaged.
    pub(in crate::provider::local) fn open(
        &self,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        // The plaintext is shorter than what it was sealed into, so the buffer is never moved while it fills.
        let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
        let identity: Box<dyn age::Identity> = match self {
            Self::Identity(identity) => identity.clone(),
            Self::Passphrase(passphrase) => {
                let mut identity = age::scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK);
                Box::new(identity)
            }
        };
        let opened = Decryptor::new_buffered(sealed)
            .and_then(|decryptor| decryptor.decrypt(std::iter::once(identity.as_ref())))
            .and_then(|mut reader| reader.read_to_end(&mut plain).map_err(DecryptError::Io));
        match opened {
            Ok(_) => Ok(plain),
            // A wrong passphrase is `DecryptionFailed`.
            Err(DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed) => {
                Err(NotOpened::OtherKey)
            }
            Err(_) => Err(NotOpened::Damaged),
        }
    }

    /// Seals a plaintext.
    ///
    /// # Errors
    /// What the operating system says of its random numbers, or of memory.
    pub(in crate::provider::local) fn seal(&self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let recipient: Box<dyn age::Recipient> = match self {
            Self::Identity(identity) => Box::new(identity.to_public()),
            Self::Passphrase(passphrase) => {
                let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK);
                Box::new(recipient)
            }
        };
        let encryptor = Encryptor::with_recipients(std::iter::once(recipient.as_ref()));
        let mut sealed = Vec::with_capacity(plain.len() + 1024);
        let mut writer = encryptor.map_err(io::Error::other)?.wrap_output(&mut sealed)?;
        writer.write_all(plain)?;
        writer.finish()?;
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_what_it_sealed_and_no_other_does() {
        let passphrase = |text: &str| Key::of_passphrase(text.as_bytes()).expect("one line");
        let keys =
            [Key::generate(), Key::generate(), passphrase("correct horse\n"), passphrase("x")];
        for (index, key) in keys.iter().enumerate() {
            let sealed = key.seal(b"plain").expect("sealed");
            for (other, key) in keys.iter().enumerate() {
                match key.open(&sealed) {
                    Ok(plain) => assert_eq!((other, plain.as_slice()), (index, &b"plain"[..])),
                    Err(NotOpened::OtherKey) => assert_ne!(other, index),
                    Err(NotOpened::Damaged) => panic!("{index} by {other}"),
                }
            }
            assert!(matches!(key.open(&sealed[..sealed.len() - 1]), Err(NotOpened::Damaged)));
        }
    }

    #[test]
    fn a_key_is_read_from_the_text_it_was_written_to() {
        let key = Key::generate();
        let text = key.text().expect("a key pair");
        let sealed = key.seal(b"plain").expect("sealed");
        assert!(Key::parse(text.as_bytes()).is_some_and(|read| read.open(&sealed).is_ok()));
        for nothing in ["", "# only a comment\n", "AGE-SECRET-KEY-1X", "\u{fffd}"] {
            assert!(Key::parse(nothing.as_bytes()).is_none(), "{nothing:?}");
        }
        for nothing in ["", "\n", "two\nlines"] {
            assert!(Key::of_passphrase(nothing.as_bytes()).is_none(), "{nothing:?}");
        }
    }
}
