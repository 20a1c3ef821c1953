//! A step that the fetches of one launch share: a login, a connection.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::Failure;

/// Runs a step once and remembers its result. Its failure is remembered too: a wrong password is not tried once for each
/// secret, which could lock the account.
pub(super) struct Once<T>(OnceCell<Result<T, Arc<Failure>>>);

impl<T> Once<T> {
    /// Returns the result of the first call; callers that come meanwhile wait for it.
    ///
    /// # Errors
    /// [`Failure::Shared`] with the failure of the first call.
    pub(super) async fn get_or_try_init(
        &self,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> Result<&T, Failure> {
        let done = self.0.get_or_init(async || step.await.map_err(Arc::new)).await;
        done.as_ref().map_err(|failure| Failure::Shared(Arc::clone(failure)))
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}
