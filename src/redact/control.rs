//! Makes control characters visible, so that a server's log cannot colour, overwrite or forge lines on a terminal.
//!
//! New lines (also `\r\n`) and tabs stay. Everything else below space, DEL, the C1 controls and bytes that are no UTF-8
//! become `\xHH`, and characters that nobody sees `\u{H}`, so what comes out is always UTF-8 text.

use super::invisible::is_unprintable;

/// What is done with control characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Controls {
    /// They are written out: somebody reads this on a terminal, among lines of ours.
    Shown,
    /// They stay.
    Kept,
}

impl Controls {
    /// Appends `text` to `out`.
    pub(super) fn write(self, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Shown => escape(text, out),
            Self::Kept => out.extend_from_slice(text),
        }
    }
}

/// Appends `text` to `out` with its control characters written out.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    if text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        out.extend_from_slice(text);
        return;
    }
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid().chars().peekable();
        while let Some(c) = rest.next() {
            let line_end = c == '\r' && rest.peek() == Some(&'\n');
            if c.is_control() && !line_end && c != '\n' && c != '\t' {
                // C0 and C1: all below U+0100.
                write_out(c as u8, out);
            } else if !c.is_control() && is_unprintable(c) && !shapes_emoji(c) {
                out.extend_from_slice(c.escape_unicode().to_string().as_bytes());
            } else {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        chunk.invalid().iter().for_each(|byte| write_out(*byte, out));
    }
}

/// Whether a character only chooses how the one before it is drawn, as in many an emoji. Alone it changes nothing else.
fn shapes_emoji(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{FE0E}' | '\u{FE0F}')
}

fn write_out(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        escape(text, &mut out);
        String::from_utf8(out).expect("always UTF-8")
    }

    #[test]
    fn lines_and_tabs_stay_and_controls_show() {
        assert_eq!(escaped(b"a\tb\r\nc\n"), "a\tb\r\nc\n");
        assert_eq!(escaped(b"\x1b[31mred\x07\x7f\0"), r"\x1b[31mred\x07\x7f\x00");
        assert_eq!(escaped(b"progress\rdone"), r"progress\x0ddone");
        assert_eq!(escaped("caf\u{e9} \u{9b}2J".as_bytes()), "café \\x9b2J");
        assert_eq!(escaped(b"latin \xe9\x9b"), r"latin \xe9\x9b");
        assert_eq!(
            escaped("a\u{202e}b\u{200b}\u{2028}c ⚠\u{fe0f}".as_bytes()),
            "a\\u{202e}b\\u{200b}\\u{2028}c ⚠\u{fe0f}"
        );
    }
}
