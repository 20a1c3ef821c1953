//! The bytes of a Windows credential. `cmdkey` and the Credential Manager keep text as UTF-16; hushpipe does too, so that
//! either reads what the other wrote, and keeps as it is what has no such form or would not fit in it.

use std::iter::once;

use zeroize::Zeroizing;

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE`, in bytes.
pub(super) const MAX: usize = 2560;

/// The bytes to keep for a value; nothing where it has no form that fits and is read back as it is.
pub(super) fn encode(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let utf_16 = std::str::from_utf8(value).ok().map(|text| {
        let mut blob = Zeroizing::new(Vec::with_capacity(text.len() * 2));
        text.encode_utf16().for_each(|unit| blob.extend_from_slice(&unit.to_le_bytes()));
        blob
    });
    let as_it_is = Zeroizing::new(value.to_vec());
    let forms = utf_16.into_iter().chain(once(as_it_is));
    let reads_back = |blob: &Zeroizing<Vec<u8>>| *Zeroizing::new(decode(blob)) == value;
    forms.into_iter().find(|blob| blob.len() <= MAX && reads_back(blob))
}

/// The value that a credential's bytes stand for. Text in UTF-16 has a zero byte beside each ASCII character; text as it
/// is has none.
pub(super) fn decode(blob: &[u8]) -> Vec<u8> {
    let (pairs, rest) = blob.as_chunks::<2>();
    if !rest.is_empty() || !blob.contains(&0) {
        return blob.to_vec();
    }
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map_or_else(|_| blob.to_vec(), String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back() {
        let long = "x".repeat(MAX);
        for value in ["token", "gr\u{fc}n", "\u{4e2d}\u{6587}", "a\nb\n", "\u{1f511} key", &long] {
            let blob = encode(value.as_bytes()).expect(value);
            assert!(blob.len() <= MAX);
            assert_eq!(decode(&blob), value.as_bytes());
        }
        let bytes = b"\xff\xfe\x01binary";
        assert_eq!(decode(&encode(bytes).expect("bytes")), bytes);
        assert!(encode("x".repeat(MAX + 1).as_bytes()).is_none());
    }

    #[test]
    fn text_is_kept_as_cmdkey_keeps_it() {
        assert_eq!(*encode(b"pass").expect("text"), b"p\0a\0s\0s\0");
        assert_eq!(decode(b"p\0a\0s\0s\0"), b"pass");
    }

    #[test]
    fn bytes_that_would_be_read_as_text_are_refused() {
        assert!(encode(b"a\0b\0\xff\0").is_none());
    }
}
