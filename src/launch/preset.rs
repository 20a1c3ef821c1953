//! Presets: sets of variables that servers of one kind want, by one word in the manifest.
//!
//! A preset is data: names, and where each value comes from. Proxies, certificate authorities and Docker's settings come
//! from the machine record only, because our own environment is what a project's client configuration can set. A
//! socket's address changes with each session, so ours is taken, but only where the socket belongs to this user or root.

use std::path::Path;

use schemars::JsonSchema;

use crate::sys::env::OwnEnv;
use crate::sys::machine::{Machine, variable};
use crate::sys::os;

/// A set of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Preset {
    /// For Node servers: the machine's certificate authorities, and no look for updates at each start.
    Node,
    /// For Python servers: the machine's certificate authorities, UTF-8 whatever the locale, unbuffered output.
    Python,
    /// The machine's proxies and certificate authorities, for Node too, which by itself heeds no proxy.
    CorpProxy,
    /// Where Docker's daemon is.
    Docker,
    /// The SSH agent's socket.
    Ssh,
}

/// Where a variable's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VariableSource {
    /// The machine record.
    Record,
    /// Always this.
    Always(&'static str),
    /// Our own environment where it names a socket of this user or root, else the machine record.
    Socket,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Node, Self::Python, Self::CorpProxy, Self::Docker, Self::Ssh];

    /// The word that the manifest uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
            Self::CorpProxy => "corp-proxy",
            Self::Docker => "docker",
            Self::Ssh => "ssh",
        }
    }

    /// The preset of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its variables that have a value here, in order.
    pub(super) fn values(
        self,
        own: &OwnEnv,
        record: Option<&Machine>,
    ) -> Vec<(&'static str, String)> {
        let value = |(name, source): (&'static str, VariableSource)| {
            let value = match source {
                VariableSource::Always(value) => Some(value.to_owned()),
                VariableSource::Record => record.and_then(|record| recorded(record, name)),
                VariableSource::Socket => socket(name, own, record),
            };
            value.map(|value| (name, value))
        };
        self.variables().into_iter().filter_map(value).collect()
    }

    /// What it is made of.
    fn variables(self) -> Vec<(&'static str, VariableSource)> {
        let record = |names: &[&'static str]| -> Vec<(&'static str, VariableSource)> {
            names.iter().map(|name| (*name, VariableSource::Record)).collect()
        };
        match self {
            // `NO_UPDATE_NOTIFIER` is what the package `update-notifier` reads.
            Self::Node => [
                record(&["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"]),
                vec![("NO_UPDATE_NOTIFIER", VariableSource::Always("1"))],
            ]
            .concat(),
            Self::Python => [
                record(&["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]),
                vec![
                    ("PYTHONUTF8", VariableSource::Always("1")),
                    ("PYTHONUNBUFFERED", VariableSource::Always("1")),
                ],
            ]
            .concat(),
            // Node 22.21 and 24 heed proxies when told to; 22.19 and 24.6 read the system's authorities when told to.
            Self::CorpProxy => [
                record(variable::PROXIES),
                record(variable::AUTHORITIES),
                vec![
                    ("NODE_USE_ENV_PROXY", VariableSource::Always("1")),
                    ("NODE_USE_SYSTEM_CA", VariableSource::Always("1")),
                ],
            ]
            .concat(),
            Self::Docker => variable::DOCKER
                .iter()
                .map(|name| match *name {
                    "DOCKER_HOST" => (*name, VariableSource::Socket),
                    name => (name, VariableSource::Record),
                })
                .collect(),
            Self::Ssh => variable::SSH.iter().map(|name| (*name, VariableSource::Socket)).collect(),
        }
    }
}

/// What the record has under a name; of a proxy also under the name in the other case, since programs disagree on it.
fn recorded(record: &Machine, name: &str) -> Option<String> {
    let other = || {
        let other = |proxy: &&&str| **proxy != name && proxy.eq_ignore_ascii_case(name);
        record.variable(variable::PROXIES.iter().find(other)?)
    };
    record.variable(name).or_else(other).map(str::to_owned)
}

/// The address of a socket that nobody else could have made.
fn socket(name: &str, own: &OwnEnv, record: Option<&Machine>) -> Option<String> {
    let path = |value: &str| value.strip_prefix("unix://").unwrap_or(value).to_owned();
    let is_ours = |value: &&str| os::is_own_socket(Path::new(&path(value)));
    // Another host, or a pipe of Windows: the record's word for it is enough.
    let is_elsewhere = |value: &&str| !value.starts_with('/') && !value.starts_with("unix://");
    let recorded = || record.and_then(|record| record.variable(name));
    let recorded = || recorded().filter(|value| is_elsewhere(value) || is_ours(value));
    own.text(name).filter(is_ours).or_else(recorded).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::loader::redirects;

    fn machine(variables: &[(&str, &str)]) -> Machine {
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Machine { variables, ..Machine::default() }
    }

    #[test]
    fn no_preset_redirects_a_loader() {
        for preset in Preset::ALL {
            assert_eq!(Preset::named(preset.name()), Some(preset));
            for (name, _) in preset.variables() {
                assert!(!redirects(name), "{name}");
            }
        }
    }

    #[test]
    fn proxies_come_from_the_record_in_both_cases_and_never_from_our_environment() {
        let own =
            OwnEnv::of([("HTTPS_PROXY", "http://attacker:1"), ("SSL_CERT_FILE", "/evil.pem")]);
        let record = machine(&[("https_proxy", "http://proxy:8080"), ("NO_PROXY", "localhost")]);
        let values = Preset::CorpProxy.values(&own, Some(&record));
        let expected = [
            ("HTTPS_PROXY", "http://proxy:8080"),
            ("NO_PROXY", "localhost"),
            ("https_proxy", "http://proxy:8080"),
            ("no_proxy", "localhost"),
            ("NODE_USE_ENV_PROXY", "1"),
            ("NODE_USE_SYSTEM_CA", "1"),
        ];
        assert_eq!(values, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_passed_when_it_is_ours_and_is_one() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("agent");
        let _listener = std::os::unix::net::UnixListener::bind(&path).expect("bound");
        let (socket, file) = (path.display().to_string(), folder.path().join("file"));
        std::fs::write(&file, "").expect("written");
        let file = file.display().to_string();
        let ssh = |own: &str, recorded: &str| {
            let own = OwnEnv::of([("SSH_AUTH_SOCK", own)]);
            Preset::Ssh.values(&own, Some(&machine(&[("SSH_AUTH_SOCK", recorded)])))
        };
        assert_eq!(ssh(&socket, "/nowhere"), [("SSH_AUTH_SOCK", socket.clone())]);
        assert_eq!(ssh(&file, &socket), [("SSH_AUTH_SOCK", socket.clone())]);
        assert_eq!(ssh(&file, "/nowhere"), []);
        assert_eq!(ssh("relative", &file), []);

        let docker = |own: &str, recorded: &str| {
            let own = OwnEnv::of([("DOCKER_HOST", own)]);
            Preset::Docker.values(&own, Some(&machine(&[("DOCKER_HOST", recorded)])))
        };
        let address = format!("unix://{socket}");
        assert_eq!(docker(&address, ""), [("DOCKER_HOST", address)]);
        let remote = "ssh://me@docker".to_owned();
        assert_eq!(docker("tcp://attacker:2375", &remote), [("DOCKER_HOST", remote)]);
    }
}
