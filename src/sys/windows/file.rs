//! A file that holds a secret for a server. Windows has no file that lives in memory only; the profile's own access
//! rules keep other users out.

use std::io::{self, Write};
use std::path::Path;

use super::RawDescriptor;

/// A file with a secret in it, gone when this is dropped.
pub struct SecretFile {
    path: String,
    _folder: tempfile::TempDir,
}

impl SecretFile {
    /// Makes the file in a new folder below `state`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(variable: &str, bytes: &[u8], state: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(state)?;
        let folder = tempfile::Builder::new().prefix("secret-").tempdir_in(state)?;
        let path = folder.path().join(variable);
        std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(bytes)?;
        let path =
            path.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidFilename)?;
        Ok(Self { path, _folder: folder })
    }

    /// The path that the server finds the file under.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The descriptor that the server must inherit: none, the file has a name.
    pub fn descriptor(&self) -> Option<RawDescriptor> {
        None
    }
}
