//! How much of a value or of a spelling of it must stand in a text to count.

/// The length of a seed. The finder judges by 4 bytes; the rest keeps ordinary text from being compared at all.
pub(super) const SEED: usize = 8;

/// How many bytes of a spelling must stand in one piece, of a value of `len` bytes.
pub(super) fn proportion(spelled: usize, len: usize) -> usize {
    (spelled * must(len)).div_ceil(len.max(1)).clamp(SEED.min(spelled), spelled)
}

/// How many bytes of a value must stand in one piece: half of it, but at least 16 (design 6.1).
pub(super) fn must(len: usize) -> usize {
    len.min(len.div_ceil(2).max(16))
}
