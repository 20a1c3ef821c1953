//! A stream is read whole, byte by byte, and (as a property) split anywhere.

use proptest::prelude::*;

use super::*;
use crate::mcp::{Field, Id};

/// A frame that outlives the framer.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Whole(Vec<u8>, Shape),
    Partial(Vec<u8>, Shape),
    TooLong(u64, Shape),
}

impl From<Frame<'_>> for Seen {
    fn from(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Whole { line, shape } => Self::Whole(line[..line.len() - 1].to_vec(), shape),
            Frame::Partial { bytes, shape } => Self::Partial(bytes.to_vec(), shape),
            Frame::TooLong { length, shape } => Self::TooLong(length, shape),
        }
    }
}

fn shape(line: &[u8]) -> Shape {
    let mut scanner = Scanner::default();
    scanner.feed(line);
    scanner.finish()
}

/// The frames of `stream`, read in pieces of these sizes, over and over.
fn frames(stream: &[u8], limit: usize, sizes: &[usize]) -> Vec<Seen> {
    let mut framer = Framer::new(limit);
    let mut seen = Vec::new();
    let mut rest = stream;
    for size in sizes.iter().cycle() {
        let space = framer.space();
        let count = rest.len().min(*size).min(space.len());
        space[..count].copy_from_slice(&rest[..count]);
        rest = &rest[count..];
        framer.filled(count);
        while let Some(frame) = framer.next_frame() {
            seen.push(frame.into());
        }
        if rest.is_empty() {
            break;
        }
    }
    seen.extend(framer.finish().map(Seen::from));
    assert_eq!(framer.finish(), None);
    seen
}

/// What the frames of `stream` must be.
fn expected(stream: &[u8], limit: usize) -> Vec<Seen> {
    let mut lines: Vec<_> = stream.split(|byte| *byte == b'\n').collect();
    let last = lines.pop().unwrap_or_default();
    let too_long = |line: &[u8]| Seen::TooLong(line.len() as u64, shape(line));
    let mut seen: Vec<_> = lines
        .into_iter()
        .map(|line| match line.len() > limit {
            true => too_long(line),
            false => Seen::Whole(line.to_vec(), shape(line)),
        })
        .collect();
    match last.len() {
        0 => {}
        length if length > limit => seen.push(too_long(last)),
        _ => seen.push(Seen::Partial(last.to_vec(), shape(last))),
    }
    seen
}

#[test]
fn lines_are_frames_whatever_is_in_them() {
    let stream = b"{\"id\":1}\r\n\n\xff\0\n[{}]\nhello\n\r\n{\"id\":2}";
    for sizes in [&[usize::MAX][..], &[1], &[3, 7]] {
        assert_eq!(frames(stream, 100, sizes), expected(stream, 100));
    }
}

#[test]
fn a_frame_over_the_limit_still_gives_its_id_and_the_next_one_is_whole() {
    let big = 3 * BASE;
    let stream =
        format!("{{\"result\":\"{}\",\"id\":7}}\n{{\"id\":8,\"result\":1}}\n", "x".repeat(big));
    for sizes in [&[usize::MAX][..], &[1000], &[BASE, 1]] {
        let seen = frames(stream.as_bytes(), BASE, sizes);
        let [Seen::TooLong(length, Shape::Object(envelope)), Seen::Whole(..)] = &seen[..] else {
            panic!("{seen:?}")
        };
        assert_eq!(*length, big as u64 + 20);
        assert_eq!(envelope.id, Field::Is(Id::from(7)));
    }
}

#[test]
fn memory_is_bounded_by_the_limit_and_given_back() {
    let limit = 2 * KEPT;
    let mut framer = Framer::new(limit);
    let mut most = 0;
    for piece in 0..100 {
        let space = framer.space();
        let count = space.len();
        space.fill(b'x');
        if piece == 99 {
            space[count - 1] = b'\n';
        }
        framer.filled(count);
        while framer.next_frame().is_some() {}
        most = most.max(framer.buffer.len());
    }
    assert!(most <= limit + BASE, "{most}");
    framer.space();
    assert_eq!(framer.buffer.len(), BASE);
}

proptest! {
    #[test]
    fn any_stream_split_anywhere_gives_the_same_frames(
        lines in prop::collection::vec(
            prop_oneof![
                Just(Vec::new()),
                Just(br#"{"id":"a","method":"ping"}"#.to_vec()),
                Just(br#"[{"id":1},{"id":2}]"#.to_vec()),
                prop::collection::vec(any::<u8>(), 0..60),
                (0..3 * BASE).prop_map(|length| format!("{{\"id\":\"{}\"}}", "y".repeat(length)).into_bytes()),
            ],
            0..12,
        ),
        limit in prop_oneof![0..80usize, 0..4 * BASE],
        sizes in prop::collection::vec(prop_oneof![1..40usize, 1..2 * BASE], 1..6),
    ) {
        let stream = lines.join(&b'\n');
        let sizes: Vec<_> = sizes.iter().map(|size| (*size).max(stream.len() / 2000)).collect();
        prop_assert_eq!(frames(&stream, limit, &sizes), expected(&stream, limit));
    }
}
