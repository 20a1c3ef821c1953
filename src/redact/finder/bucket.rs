//! Deals literals to Teddy's buckets.
//!
//! Teddy deals its patterns to 8 or 16 buckets in turn (`aho-corasick` 1.1, `packed/teddy/generic.rs`), and looks closer
//! wherever each half of each of four bytes could be of some pattern of one bucket. Unlike patterns in one bucket make
//! loose masks, like ones (`ghp_`, `gho_`, `ghs_`) tight ones: dealt well, ordinary text is passed three times as fast.

use super::Numbered;

/// Teddy has this many buckets on AVX2 from 33 patterns on.
const BUCKETS: usize = 16;

/// Up to this many patterns get a bucket each without any help.
const FEW: usize = 8;

/// No bucket gets more, so that all fit into the 128 patterns that a searcher takes.
const DEEPEST: usize = 8;

/// Orders at most 64 sorted literals so that like ones share a bucket. Some come several times, to fill the rows.
pub(super) fn deal<'l>(sorted: &[Numbered<'l>]) -> Vec<Numbered<'l>> {
    if sorted.len() <= FEW {
        return sorted.to_vec();
    }
    let mut buckets: Vec<&[Numbered<'l>]> = sorted.chunks(DEEPEST).collect();
    while buckets.len() < BUCKETS.min(sorted.len()) {
        let loosest = (0..buckets.len())
            .filter(|b| buckets[*b].len() > 1)
            .max_by_key(|b| looseness(buckets[*b]));
        let Some(loosest) = loosest else { break };
        let (left, right) = halves(buckets[loosest]);
        buckets.splice(loosest..=loosest, [left, right]);
    }
    let deepest = buckets.iter().map(|bucket| bucket.len()).max().unwrap_or_default();
    // Three rows of 16 are more than 32 patterns: fewer would get 8 buckets.
    let rows = deepest.max(3);
    (0..rows * buckets.len())
        .map(|at| (at / buckets.len(), buckets[at % buckets.len()]))
        .map(|(row, bucket)| bucket[row % bucket.len()])
        .collect()
}

/// Splits where the two parts let the least text through.
fn halves<'b, 'l>(bucket: &'b [Numbered<'l>]) -> (&'b [Numbered<'l>], &'b [Numbered<'l>]) {
    let cost = |at: &usize| looseness(&bucket[..*at]) + looseness(&bucket[*at..]);
    bucket.split_at((1..bucket.len()).min_by_key(cost).unwrap_or(1))
}

/// How many different beginnings of four bytes a bucket of these lets through.
fn looseness(bucket: &[Numbered]) -> u64 {
    let half = |at: usize, shift: u8| {
        let seen =
            bucket.iter().fold(0u16, |seen, (_, literal)| seen | 1 << (literal[at] >> shift & 15));
        u64::from(seen.count_ones())
    };
    (0..4).map(|at| half(at, 0) * half(at, 4)).product()
}
