//! Reading: which engine a path belongs to, and what it answers.
//!
//! The engine is asked for as the Vault CLI asks (`sys/internal/ui/mounts/<path>`), unless the manifest says that a mount
//! is KV and of which version. Where the server does not know the question, it is an old or a small one: the path is
//! read as it stands, and then as KV version 2 has it. Whatever may be no KV is never read twice: an engine that makes
//! accounts makes one for each reading.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::Answer;
use super::dynamic;
use super::http::{Link, VaultCall};
use super::session::VaultSession;
use super::settings::{Kv, Version};
use super::value;
use crate::provider::{Failure, Fetched, Leases};
use crate::secret::SecretRef;
use crate::sys::{clock, permission};

/// A reference as the place that it is on a server.
pub(super) struct KvPlace<'a> {
    reference: &'a SecretRef,
    /// Mount and path, without slashes around them.
    path: &'a str,
    version: Option<u32>,
    /// What the manifest says of the mount.
    told: Option<(&'a str, Version)>,
}

/// What a path belongs to.
#[derive(Debug, PartialEq, Eq)]
enum Engine {
    /// KV of version 1, or what is read like it.
    One,
    /// KV of version 2, at this mount.
    Two(String),
    /// One that may make what it gives.
    Making,
    /// The server does not say.
    Unknown,
}

/// The part of a mount's description that we need.
#[derive(Deserialize)]
struct Mount {
    path: String,
    #[serde(rename = "type", default)]
    engine: String,
    #[serde(default)]
    options: Option<Options>,
}

#[derive(Deserialize)]
struct Options {
    #[serde(default)]
    version: Option<String>,
}

/// What KV version 2 puts around its data.
#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    created_time: Option<String>,
    #[serde(default)]
    deletion_time: Option<String>,
    #[serde(default)]
    destroyed: bool,
    #[serde(default)]
    version: Option<u64>,
}

const NO_VERSIONS: Failure = Failure::BadPath {
    reason: "only KV version 2 keeps versions: leave `?version=` out of the reference",
};

