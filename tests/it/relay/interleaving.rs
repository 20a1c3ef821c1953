//! Whatever both ends say, and in whatever order: nothing is lost, doubled, reordered within a direction, or altered.
//!
//! The model is two queues of bytes, and for each side the ids that it waits for: a relay adds nothing to that. The two
//! ends are the test's own, so that an answer may be given at any time, in any order, to a cancelled request too.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::session::Session;
use crate::stage::{Puppet, Stage, text};

/// One of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// What a side does next.
#[derive(Debug, Clone)]
enum Step {
    /// Asks something, under an id of this spelling, `N` being a number not used before.
    Ask(Side, &'static str),
    /// Answers one of the requests that have reached it.
    Answer(Side, prop::sample::Index),
    /// Tells something.
    Tell(Side),
    /// Gives up one of its requests, which may be answered all the same, or never.
    Cancel(Side, prop::sample::Index),
    /// Reads all that it has been sent.
    Read(Side),
}

fn steps() -> impl Strategy<Value = Vec<(Step, usize)>> {
    let side = || prop_oneof![Just(Side::Client), Just(Side::Server)];
    let id = prop_oneof![
        Just("N"),
        Just("\"N\""),
        Just("N.0"),
        Just("\"\\u0061N\""),
        Just("N0000000000000000000000")
    ];
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        4 => (side(), id).prop_map(|(side, id)| Step::Ask(side, id)),
        4 => (side(), which()).prop_map(|(side, which)| Step::Answer(side, which)),
        2 => side().prop_map(Step::Tell),
        1 => (side(), which()).prop_map(|(side, which)| Step::Cancel(side, which)),
        2 => side().prop_map(Step::Read),
    ];
    // With how much text each message carries: now and then more than a pipe or a first buffer holds.
    let bulk = prop_oneof![8 => 0..200_usize, 1 => 0..100_000_usize];
    vec((step, bulk), 1..60)
}

/// One end as the model has it.
#[derive(Default)]
struct End {
    /// What it has been sent and has not read.
    due: VecDeque<Vec<u8>>,
    /// The ids of the requests that have reached it and that it has not answered.
    asked: Vec<String>,
    /// The ids of its own requests that it may still give up.
    waiting: Vec<String>,
}

struct World {
    client: Session,
    server: Puppet,
    ends: [End; 2],
    count: usize,
}

impl World {
    fn end(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }

    fn take(&mut self, step: &Step, bulk: usize) {
        self.count += 1;
        let (number, filling) = (self.count, "é\\n ".repeat(bulk / 5));
        let body = format!(r#"{{"n": {number}, "text":"{filling}"}}"#);
        match step {
            Step::Ask(side, id) => {
                let id = id.replace('N', &number.to_string());
                self.end(*side).waiting.push(id.clone());
                self.say(
                    *side,
                    format!(r#"{{"params":{body},"id":{id},"jsonrpc":"2.0","method":"x/ask"}}"#),
                );
            }
            Step::Answer(side, which) => {
                let asked = &mut self.end(*side).asked;
                if asked.is_empty() {
                    return;
                }
                let id = asked.remove(which.index(asked.len()));
                self.end(side.other()).waiting.retain(|waiting| *waiting != id);
                let said = if number % 3 == 0 { "error" } else { "result" };
                self.say(*side, format!(r#"{{"jsonrpc":"2.0","{said}": {body},"id": {id}}}"#));
            }
            Step::Tell(side) => {
                self.say(
                    *side,
                    format!(r#"{{"jsonrpc":"2.0","params":{body} ,"method":"x/tell"}}"#),
                );
            }
            Step::Cancel(side, which) => {
                let waiting = &mut self.end(*side).waiting;
                if waiting.is_empty() {
                    return;
                }
                let id = waiting.remove(which.index(waiting.len()));
                let method = "notifications/cancelled";
                self.say(
                    *side,
                    format!(
                        r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"requestId":{id}}}}}"#
                    ),
                );
            }
            Step::Read(side) => self.read(*side),
        }
    }

    fn say(&mut self, side: Side, mut line: String) {
        // A few unread messages fit any pipe; a reader that lags more would only stop the test itself.
        if self.end(side.other()).due.iter().map(Vec::len).sum::<usize>() + line.len() > 30_000 {
            self.read(side.other());
        }
        line.push('\n');
        let line = line.into_bytes();
        match side {
            Side::Client => self.client.send(&line),
            Side::Server => self.server.send(&line),
        }
        self.end(side.other()).due.push_back(line);
    }

    fn read(&mut self, side: Side) {
        while let Some(due) = self.end(side).due.pop_front() {
            let got = match side {
                Side::Client => self.client.receive(),
                Side::Server => self.server.receive(),
            };
            assert!(got == due, "{side:?} was sent {}, got {}", text(&due), text(&got));
            if let Some(id) = id_of_request(&due) {
                self.end(side).asked.push(id);
            }
        }
    }
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The id of a request as [`World::take`] writes it.
fn id_of_request(line: &[u8]) -> Option<String> {
    let line = str::from_utf8(line).unwrap();
    let (_, behind) = line
        .strip_suffix(",\"jsonrpc\":\"2.0\",\"method\":\"x/ask\"}\n")?
        .rsplit_once("\"id\":")?;
    Some(behind.to_owned())
}

#[test]
fn whatever_both_ends_say_arrives_once_in_order_and_unchanged() {
    let stage = Stage::new("[servers.server.secrets]\nTOKEN = \"local://token\"\n");
    stage.context.set_secret("local://token", "canary-interleaving-3f9a8e17d5");
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 60,
        // What is lost is waited for, a minute each time.
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let run = |steps: Vec<(Step, usize)>| {
        let (client, server) = stage.open("2025-11-25");
        let mut world = World { client, server, ends: Default::default(), count: 0 };
        for (step, bulk) in &steps {
            world.take(step, *bulk);
        }
        world.read(Side::Client);
        world.read(Side::Server);
        let World { mut client, server, .. } = world;
        // What is still open would be waited for.
        drop(server);
        let outcome = client.wait();
        assert!(!outcome.stderr.contains("dropped"), "{}", outcome.stderr);
        Ok(())
    };
    runner.run(&steps(), run).unwrap();
}
