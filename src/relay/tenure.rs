//! What the server's secrets were given for a time with: renewed while it runs, given back beside its end.

use std::time::Duration;

use super::stderr::Log;
use super::{Pump, run};
use crate::provider::Leases;

/// How long giving back may take, from the moment that the server is told to end, or has ended. Clients send KILL 2 s after
/// the TERM that follows the end of our input by 2 s, and 1 to 2 s after a TERM of their own.
pub const GIVE_BACK: Duration = Duration::from_millis(1500);

/// The leases of a session.
pub(super) struct Tenure<'a> {
    leases: &'a Leases,
    log: &'a Log,
    pump: Pump<'a>,
    over: bool,
}

impl<'a> Tenure<'a> {
    /// Leases that are renewed from here on.
    pub(super) fn new(leases: &'a Leases, log: &'a Log) -> Self {
        let keep = async { leases.keep(|line| log.note(&format!("warning: {line}"))).await };
        Self { leases, log, pump: Some(Box::pin(keep)), over: false }
    }

    /// Renews them, or gives them back; ends when there is nothing left to do, and never again.
    pub(super) async fn run(&mut self) {
        run(&mut self.pump).await;
    }

    /// Gives them back from here on. Once.
    pub(super) fn end(&mut self) {
        if std::mem::replace(&mut self.over, true) {
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
    pub(super) async fn finish(mut self) {
        self.end();
        if let Some(rest) = self.pump {
            rest.await;
        }
    }
}
