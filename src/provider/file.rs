//! `file:///path`: a file that something else keeps, such as a container's `/run/secrets`.
//!
//! Takes a regular file of at most 1 MiB that belongs to this user or to root and that nobody else can change or put
//! another one in the place of; symlinks are followed, as Kubernetes mounts secrets, and judged too. The newline at the
//! end of a file of one line, which editors and `echo` put there, is not part of the value; nothing else is changed.
//!
//! `[providers.<name>]` with `type = "file"` and `root = "/folder"` makes `<name>://file` a file of that folder.

use std::path::{Component, Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::detached::detached;
use super::{
    Failure, Fetched, Fetching, Fields, Leases, MAX_VALUE, Provider, ProviderKind, Settings,
    Surroundings, config,
};
use crate::secret::{Secret, SecretRef};
use crate::sys::os::{self, Readers};
use crate::sys::{clock, permission, private};

pub(super) const KIND: ProviderKind = ProviderKind {
    scheme: "file",
    about: "a file that belongs to this user or to root",
    query: &[],
    fields: Fields::Json,
    built_in_settings: false,
    remote: false,
    settings: config::parse::<Files>,
    schema: config::describe::<Files>,
};

/// Settings of the file provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Files {
    /// The folder that the paths of references start in; without it they are absolute.
    root: Option<PathBuf>,
}

impl Settings for Files {
    fn open<'a>(&self, _surroundings: Surroundings<'a>) -> Box<dyn Provider + 'a> {
        Box::new(self.clone())
    }
}

impl Provider for Files {
    fn check(&self, coordinate: &SecretRef) -> Result<(), Failure> {
        self.path(coordinate).map(|_| ())
    }

    fn fetch<'a>(&'a self, coordinate: &'a SecretRef, _: &'a Leases) -> Fetching<'a> {
        Box::pin(async {
            let path = self.path(coordinate)?;
            detached(move || read(&path)).await
        })
    }
}

impl Files {
    fn path(&self, coordinate: &SecretRef) -> Result<PathBuf, Failure> {
        let bad = |reason| Err(Failure::BadPath { reason });
        // `file:///C:/x` has a slash before the drive that is not part of the path.
        let text = coordinate.path.as_str();
        let written = Path::new(text.strip_prefix('/').filter(|_| cfg!(windows)).unwrap_or(text));
        if text.contains('\0') {
            return bad("a path cannot hold a NUL byte");
        }
        match &self.root {
            None if written.is_absolute() => Ok(written.to_owned()),
            None => bad("a `file` reference is an absolute path, as in `file:///run/secrets/name`"),
            Some(root) if !root.is_absolute() => bad("the `root` of a `file` provider is absolute"),
            Some(root) if written.components().all(|part| matches!(part, Component::Normal(_))) => {
                Ok(root.join(written))
            }
            Some(_) => bad("the path is below the provider's `root` and holds no `..`"),
        }
    }
}

/// Reads and judges one file, through one descriptor.
fn read(path: &Path) -> Result<Fetched, Failure> {
    let failed = |source: std::io::Error| match source {
        error if error.kind() == std::io::ErrorKind::FileTooLarge => Failure::Unfit {
            reason: format!("in `{}` is longer than {MAX_VALUE} bytes", path.display()),
            hint: None,
        },
        error => Failure::of_file("reading", path, error),
    };
    let mut file =
        permission::open_owned(path).map_err(|insecure| Failure::of_opening(path, insecure))?;
    let mut bytes = private::read_limited(&mut file, MAX_VALUE).map_err(failed)?;
    trim_newline(&mut bytes);
    let readers = os::readers(&file).map_err(failed)?;
    let changed = file.metadata().and_then(|metadata| metadata.modified()).ok();
    let changed = changed.map(clock::seconds);
    Ok(Fetched {
        version: changed.map(clock::utc),
        created: changed,
        warning: (readers == Readers::Everybody)
            .then(|| format!("every user can read `{0}`: `chmod o-r {0}`", path.display())),
        ..Fetched::of(Secret::new(std::mem::take(&mut *bytes)))
    })
}

/// Takes the newline, `\n` or `\r\n`, off the end of a single line. Several lines stay as they are: an OpenSSH key
/// without its last newline is no key to `ssh`.
pub fn trim_newline(bytes: &mut Vec<u8>) {
    if memchr::memchr(b'\n', bytes) == bytes.len().checked_sub(1) && !bytes.is_empty() {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newline_of_one_line_and_nothing_else_is_trimmed() {
        for (written, expected) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n\n"),
            ("a\nb\n", "a\nb\n"),
            ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("", ""),
            (" a \n", " a "),
            ("a\r", "a\r"),
            ("\n", ""),
        ] {
            let mut bytes = written.as_bytes().to_vec();
            trim_newline(&mut bytes);
            assert_eq!(bytes, expected.as_bytes());
        }
    }
}
