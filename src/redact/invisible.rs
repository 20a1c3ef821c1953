//! The one table of characters that nobody sees.
//!
//! What they hide from a person, a model or a program still reads; on a terminal some of them change the order of what
//! stands around them. Sources: Unicode's `Default_Ignorable_Code_Point` and `Bidi_Control`, and UAX 14 for line ends.

/// Whether no font draws a character: Unicode's `Default_Ignorable_Code_Point` (which has all of `Bidi_Control`) and the
/// annotation characters.
pub const fn is_ignorable(code: u32) -> bool {
    matches!(
        code,
        0xAD
            | 0x34F
            | 0x61C
            | 0x115F..=0x1160
            | 0x17B4..=0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200F
            | 0x202A..=0x202E
            | 0x2060..=0x206F
            | 0x3164
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFA0
            | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A
            | 0xE0000..=0xE0FFF
    )
}

/// Whether a terminal would obey or hide a character instead of showing it: controls but line feed and tab, what no font
/// draws, line and paragraph separators, the empty Braille cell.
pub fn is_unprintable(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{2028}' | '\u{2029}' | '\u{2800}' => true,
        _ => c.is_control() || is_ignorable(c as u32),
    }
}
