//! A file that holds a secret for a server, in memory where the OS can.

use std::io::{self, Write};
use std::os::fd::RawFd;
use std::path::Path;

/// A file with a secret in it, gone when this is dropped.
pub struct SecretFile {
    path: String,
    #[cfg(target_os = "linux")]
    memory: std::fs::File,
    #[cfg(not(target_os = "linux"))]
    _folder: tempfile::TempDir,
}

#[cfg(target_os = "linux")]
impl SecretFile {
    /// Makes a sealed memory file with these bytes.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn create(variable: &str, bytes: &[u8], _state: &Path) -> io::Result<Self> {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::PermissionsExt;

        use nix::fcntl::{FcntlArg, SealFlag, fcntl};
        use nix::sys::memfd::{MFdFlags, memfd_create};

        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let mut memory = std::fs::File::from(memfd_create(variable, flags)?);
        memory.write_all(bytes)?;
        memory.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        let seals = SealFlag::F_SEAL_GROW
            | SealFlag::F_SEAL_SHRINK
            | SealFlag::F_SEAL_WRITE
            | SealFlag::F_SEAL_SEAL;
        fcntl(&memory, FcntlArg::F_ADD_SEALS(seals))?;
        Ok(Self { path: format!("/proc/self/fd/{}", memory.as_raw_fd()), memory })
    }

    /// The descriptor that the server must inherit.
    pub fn descriptor(&self) -> Option<RawFd> {
        use std::os::fd::AsRawFd;
        Some(self.memory.as_raw_fd())
    }
}

#[cfg(not(target_os = "linux"))]
impl SecretFile {
    /// Makes a file of mode 0600 in a new folder of mode 0700 (the modes `tempfile` gives).
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(variable: &str, bytes: &[u8], state: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(state)?;
        let folder = tempfile::Builder::new().prefix("secret-").tempdir_in(state)?;
        let path = folder.path().join(variable);
        let mut file = {
            use std::os::unix::fs::OpenOptionsExt;
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?
        };
        file.write_all(bytes)?;
        let path =
            path.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidFilename)?;
        Ok(Self { path, _folder: folder })
    }

    /// The descriptor that the server must inherit: none, the file has a name.
    pub fn descriptor(&self) -> Option<RawFd> {
        None
    }
}

impl SecretFile {
    /// The path that the server finds the file under.
    pub fn path(&self) -> &str {
        &self.path
    }
}
