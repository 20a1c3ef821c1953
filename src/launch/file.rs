//! Secrets delivered as files: the variable holds a path, the file holds the value.
//!
//! On Linux the file is in memory only (`memfd_create(2)`, sealed, mode 0600), which the server reaches as
//! `/proc/self/fd/N`, and is gone with the processes that hold it. Elsewhere it is a file of mode 0600 in a new folder of
//! mode 0700 below our state folder, removed when the server has ended. Neither keeps out another process of the same
//! user, which can open `/proc/PID/fd/N` as it can read the server's environment.

use std::io;
use std::path::Path;

use crate::secret::Secret;
use crate::sys::os::SecretFile;

/// The files of one server; they live as long as this does.
#[derive(Default)]
pub struct SecretFiles(Vec<SecretFile>);

impl SecretFiles {
    /// Makes the file for one variable and returns the path that the server will find it under.
    ///
    /// # Errors
    /// The file could not be made or written.
    #[expect(clippy::disallowed_methods, reason = "delivery by file, asked for in the manifest")]
    pub fn add(&mut self, variable: &str, value: &Secret, state: &Path) -> io::Result<String> {
        let file = SecretFile::create(variable, value.expose(), state)?;
        let path = file.path().to_owned();
        self.0.push(file);
        Ok(path)
    }

    /// Descriptors that must stay open in the server.
    pub fn keep_open(&self) -> Vec<crate::sys::os::RawDescriptor> {
        self.0.iter().filter_map(SecretFile::descriptor).collect()
    }
}
