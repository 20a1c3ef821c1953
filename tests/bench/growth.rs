//! Input made to be slow: the keywords and cut examples of every rule, and what is dense in escapes, brackets and lines.
//!
//! Each is measured at several lengths, as a result and as stderr. Twice the length may take at most 2.3 times as long;
//! what takes longer is measured again, at once and after everything else, before it is believed.

use std::time::Instant;

use hushpipe::redact::Redactor;

use crate::shapes::{self, Place, Shape};
use crate::table::say;

/// Doubling, and all beyond the pieces in which long texts are looked at and beyond where an allocator changes its way:
/// a step there is no growth. What is not linear inside a piece shows among the slowest.
const LENGTHS: [usize; 3] = [512 << 10, 1 << 20, 2 << 20];

/// More than this is not linear.
const LIMIT: f64 = 2.3;

/// How often what takes longer is measured again when everything else is: a neighbour of this machine may be busy for
/// longer than one measurement takes.
const AGAIN: usize = 4;

/// What is generated is measured like the others only where one look is slower than this, in megabytes a second.
const SUSPECT: f64 = 150.0;

/// No shape may be slower than this, in megabytes a second.
const FLOOR: f64 = 50.0;

/// One shape in one place.
struct Growth {
    name: String,
    /// The shortest time for each length.
    best: [f64; LENGTHS.len()],
    /// At the greatest length.
    megabytes_a_second: f64,
}

/// Measures every shape; prints what is not linear, and the slowest.
pub(crate) fn of_every_rule() {
    let redactor = Redactor::armed([]);
    let both = |shape: Shape| [(shape.clone(), Place::Result), (shape, Place::Stderr)];
    let mut shapes: Vec<_> = shapes::of_rules().into_iter().flat_map(both).collect();
    let generated = shapes::generated();
    let count = generated.len();
    let suspect = |(shape, place): &(Shape, Place)| is_suspect(&redactor, shape, *place);
    let suspects: Vec<_> = generated.into_iter().filter(suspect).collect();
    say(&format!(
        "\n{} of {count} generated shapes are measured as closely as the others",
        suspects.len()
    ));
    shapes.extend(suspects);
    let none = [f64::INFINITY; LENGTHS.len()];
    let first = |(shape, place)| {
        let growth = growth(&redactor, &shape, place, none);
        (shape, place, growth)
    };
    let mut all: Vec<_> = shapes.into_iter().map(first).collect();
    for _ in 0..AGAIN {
        for (shape, place, known) in all.iter_mut().filter(|(.., known)| known.is_steep()) {
            *known = growth(&redactor, &*shape, *place, known.best);
        }
    }
    let all = all.into_iter().map(|(.., growth)| growth);
    let (steep, fine): (Vec<_>, Vec<_>) = all.partition(Growth::is_steep);
    say(&format!("\n{} are linear, {} are not:", fine.len(), steep.len()));
    steep.iter().for_each(Growth::print);
    let mut all: Vec<_> = steep.into_iter().chain(fine).collect();
    all.sort_by(|a, b| a.megabytes_a_second.total_cmp(&b.megabytes_a_second));
    let slow = all.iter().filter(|growth| growth.megabytes_a_second < FLOOR).count();
    say(&format!("\n{slow} are slower than {FLOOR} MB/s; the slowest"));
    all.iter().take(40).for_each(Growth::print);
}

impl Growth {
    fn is_steep(&self) -> bool {
        worst(&self.best) > LIMIT
    }

    fn print(&self) {
        let Self { name, best, megabytes_a_second } = self;
        let worst = worst(best);
        say(&format!("  {megabytes_a_second:>9.1} MB/s   {worst:.2} x   {name}"));
    }
}

/// Whether one look at the greatest length is slow.
fn is_suspect(redactor: &Redactor, shape: &Shape, place: Place) -> bool {
    let input = shape.input(place, LENGTHS[LENGTHS.len() - 1]);
    let begin = Instant::now();
    place.look(redactor, &input);
    #[expect(clippy::cast_precision_loss, reason = "a few million bytes")]
    let megabytes = input.len() as f64 / 1e6;
    megabytes / begin.elapsed().as_secs_f64() < SUSPECT
}

/// The worst of the ratios from one length to the next.
fn worst(best: &[f64]) -> f64 {
    best.windows(2).map(|pair| pair[1] / pair[0]).fold(0.0, f64::max)
}

/// Measures one shape in one place, given the shortest times so far.
fn growth(
    redactor: &Redactor,
    shape: &Shape,
    place: Place,
    mut best: [f64; LENGTHS.len()],
) -> Growth {
    let inputs = LENGTHS.map(|len| shape.input(place, len));
    // In turns; the shortest of each counts, since a busy machine only ever adds.
    for _ in 0..4 {
        for _ in 0..3 {
            for (best, input) in best.iter_mut().zip(&inputs) {
                let begin = Instant::now();
                place.look(redactor, input);
                *best = best.min(begin.elapsed().as_secs_f64());
            }
        }
        if worst(&best) <= LIMIT {
            break;
        }
    }
    let (last, time) = (&inputs[LENGTHS.len() - 1], best[LENGTHS.len() - 1]);
    #[expect(clippy::cast_precision_loss, reason = "a few million bytes")]
    let megabytes_a_second = last.len() as f64 / 1e6 / time;
    Growth { name: format!("{}: {}", place.name(), shape.name), best, megabytes_a_second }
}
