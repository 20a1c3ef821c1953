//! How fast a flood of answers passes: direct, through hushpipe, through a plain pump.

use std::time::Instant;

use crate::rtt::{direct, pump};
use crate::session::Session;
use crate::start::Trivial;
use crate::table::{self, Samples};

const TOTAL: usize = 128 << 20;

/// Measures frames of three sizes.
pub(crate) fn relayed() {
    let trivial = Trivial::new();
    for bytes in [1 << 10, 16 << 10, 1 << 20] {
        let mut rows =
            [("direct", direct()), ("hushpipe", trivial.run()), ("two-thread pump", pump())]
                .map(|(rival, command)| (Samples::of(rival), command));
        for _ in 0..5 {
            for (samples, command) in &mut rows {
                let mut session = Session::start(command);
                session.initialize();
                samples.add(megabytes_a_second(&mut session, bytes));
            }
        }
        let rows = rows.map(|(samples, _)| samples);
        table::print(&format!("throughput, frames of {bytes} bytes"), "MB/s", &rows);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred million bytes")]
fn megabytes_a_second(session: &mut Session, bytes: usize) -> f64 {
    let frames = TOTAL / bytes;
    let request = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"bytes\":{bytes},\"frames\":{frames},\"name\":\"make\"}}}}\n"
    );
    let begin = Instant::now();
    let mut received = session.exchange(request.as_bytes()).len();
    for _ in 1..frames {
        received += session.receive().len();
    }
    received as f64 / 1e6 / begin.elapsed().as_secs_f64()
}
