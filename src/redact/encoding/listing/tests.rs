use super::*;

const VALUE: &str = "sk-Qm7xKp2Vb9Rt4Wz8Yc1Nd6Fg3Hj5é";

fn joined(separator: &str, one: impl Fn(&u8) -> String) -> String {
    VALUE.as_bytes().iter().map(one).collect::<Vec<_>>().join(separator)
}

/// What is left of a text when the numbers of the value are taken out.
fn left(said: &str) -> Option<String> {
    let listing = Listing::new(VALUE.as_bytes());
    let lower = said.to_ascii_lowercase();
    listing.literals().into_iter().find_map(|(numbers, literal)| {
        let text = if literal.any_case { &lower } else { said };
        let places = memchr::memmem::find_iter(text.as_bytes(), &literal.bytes);
        let found =
            places.into_iter().find_map(|at| listing.around(said.as_bytes(), at, numbers))?;
        let mut left = said.as_bytes().to_vec();
        found.into_iter().rev().for_each(|range| drop(left.drain(range)));
        Some(String::from_utf8_lossy(&left).into_owned())
    })
}

#[test]
fn numbers_are_found_with_anything_between_them() {
    for said in [
        joined(",", u8::to_string),
        joined(", ", u8::to_string),
        joined(",\n    ", u8::to_string),
        joined(" ", |b| format!("{b:3}")),
        joined(" ", |b| format!("{b:03}")),
        joined(", ", |b| b.cast_signed().to_string()),
        joined(" ", |b| format!("{b:02x}")),
        joined("", |b| format!("{b:02X}")),
        joined(", ", |b| format!("0x{b:02x}")),
        joined(",\n  ", |b| format!("0x{b:02X}")),
        joined(":", |b| format!("{b:02X}")),
        joined(" ", |b| format!("{b:03o}")),
    ] {
        let left = left(&format!("Buffer(32) [ {said} ] end")).expect(&said);
        assert!(left.len() <= "Buffer(32) [  ] end".len() + 1, "{left}");
    }
}

#[test]
fn keys_between_numbers_stay() {
    let pairs = VALUE.bytes().enumerate().map(|(index, byte)| format!("\"{index}\":{byte}"));
    let said = format!("{{{}}}", pairs.collect::<Vec<_>>().join(","));
    let left = left(&said).expect("found");
    assert!(left.starts_with("{\"0\":,\"1\":,") && left.ends_with("}"), "{left}");
}

#[test]
fn dumps_are_found_with_their_offsets_and_the_text_beside() {
    let file = format!("PATH=/usr/bin\nTOKEN={VALUE}\nHOME=/root\n");
    let dump = |one: &dyn Fn(&[u8]) -> String, beside: bool| {
        let lines = file.as_bytes().chunks(16).enumerate().map(|(line, bytes)| {
            let shown: String = bytes
                .iter()
                .map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' })
                .collect();
            let shown = if beside { format!("  |{shown}|") } else { String::new() };
            format!("{:08x}  {}{shown}\n", 16 * line, one(bytes))
        });
        lines.collect::<String>()
    };
    let each = |one: fn(&u8) -> String| {
        move |bytes: &[u8]| bytes.iter().map(one).collect::<Vec<_>>().join(" ")
    };
    let words = |one: fn(u16) -> String| {
        move |bytes: &[u8]| {
            let words = bytes.chunks(2).map(|pair| {
                u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or_default()])
            });
            words.map(one).collect::<Vec<_>>().join(" ")
        }
    };
    let pairs = |bytes: &[u8]| {
        let pairs =
            bytes.chunks(2).map(|pair| pair.iter().map(|b| format!("{b:02x}")).collect::<String>());
        pairs.collect::<Vec<_>>().join(" ")
    };
    for said in [
        dump(&each(|b| format!("{b:02x}")), true),
        dump(&each(|b| format!("{b:3}")), false),
        dump(&each(|b| format!("{b:03o}")), false),
        dump(
            &each(|b| match b {
                b'\n' => " \\n".to_owned(),
                b if b.is_ascii_graphic() => format!("  {}", char::from(*b)),
                b => format!("{b:03o}"),
            }),
            false,
        ),
        dump(&pairs, true),
        dump(&words(|word| format!("{word:04x}")), false),
        dump(&words(|word| format!("{word:06o}")), false),
    ] {
        let left = left(&said).expect(&said);
        let is_left = |text: &str| left.contains(text);
        assert!(!is_left("Qm7x") && !is_left("Wz8Y") && !is_left("6b 2d"), "{said}\n{left}");
    }
}

#[test]
fn characters_in_columns_are_found_though_some_are_separators() {
    let value = "sk--Qm7x-Kp2:Vb9,,Rt4";
    let listing = Listing::new(value.as_bytes());
    let said: String = value.chars().map(|c| format!("   {c}")).collect();
    let found = listing.around(said.as_bytes(), 3, Columns).expect("found");
    assert_eq!((found[0].start, found[0].end), (3, said.len()));
}

#[test]
fn other_numbers_are_none_of_ours() {
    for said in [
        "115, 107, 45, 81, 109, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        "0x73, 0x6b, 0x2d",
        "736b2d",
    ] {
        assert_eq!(left(said), None, "{said}");
    }
}
