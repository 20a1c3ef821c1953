//! The key of this machine: with it, a value can be told again without being kept.
//!
//! 32 random bytes in a file of the user's own, made when they are first asked for. A digest without a key would let
//! whoever reads it try guesses anywhere; under the key, only who can read this user's files can. Another machine, or
//! another user, has another key.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::path::Paths;
use super::private;

/// The key. It has no `Debug`, and is zeroed on drop.
pub struct MachineKey(Zeroizing<Vec<u8>>);

/// The length of the key, in bytes.
const LENGTH: usize = 32;

impl MachineKey {
    /// Reads the key, or makes it.
    ///
    /// # Errors
    /// What the file system says; `InvalidData` where the file is not one that this made.
    pub fn load(paths: &Paths) -> io::Result<Self> {
        let path = path(paths);
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => return read,
        }
        let mut key = Zeroizing::new(vec![0; LENGTH]);
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        match private::create(&path, &key) {
            // Another process has just made one.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path),
            created => created.map(|()| Self(key)),
        }
    }

    /// The HMAC-SHA256 of some bytes under the key, in lower case hexadecimal digits.
    pub fn hmac(&self, bytes: &[u8]) -> String {
        // HMAC takes a key of any length, so there is no other case.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(bytes);
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn path(paths: &Paths) -> PathBuf {
    paths.state.join("machine.key")
}

fn read(path: &std::path::Path) -> io::Result<MachineKey> {
    let key = private::read_limited(&mut File::open(path)?, LENGTH as u64)?;
    if key.len() == LENGTH { Ok(MachineKey(key)) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_another_one_elsewhere() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let hmac = |home: &tempfile::TempDir| {
            MachineKey::load(&Paths::below(home.path())).unwrap().hmac(b"value")
        };
        assert_eq!(hmac(&home), hmac(&home));
        assert_ne!(hmac(&home), hmac(&other));
        assert_eq!(hmac(&home).len(), 64);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_the_users_alone_and_a_broken_one_is_no_key() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        MachineKey::load(&paths).unwrap();
        let mode = std::fs::metadata(path(&paths)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(path(&paths), b"short").unwrap();
        let error = MachineKey::load(&paths).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_hmac_is_the_one_of_the_standard() {
        // RFC 4231, test case 2, whose key is shorter than ours.
        let key = MachineKey(b"Jefe".to_vec().into());
        assert_eq!(
            key.hmac(b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
