use super::*;

/// Whether the value is found whole in this spelling of it.
fn finds(value: &str, spelled: &str) -> bool {
    let said = format!("before {spelled} after");
    let characters = Characters::new(value.as_bytes()).expect("text");
    let mut found = characters.literals().into_iter().flat_map(|(offset, literal)| {
        let places = memchr::memmem::find_iter(said.as_bytes(), &literal.bytes);
        let places: Vec<_> = places.collect();
        places.into_iter().map(move |at| (at, offset))
    });
    found.any(|(at, offset)| {
        let found = characters.around(said.as_bytes(), at, offset);
        found.is_some_and(|found| found.len() + 1 >= spelled.len())
    })
}

fn each(value: &str, spell: impl Fn(char) -> String) -> String {
    value.chars().map(spell).collect()
}

#[test]
fn a_value_is_read_in_every_notation_that_escapes_all_of_it() {
    let value = "p'a\"s$s\\word&o<r>d;%/+=`|9Z~kk";
    let notations: [fn(char) -> String; 10] = [
        |c| format!("\\{:03o}", u32::from(c)),
        |c| format!("\\x{:02x}", u32::from(c)),
        |c| format!("\\u{{{:x}}}", u32::from(c)),
        |c| format!("&#{};", u32::from(c)),
        |c| format!("&#{:04};", u32::from(c)),
        |c| format!("&#x{:x};", u32::from(c)),
        |c| format!("{c}\0"),
        |c| format!("{c}\u{8}{c}"),
        |c| format!("_\u{8}{c}"),
        |c| format!("\\U{:08x}", u32::from(c)),
    ];
    for notation in notations {
        let spelled = each(value, notation);
        assert!(finds(value, &spelled), "{spelled}");
    }
}

#[test]
fn a_value_is_read_where_only_some_of_its_characters_are_escaped() {
    for value in [
        "p'a\"s$s\\word&o<r>d;%/+=`|9Z~ké🦀",
        "p'a\"s$s\\w&o<r>d;%/+=`|9Z~kk",
        "pässwört-9Zé🦀-x1/y2'z\"$\\&<",
    ] {
        assert_found_where_signs_are_escaped(value);
    }
}

fn assert_found_where_signs_are_escaped(value: &str) {
    let ascii = |c: char| c.is_ascii_alphanumeric();
    let escapes: [fn(char) -> String; 9] = [
        |c| format!("\\{c}"),
        |c| format!("\\\\{c}"),
        |c| format!("&#x{:X};", u32::from(c)),
        |c| format!("&amp;#{};", u32::from(c)),
        |c| c.to_string().bytes().map(|b| format!("={b:02X}")).collect(),
        |c| c.to_string().bytes().map(|b| format!("%25{b:02X}")).collect(),
        |c| c.to_string().bytes().map(|b| format!("\\{b:03o}")).collect(),
        |c| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect(),
        |c| format!("\\{:x} ", u32::from(c)),
    ];
    for escape in escapes {
        let spelled = each(value, |c| if ascii(c) { c.to_string() } else { escape(c) });
        assert!(finds(value, &spelled), "{spelled}");
    }
    for spelled in [
        value.replace('\'', "'\\''"),
        value.replace('\'', "'\"'\"'"),
        value.replace('\'', "''"),
        value.replace('$', "$$").replace('%', "%%"),
        value.replace('&', "&amp;amp;").replace('<', "&amp;lt;").replace('"', "&quot;"),
        value.replace('\\', "\\\\\\\\"),
    ] {
        assert!(finds(value, &spelled), "{spelled}");
    }
}

#[test]
fn other_text_is_not_taken_for_the_value() {
    let characters = Characters::new(b"word-1234-5678-abcd").expect("text");
    for text in ["word", "words and more words", "word-1234-5678", "word&#45;1234&#46;5678-abcd"] {
        assert_eq!(characters.around(text.as_bytes(), 0, 0), None, "{text}");
    }
}
