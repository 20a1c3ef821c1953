//! The value of `secret set`: typed at a prompt that does not show it where stdin is a terminal, else all of stdin.

use std::io::{self, IsTerminal, Read};

use zeroize::Zeroizing;

use crate::error::{Fault, Kind};
use crate::provider::{MAX_VALUE, trim_newline};
use crate::secret::{Secret, SecretRef};
use crate::sys::os::Terminal;

/// Takes a value from the person or from stdin. Of one line on stdin, the newline at its end is not part of it.
///
/// # Errors
/// There is no value, or more than can be one.
pub(super) fn value(reference: &SecretRef) -> Result<Secret, InputError> {
    if io::stdin().is_terminal() { typed(&reference.to_string()) } else { read(io::stdin().lock()) }
}

fn typed(reference: &str) -> Result<Secret, InputError> {
    let mut terminal = Terminal::open().map_err(InputError::Read)?;
    match terminal.ask_hidden(&format!("Value for {reference} (not shown): ")) {
        Ok(Some(value)) => of_bytes(value.as_bytes()),
        Ok(None) => Err(InputError::Lines { reference: reference.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(InputError::Empty),
        Err(error) => Err(InputError::Read(error)),
    }
}

fn read(input: impl Read) -> Result<Secret, InputError> {
    // Room for all there may be: a vector that grows leaves copies behind that nobody zeroes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_VALUE as usize + NEWLINE + 1));
    input.take(MAX_VALUE + NEWLINE as u64 + 1).read_to_end(&mut bytes).map_err(InputError::Read)?;
    trim_newline(&mut bytes);
    of_bytes(&bytes)
}

fn of_bytes(bytes: &[u8]) -> Result<Secret, InputError> {
    match bytes.len() as u64 {
        0 => Err(InputError::Empty),
        1..=MAX_VALUE => Ok(Secret::new(bytes.to_vec())),
        _ => Err(InputError::TooLong),
    }
}

/// The length of the longest newline.
const NEWLINE: usize = 2;

/// There is no value to store.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    /// Nothing, or nothing but a newline.
    #[error("the value is empty: nothing was stored")]
    Empty,
    /// More than a secret can be.
    #[error("the value is longer than {MAX_VALUE} bytes: nothing was stored")]
    TooLong,
    /// More than one line was pasted at the prompt.
    #[error("you typed or pasted more than one line: nothing was stored")]
    Lines {
        /// The reference to store under.
        reference: String,
    },
    /// Reading failed.
    #[error("could not read the value: nothing was stored")]
    Read(#[source] io::Error),
}

impl Fault for InputError {
    fn kind(&self) -> Kind {
        match self {
            Self::Read(_) => Kind::Io,
            _ => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some("type the value at the prompt, or pipe it to stdin".to_owned()),
            Self::Lines { reference } => Some(format!(
                "pipe a value of several lines to stdin: `hushpipe secret set {reference} < FILE`"
            )),
            Self::TooLong | Self::Read(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdin_is_the_value_but_for_one_newline() {
        let length =
            |input: &[u8]| read(input).map(|secret| secret.len()).map_err(|e| e.to_string());
        assert_eq!(length(b"token"), Ok(5));
        assert_eq!(length(b"token\n"), Ok(5));
        assert_eq!(length(b"line one\nline two\n"), Ok(18), "a key file keeps its last newline");
        for nothing in [&b""[..], b"\n", b"\r\n"] {
            assert_eq!(length(nothing), Err(InputError::Empty.to_string()));
        }
        let mut long = vec![b'x'; MAX_VALUE as usize];
        long.extend(b"\r\n");
        assert_eq!(length(&long), Ok(MAX_VALUE as usize));
        long.insert(0, b'x');
        assert_eq!(length(&long), Err(InputError::TooLong.to_string()));
        long.extend([b'x'; 5000]);
        assert_eq!(length(&long), Err(InputError::TooLong.to_string()));
    }
}
