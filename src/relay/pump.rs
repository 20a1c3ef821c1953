//! A pump: one direction of the relay, or another task of a session, that runs beside the others until it ends.

use std::future::pending;
use std::pin::Pin;

/// A task that runs until its end. `None` once it has ended.
pub(super) type Pump<'a> = Option<Pin<Box<dyn Future<Output = ()> + 'a>>>;

/// Runs a pump to its end, once; a pump that has ended never ends again.
pub(super) async fn run(pump: &mut Pump<'_>) {
    match pump {
        Some(running) => {
            running.await;
            *pump = None;
        }
        None => pending().await,
    }
}
