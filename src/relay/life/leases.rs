//! Leases of the server's secrets: renewed while it runs, given back when it ends.

use std::time::Duration;

use crate::provider::Leases;
use crate::relay::pump::{Pump, run};
use crate::relay::wire::log::Log;

/// How long giving back may take, from the moment that TERM is sent to the server, or that it has ended. Clients send KILL 2 s after
/// the TERM that follows the end of our input by 2 s, and 1 to 2 s after a TERM of their own.
pub const GIVE_BACK: Duration = Duration::from_millis(1500);

/// The leases of a session.
pub(crate) struct SessionLeases<'a> {
    leases: &'a Leases,
    log: &'a Log,
    pump: Pump<'a>,
    over: bool,
}

impl<'a> SessionLeases<'a> {
    /// Leases that are renewed from here on.
    pub(crate) fn new(leases: &'a Leases, log: &'a Log) -> Self {
        let keep = async { leases.keep(|line| log.note(&format!("warning: {line}"))).await };
        Self { leases, log, pump: Some(Box::pin(keep)), over: false }
    }

    /// Renews them, or gives them back; ends when there is nothing left to do, and never again.
    pub(crate) async fn run(&mut self) {
        run(&mut self.pump).await;
    }

    /// Gives them back from here on, if the server needs them no more. Once.
    pub(crate) fn end_if(&mut self, of_no_use: bool) {
        if !of_no_use || std::mem::replace(&mut self.over, true) {
            return;
        }
        let (leases, log) = (self.leases, self.log);
        self.pump = Some(Box::pin(async {
            for line in leases.give_back(GIVE_BACK).await {
                log.note(&format!("warning: {line}"));
            }
        }));
    }

    /// Gives back what is not yet, and waits for it.
    pub(crate) async fn finish(mut self) {
        self.end_if(true);
        if let Some(rest) = self.pump {
            rest.await;
        }
    }
}