impl<'a> KvPlace<'a> {
    /// The place that a reference names. Does no I/O.
    ///
    /// # Errors
    /// [`Failure::BadPath`].
    pub(super) fn of(reference: &'a SecretRef, kv: Option<&Kv>) -> Result<Self, Failure> {
        let bad = |reason| Err(Failure::BadPath { reason });
        let path = reference.path.as_str();
        let parts: Vec<&str> = path.split('/').collect();
        if parts.len() < 2 || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return bad(
                "a `vault` reference is a mount and a path, as in `vault://kv/team/app#field`",
            );
        }
        if path.contains(|c: char| c.is_control()) {
            return bad("a path on a Vault server cannot contain control characters");
        }
        if matches!(parts[0], "sys" | "auth") {
            return bad("`sys` and `auth` of a Vault server contain no secrets");
        }
        let version = match reference.query.get("version").map(|text| text.parse()) {
            None => None,
            Some(Ok(version)) if version > 0 => Some(version),
            Some(_) => return bad("`version` is a number from 1"),
        };
        let told = kv.and_then(|kv| kv.mount_of(path));
        if version.is_some() && told.is_some_and(|(_, kv)| kv == Version::One) {
            return Err(NO_VERSIONS);
        }
        Ok(Self { reference, path, version, told })
    }

    /// Reads what stands there.
    ///
    /// # Errors
    /// There is nothing, or the server does not give it.
    pub(super) async fn read(
        &self,
        link: &Arc<Link>,
        session: &VaultSession,
        leases: &Leases,
    ) -> Result<Fetched, Failure> {
        let engine = match self.told {
            Some((_, Version::One)) => Engine::One,
            Some((mount, Version::Two)) => Engine::Two(mount.to_owned()),
            None => self.engine(link, session).await?,
        };
        match engine {
            Engine::Two(mount) => self.read_versioned(&mount, link, session).await,
            Engine::Unknown => self.read_either(link, session, leases).await,
            _ if self.version.is_some() => Err(NO_VERSIONS),
            Engine::One => {
                let answer = session.send(link, &VaultCall::get(self.path)).await?;
                self.given(&answer, link, session).await
            }
            Engine::Making => {
                let answer = self.make(link, session, leases).await?;
                if answer.status == 405 {
                    return Err(self.wants_a_write());
                }
                self.given(&answer, link, session).await
            }
        }
    }

    /// Asks the server which engine has the path.
    async fn engine(&self, link: &Link, session: &VaultSession) -> Result<Engine, Failure> {
        let call = VaultCall::get(format!("sys/internal/ui/mounts/{}", self.path));
        let answer = session.send(link, &call).await?;
        match answer.status {
            404 => return Ok(Engine::Unknown),
            403 => return Err(self.not_allowed_to_ask(&answer, link, session).await),
            _ => {}
        }
        let envelope = answer.envelope(&link.place)?;
        let mount: Option<Mount> =
            envelope.data.and_then(|data| serde_json::from_str(data.get()).ok());
        Ok(mount.map_or(Engine::Unknown, |mount| Engine::of(&mount, self.path)))
    }

    /// Reads from a server that does not say which engine there is: as it stands, then as KV version 2.
    async fn read_either(
        &self,
        link: &Arc<Link>,
        session: &VaultSession,
        leases: &Leases,
    ) -> Result<Fetched, Failure> {
        if self.version.is_none() {
            let answer = self.make(link, session, leases).await?;
            if answer.status != 404 {
                return self.given(&answer, link, session).await;
            }
        }
        let mount = self.path.split('/').next().unwrap_or_default();
        self.read_versioned(mount, link, session).await
    }

    async fn read_versioned(
        &self,
        mount: &str,
        link: &Link,
        session: &VaultSession,
    ) -> Result<Fetched, Failure> {
        let below = self.path.get(mount.len()..).unwrap_or_default().trim_start_matches('/');
        let query = self.version.map(|version| format!("version={version}"));
        let call = VaultCall::get(format!("{mount}/data/{below}")).query(query);
        let answer = session.send(link, &call).await?;
        let gone = answer.status == 404;
        if !answer.is_good() && !gone {
            return Err(self.refused(&answer, link, session).await);
        }
        let envelope =
            if gone { answer.read_envelope() } else { Some(answer.envelope(&link.place)?) };
        let versioned: Option<Versioned> =
            envelope.and_then(|envelope| serde_json::from_str(envelope.data?.get()).ok());
        let Some(versioned) = versioned else { return Err(self.missing(&answer, Some(below))) };
        let metadata = versioned.metadata.unwrap_or_default();
        match versioned.data.filter(|data| data.get() != "null") {
            Some(data) => Ok(Fetched {
                version: metadata.version.map(|version| version.to_string()),
                created: metadata.created_time.as_deref().and_then(clock::parse_utc),
                ..Fetched::of(value(data.get())?)
            }),
            None => Err(self.removed(&metadata, mount, below)),
        }
    }

    /// Reads what may be made by that, once.
    async fn make(
        &self,
        link: &Arc<Link>,
        session: &VaultSession,
        leases: &Leases,
    ) -> Result<Answer, Failure> {
        let about = format!("the lease of `{}`", self.reference);
        dynamic::make(VaultCall::get(self.path).once(), about, link, session, leases).await
    }

    /// What an engine that is not KV version 2 answered.
    async fn given(
        &self,
        answer: &Answer,
        link: &Link,
        session: &VaultSession,
    ) -> Result<Fetched, Failure> {
        if answer.status == 404 {
            return Err(self.missing(answer, None));
        }
        if !answer.is_good() {
            return Err(self.refused(answer, link, session).await);
        }
        let envelope = answer.envelope(&link.place)?;
        let lasts = envelope.lease_id.map(|_| dynamic::seconds(envelope.lease_duration));
        match envelope.data.map(RawValue::get).filter(|data| *data != "null") {
            Some(data) => Ok(Fetched { lasts, ..Fetched::of(value(data)?) }),
            None => Err(self.missing(answer, None)),
        }
    }

    /// There is nothing, and as far as the answer tells, why. `below` is the path within KV version 2.
    fn missing(&self, answer: &Answer, below: Option<&str>) -> Failure {
        let reference = self.reference;
        if answer.says("no handler for route") || answer.says("unsupported path") {
            return Failure::NotFound {
                place: format!("an engine that answers to `{reference}`"),
                hint: "`vault secrets list` shows where engines are mounted".to_owned(),
            };
        }
        let hint = match below {
            Some(below) if below.starts_with("data/") => {
                "leave `data/` out of the reference: hushpipe adds it for KV version 2".to_owned()
            }
            Some(_) if self.version.is_some() => {
                format!("`vault kv metadata get {}` lists the versions", word(self.path))
            }
            _ => {
                let folder = self.path.rsplit_once('/').map_or(self.path, |(folder, _)| folder);
                format!("`vault kv list {}` lists the secrets", word(folder))
            }
        };
        Failure::NotFound { place: format!("`{reference}`"), hint }
    }

    /// There was something.
    fn removed(&self, metadata: &Metadata, mount: &str, below: &str) -> Failure {
        let command = |verb: &str| format!("vault kv {verb} -mount={}", word(mount));
        let which = match (self.version, metadata.version) {
            (Some(version), _) => format!("version {version} of `{mount}/{below}`"),
            (None, Some(version)) => format!("the latest version, {version}, of `{mount}/{below}`"),
            (None, None) => format!("the latest version of `{mount}/{below}`"),
        };
        if metadata.destroyed {
            return Failure::Gone {
                reason: format!("{which} was destroyed"),
                hint: format!(
                    "use another version, or write it again: `{} {} …`",
                    command("put"),
                    word(below)
                ),
            };
        }
        let when = metadata.deletion_time.as_deref().and_then(clock::parse_utc).map(clock::utc);
        let when = when.map(|when| format!(" at {when}")).unwrap_or_default();
        let version = self.version.map(u64::from).or(metadata.version);
        let version = version.map_or_else(|| "N".to_owned(), |version| version.to_string());
        Failure::Gone {
            reason: format!("{which} was deleted{when}"),
            hint: format!(
                "restore it with `{} -versions={version} {}`, or use another version",
                command("undelete"),
                word(below)
            ),
        }
    }

    /// An answer that is neither good nor 404.
    async fn refused(&self, answer: &Answer, link: &Link, session: &VaultSession) -> Failure {
        if answer.status != 403 {
            return answer.unusual(&link.place);
        }
        let hint = format!("ask for a policy that allows `read` on `{}`", self.path);
        session.forbidden(answer, link, &format!("reading `{}`", self.reference), hint).await
    }

    async fn not_allowed_to_ask(
        &self,
        answer: &Answer,
        link: &Link,
        session: &VaultSession,
    ) -> Failure {
        let hint = format!(
            "no policy of this login covers `{}`, or nothing is mounted there: ask for a policy; if only the mount lookup is forbidden, set the KV version in the provider's table, as in `kv = 2`",
            self.path
        );
        let what = format!("looking up the engine of `{}`", self.reference);
        session.forbidden(answer, link, &what, hint).await
    }

    fn wants_a_write(&self) -> Failure {
        Failure::NotFound {
            place: format!("anything to read at `{}`", self.reference),
            hint: "this path is for writing: use one that `vault read` can read".to_owned(),
        }
    }
}

