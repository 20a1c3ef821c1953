//! Round trips of one size at a time: direct, through hushpipe with a secret to look for, through a plain pump.

use std::process::Command;
use std::time::Instant;

use crate::session::Session;
use crate::start::{Trivial, bench_program};
use crate::table::{self, Samples};

/// How many bytes the answer has, how many are measured.
const SIZES: &[(&str, usize, usize)] =
    &[("400 B", 300, 20_000), ("64 KiB", 64 << 10, 2_000), ("10 MiB", 10 << 20, 20)];

/// Measures every size.
pub(crate) fn round_trips() {
    let trivial = Trivial::new();
    for (name, bytes, count) in SIZES {
        let mut sessions =
            [("direct", direct()), ("hushpipe", trivial.run()), ("two-thread pump", pump())].map(
                |(rival, mut command)| {
                    (Samples::of(rival), Samples::of(rival), Session::start(&mut command))
                },
            );
        for (.., session) in &mut sessions {
            session.initialize();
            turns(session, *bytes, count / 10, &mut Samples::of("warm-up"));
        }
        // In turns of a tenth each, so that a noisy moment meets all rivals. The first message of a turn finds the caches
        // full of what the other rivals did there, as one does after a pause; it is counted apart.
        for _ in 0..10 {
            for (first, samples, session) in &mut sessions {
                turns(session, *bytes, 1, first);
                turns(session, *bytes, count / 10, samples);
            }
        }
        let mut first = Vec::new();
        let rows = sessions.map(|(of_turn, samples, _)| {
            first.push(of_turn);
            samples
        });
        table::print(&format!("round trip, {name} answer"), "ms", &rows);
        table::print(&format!("the first of each turn, {name} answer"), "ms", &first);
    }
}

fn turns(session: &mut Session, bytes: usize, count: usize, samples: &mut Samples) {
    for id in 1..=count {
        let padding = "a path or a query of some length ".repeat(8);
        let request = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"make\",\
             \"arguments\":{{\"bytes\":{bytes},\"text\":\"{padding}\"}}}}}}\n"
        );
        let begin = Instant::now();
        session.exchange(request.as_bytes());
        samples.add_time(begin.elapsed());
    }
}

/// The server of this benchmark, started by us.
pub(crate) fn direct() -> Command {
    let mut command = Command::new(bench_program());
    command.arg("--server");
    command
}

/// The same server behind the naive rival.
pub(crate) fn pump() -> Command {
    let mut command = Command::new(bench_program());
    command.arg("--pump").arg(bench_program()).arg("--server");
    command
}
