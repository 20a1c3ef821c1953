//! The key of the local store: an age X25519 identity in a file that only its owner can read.

use std::io::Read;
use std::path::Path;

use age::x25519::Identity;
use age::{DecryptError, Decryptor};
use zeroize::Zeroizing;

use super::{Failure, clock, open, os, private};
use crate::sys::os::Readers;

/// More than `age-keygen` writes, and little enough to show a wrong path.
const MAX_KEY_FILE: u64 = 4096;

/// The key in this file; nothing where there is no file.
///
/// # Errors
/// Others can read or could have written the file, or it holds no key.
pub(super) fn load(path: &Path) -> Result<Option<Identity>, Failure> {
    let failed = |error| Failure::of_file("reading", path, error);
    let Some(mut file) = open(path)? else { return Ok(None) };
    if os::readers(&file).map_err(failed)? != Readers::Owner {
        let path = path.display();
        return Err(Failure::Denied {
            reason: format!("the key file `{path}` is open to other users"),
            hint: format!("`chmod 600 {path}`; if others use this machine, rotate the secrets too"),
        });
    }
    let bytes = private::read_limited(&mut file, MAX_KEY_FILE).map_err(failed)?;
    let key = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.lines().find(|line| !line.is_empty() && !line.starts_with('#')))
        .and_then(|line| line.trim_end().parse().ok());
    key.map(Some).ok_or_else(|| Failure::Damaged {
        path: path.to_owned(),
        reason: "it holds no age key",
        hint: "put back the key file that the store was made with".to_owned(),
    })
}

/// Makes a new key and its file.
///
/// # Errors
/// The file is there already or cannot be written.
#[expect(clippy::disallowed_methods, reason = "the key goes into its own file")]
pub(super) fn create(path: &Path) -> Result<Identity, Failure> {
    use age::secrecy::ExposeSecret as _;

    let key = Identity::generate();
    let secret = key.to_string();
    let made = clock::utc(clock::now());
    let public = key.to_public();
    let text = Zeroizing::new(format!(
        "# created: {made}\n# public key: {public}\n{}\n",
        secret.expose_secret()
    ));
    private::create(path, text.as_bytes())
        .map_err(|error| Failure::of_file("writing", path, error))?;
    Ok(key)
}

/// The plaintext of a store.
///
/// # Errors
/// The key is another one, or the store was damaged or changed.
pub(super) fn decrypt(
    key: &Identity,
    sealed: &[u8],
    store: &Path,
    key_file: &Path,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // The plaintext is shorter than what it was sealed into, so the buffer is never moved while it fills.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let opened = Decryptor::new_buffered(sealed)
        .and_then(|decryptor| decryptor.decrypt(std::iter::once(key as &dyn age::Identity)))
        .and_then(|mut reader| reader.read_to_end(&mut plain).map_err(DecryptError::Io));
    match opened {
        Ok(_) => Ok(plain),
        Err(DecryptError::NoMatchingKeys) => Err(Failure::Damaged {
            path: store.to_owned(),
            reason: "it was made with another key",
            hint: format!("put the key that it was made with at `{}`", key_file.display()),
        }),
        Err(_) => Err(Failure::Damaged {
            path: store.to_owned(),
            reason: "it is damaged or was changed by something else",
            hint: "restore it from a backup, or move it away and store its secrets again".into(),
        }),
    }
}
