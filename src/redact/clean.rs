//! Bytes that may be shown to the client.

use std::borrow::Cow;
use std::sync::Arc;

use super::Finding;

/// Bytes that may be shown to the client: the only ones its writers take, and only a [`Redactor`](super::Redactor) makes
/// them.
pub struct Clean<'a>(Bytes<'a>);

enum Bytes<'a> {
    Plain(Cow<'a, [u8]>),
    /// A message that is as it came, and that other threads hold too.
    Shared(Arc<Vec<u8>>),
}

/// A text after redaction.
#[must_use]
pub struct Cleaned<'a> {
    /// What may leave.
    pub clean: Clean<'a>,
    /// What was found, the first hundred of it.
    pub findings: Vec<Finding>,
}

impl<'a> Clean<'a> {
    pub(super) fn new(bytes: Cow<'a, [u8]>) -> Self {
        Self(Bytes::Plain(bytes))
    }

    /// The same, borrowed from nobody. Where nothing was changed, it is this message.
    pub(super) fn or_shared(self, unchanged: &Arc<Vec<u8>>) -> Clean<'static> {
        match self.0 {
            Bytes::Plain(Cow::Owned(changed)) => Clean::new(Cow::Owned(changed)),
            Bytes::Plain(Cow::Borrowed(_)) | Bytes::Shared(_) => {
                Clean(Bytes::Shared(Arc::clone(unchanged)))
            }
        }
    }

    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Plain(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}
