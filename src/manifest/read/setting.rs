//! The plain settings of a server: folders, times, sizes.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::super::error::Mistake;
use super::super::server::{Cwd, Level, RuntimeChoice};
use super::super::table::Scalar;
use super::Mistakes;
use crate::relay::wire::frame::DEFAULT_LIMIT;
use crate::sys::clock;

/// The longest time that a setting may name.
const MAX_TIME: Duration = Duration::from_secs(3600);

/// The sizes that `frame_limit` may name, in bytes. Below a kibibyte not even `initialize` fits.
const SIZES: std::ops::RangeInclusive<u64> = 1024..=1024 * 1024 * 1024;

/// The name of one of a package's programs.
pub(super) fn bin(bin: Option<Spanned<String>>, findings: &mut Mistakes) -> Option<String> {
    let bin = bin?;
    if bin.get_ref().is_empty() || bin.get_ref().contains(['/', '\\', '\0']) {
        let mistake = Mistake::Name {
            what: "program",
            name: bin.get_ref().clone(),
            alphabet: "a name under `bin` in the package's package.json, or of a console script",
        };
        findings.add(bin.span(), mistake);
    }
    Some(bin.into_inner())
}

/// The runtime to use. A path is for the user manifest only: it is a program that runs, as `command` is. A version names a
/// Python, which uv finds or installs, or one of the Nodes of the machine record.
pub(super) fn runtime(
    runtime: Option<Spanned<String>>,
    is_python: bool,
    level: Level,
    findings: &mut Mistakes,
) -> Option<RuntimeChoice> {
    let runtime = runtime?;
    let text = runtime.get_ref();
    // Python 3 is one language up to `3.12`, and each major of Node is a line of its own.
    let (numbers, other) = match is_python {
        true => (2..=3, " or a version such as `3.12`"),
        false => (1..=3, " or a version such as `22`"),
    };
    if is_version(text, numbers) {
        return Some(RuntimeChoice::Version(runtime.into_inner()));
    }
    if level == Level::Project {
        findings.add(runtime.span(), Mistake::UserOnly("the path of a `runtime`".into()));
    }
    let path = absolute("runtime", text, other);
    findings.keep(runtime.span(), path).map(RuntimeChoice::Path)
}

/// Whether a text is a version: so many numbers.
fn is_version(text: &str, numbers: RangeInclusive<usize>) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split('.').all(is_number) && numbers.contains(&text.split('.').count())
}

/// The server's working directory.
pub(super) fn cwd(cwd: Option<Spanned<String>>, findings: &mut Mistakes) -> Cwd {
    match cwd {
        Some(cwd) if cwd.get_ref() != "client" => {
            let path = absolute("cwd", cwd.get_ref(), " or `client`");
            findings.keep(cwd.span(), path).map_or(Cwd::Client, Cwd::Path)
        }
        Some(_) | None => Cwd::Client,
    }
}

/// An absolute path.
pub(super) fn absolute(
    key: &'static str,
    text: &str,
    other: &'static str,
) -> Result<PathBuf, Mistake> {
    let path = Path::new(text);
    if path.is_absolute() && !text.contains('\0') {
        Ok(path.to_owned())
    } else {
        Err(Mistake::Path { key, other })
    }
}

/// A length of time.
pub(super) fn time(
    key: &'static str,
    text: Option<Spanned<String>>,
    default: Duration,
    findings: &mut Mistakes,
) -> Duration {
    let Some(text) = text else { return default };
    let time = duration(text.get_ref()).ok_or(Mistake::Time { key });
    findings.keep(text.span(), time).unwrap_or(default)
}

/// Reads `1.5s`, `800ms` or `2m`, from nothing to an hour; `None` where a text is no such time.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    clock::duration(text).filter(|time| *time <= MAX_TIME)
}

/// `frame_limit` in bytes. A project may not ask for more memory than a server gets by itself.
pub(super) fn frame_limit(
    size: Option<Spanned<Scalar>>,
    level: Level,
    findings: &mut Mistakes,
) -> usize {
    let Some(size) = size else { return DEFAULT_LIMIT };
    let bytes = match size.get_ref() {
        Scalar::Number(number) => u64::try_from(*number).ok(),
        Scalar::Text(text) => bytes(text),
    };
    let bytes = bytes.filter(|bytes| SIZES.contains(bytes));
    let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or(Mistake::Size);
    let bytes = findings.keep(size.span(), bytes).unwrap_or(DEFAULT_LIMIT);
    if level == Level::Project && bytes > DEFAULT_LIMIT {
        findings.add(size.span(), Mistake::UserOnly("a `frame_limit` above 64MiB".into()));
    }
    bytes
}

/// `64MiB`, `512KiB`, `1GiB`, or a bare number of bytes.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        let millis = |text: &str| duration(text).map(|time| time.as_millis());
        assert_eq!(millis("1.5s"), Some(1500));
        assert_eq!(millis("800ms"), Some(800));
        assert_eq!(millis("2m"), Some(120_000));
        assert_eq!(millis("0s"), Some(0));
        assert_eq!(millis("1h"), Some(3_600_000));
        for wrong in ["", "5", "s", "-1s", "1e3s", "infs", "61m", "1 s", "1d", "1.2.3s", "+1s"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(bytes("64MiB"), Some(64 << 20));
        assert_eq!(bytes("512 KiB"), Some(512 << 10));
        assert_eq!(bytes("4096"), Some(4096));
        for wrong in ["", "MiB", "1.5MiB", "64MB", "-1", "99999999999999999999"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        assert_eq!(bytes("18446744073709551615GiB"), None);
    }
}