impl Engine {
    /// The engine of a mount that a path is in.
    fn of(mount: &Mount, path: &str) -> Self {
        let version = mount.options.as_ref().and_then(|options| options.version.as_deref());
        match (mount.engine.as_str(), version) {
            ("kv", Some("2")) | ("kv-v2", _) => mount_in(path, mount.path.trim_matches('/'))
                .map_or(Self::Unknown, |mount| Self::Two(mount.to_owned())),
            ("kv" | "kv-v1" | "generic" | "cubbyhole", _) => Self::One,
            _ => Self::Making,
        }
    }
}

/// A path as one word of a command that somebody may paste into a shell.
fn word(path: &str) -> String {
    permission::quoted(path.as_ref())
}

/// The part of a path that leads to a mount, its namespace included where the path begins with one.
fn mount_in<'a>(path: &'a str, mount: &str) -> Option<&'a str> {
    let starts = std::iter::once(0).chain(path.match_indices('/').map(|(slash, _)| slash + 1));
    let mut ends = starts.map(|start| start + mount.len());
    let end = ends.find(|end| {
        path.get(end - mount.len()..*end) == Some(mount) && path[*end..].starts_with('/')
    });
    end.map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(described: &str, path: &str) -> Engine {
        Engine::of(&serde_json::from_str(described).expect(described), path)
    }

    #[test]
    fn engines_are_told_by_their_type_and_version() {
        let two = r#"{"path":"team/kv/","type":"kv","options":{"version":"2"},"uuid":"x"}"#;
        assert_eq!(engine(two, "team/kv/app"), Engine::Two("team/kv".to_owned()));
        assert_eq!(engine(two, "ns/team/kv/app"), Engine::Two("ns/team/kv".to_owned()));
        assert_eq!(engine(two, "elsewhere/app"), Engine::Unknown);
        assert_eq!(engine(two, "team/kv"), Engine::Unknown);
        for old in [
            r#"{"path":"kv/","type":"kv","options":null}"#,
            r#"{"path":"kv/","type":"kv","options":{"version":"1"}}"#,
            r#"{"path":"kv/","type":"generic"}"#,
        ] {
            assert_eq!(engine(old, "kv/app"), Engine::One, "{old}");
        }
        assert_eq!(engine(r#"{"path":"db/","type":"database"}"#, "db/creds/ro"), Engine::Making);
        assert_eq!(
            engine(r#"{"path":"kv/"}"#, "kv/app"),
            Engine::Making,
            "unknown is not read twice"
        );
    }
}
