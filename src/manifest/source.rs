//! A manifest's text, and positions in it as errors show them.
//!
//! Reads at most [`MAX_BYTES`], and only what `sys::permission` lets pass. A [`Place`] never shows a value that may be a
//! secret: see `excerpt.rs`.

use std::fmt;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::{Error, Mistake};
use super::excerpt;
use crate::sys::permission;

/// The largest manifest read, in bytes.
pub(super) const MAX_BYTES: u64 = 1024 * 1024;

/// The text of one manifest.
#[derive(Debug)]
pub(super) struct Source {
    /// Where it was read from, as it was named.
    pub(super) path: PathBuf,
    /// The same file with every link resolved.
    pub(super) resolved: PathBuf,
    /// The whole file, without a byte-order mark.
    pub(super) text: String,
}

impl Source {
    /// Reads a manifest.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        // The links that lead to it are judged, then followed once, and the file is opened by its own path: what was read
        // and where it was read from belong together, wherever the links lead afterwards.
        drop(permission::open_owned(path)?);
        let resolved = path
            .canonicalize()
            .map_err(|source| permission::Insecure::Read { path: path.to_owned(), source })?;
        let file = permission::open_owned(&resolved)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| permission::Insecure::Read { path: path.to_owned(), source })?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::TooLarge(path.to_owned()));
        }
        Ok(Self { resolved, ..Self::of(path, bytes)? })
    }

    /// A manifest of these bytes.
    pub(super) fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, Error> {
        let path = path.to_owned();
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let place = Self { resolved: path.clone(), path, text }.place(at..at);
                return Err(Error::invalid(vec![(Mistake::NotUtf8, place)]));
            }
        };
        // Notepad writes a byte-order mark; TOML has no use for one.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { resolved: path.clone(), path, text })
    }

    /// The position of a span, with its line as an error may show it.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let mut at = span.start.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let header = before[..start].lines().rev().find(|line| line.trim_start().starts_with('['));
        Place {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            excerpt: excerpt::excerpt(line, header.unwrap_or_default()),
        }
    }
}

/// A position in a manifest and what stands there. Shown as `path:line:column: excerpt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line, with anything that may be a secret hidden.
    pub excerpt: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, excerpt } = self;
        write!(f, "{}:{line}:{column}: {excerpt}", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_from_one() {
        let source = Source::of(Path::new("m"), "a = 1\n[servers.x.env]\nä = 'é' # c".into())
            .expect("UTF-8");
        let place = source.place(source.text.find('é').expect("there")..0);
        assert_eq!(place.to_string(), "m:3:6: ä = \"…\"");
        let end = source.place(source.text.len()..source.text.len());
        assert_eq!((end.line, end.column), (3, 12));
    }

    #[test]
    fn bytes_that_are_not_text_are_placed() {
        let error =
            Source::of(Path::new("m"), b"version = 1\nx = \xff\n".to_vec()).expect_err("not");
        assert_eq!(
            crate::error::Error::from(error).report(),
            "hushpipe: error: the manifest is not UTF-8 text\nhushpipe: cause: m:2:5: x = …\n\
             hushpipe: hint: save the file as UTF-8\n"
        );
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let source = Source::of(Path::new("m"), "\u{feff}version = 1".into()).expect("UTF-8");
        assert_eq!(source.text, "version = 1");
    }
}
