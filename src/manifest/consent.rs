//! Whether a server may be installed and started: what is recorded of it, held against what the manifest and the
//! lockfile say now.
//!
//! The check has two steps because a launch reads two files, each once: the manifest entry is judged as it was read, and
//! later the very lock entry whose install is about to start. Nothing is started between a judgement and a second look.

use super::server::{Level, Server};
use crate::store::Digest;
use crate::trust::{Head, Ledger, Subject, TrustError};

/// A server whose manifest entry may run; its lock entry is still to be judged.
#[derive(Debug)]
#[must_use = "the lock entry is not judged yet"]
pub struct Allowed<'a> {
    server: &'a Server,
    ledger: &'a Ledger,
    /// What a person accepted, for a project's server.
    accepted: Option<Head>,
}

impl Server {
    /// What records of this server are filed under.
    pub fn subject(&self) -> Subject<'_> {
        Subject { manifest: &self.resolved, server: &self.name }
    }

    /// Judges the manifest entry: one of the user's own may run, a project's if exactly it was accepted.
    ///
    /// # Errors
    /// It was not, or what is recorded cannot be read.
    pub fn allow<'a>(&'a self, ledger: &'a Ledger) -> Result<Allowed<'a>, TrustError> {
        let accepted = match self.level {
            Level::User => None,
            Level::Project => Some(self.accepted(ledger)?),
        };
        Ok(Allowed { server: self, ledger, accepted })
    }

    fn accepted(&self, ledger: &Ledger) -> Result<Head, TrustError> {
        let (server, manifest) = (self.name.clone(), self.manifest.clone());
        let head = ledger.head(self.subject())?;
        match head.as_ref().and_then(|head| head.entry.as_ref()) {
            None => Err(TrustError::Untrusted { server, manifest }),
            Some(entry) if *entry != self.digest().to_string() => {
                Err(TrustError::EntryChanged { server, manifest })
            }
            Some(_) => head.ok_or(TrustError::Untrusted { server, manifest }),
        }
    }
}

impl Allowed<'_> {
    /// Judges the lock entry that a launch would use: one of the user's own is to be the one that was synced, a project's
    /// the one that was accepted. `None` is for what has no lock entry.
    ///
    /// # Errors
    /// It is another one, or what is recorded cannot be read.
    pub fn run(self, lock: Option<&Digest>) -> Result<(), TrustError> {
        let lock = lock.map(Digest::to_string);
        let server = self.server.name.clone();
        match self.accepted {
            Some(head) if head.lock == lock => Ok(()),
            Some(_) => {
                let manifest = self.server.manifest.clone();
                Err(TrustError::LockChanged { server, manifest })
            }
            None if lock.is_none() => Ok(()),
            None => match self.ledger.head(self.server.subject())? {
                Some(head) if head.lock == lock => Ok(()),
                _ => Err(TrustError::NotSynced { server }),
            },
        }
    }

    /// Judges the lock entry that is about to be installed: any of the user's own, the accepted one of a project.
    ///
    /// # Errors
    /// It is another one.
    pub fn install(self, lock: &Digest) -> Result<(), TrustError> {
        match self.server.level {
            Level::User => Ok(()),
            Level::Project => self.run(Some(lock)),
        }
    }
}
