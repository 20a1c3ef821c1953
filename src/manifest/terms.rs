//! What a person accepts when they trust a server: the whole manifest entry and the whole lock entry, as digests and in
//! words.
//!
//! The digest covers everything that decides what runs and what it gets, every profile included, and nothing of how it is
//! written: comments, spaces and the order of keys are free. A field that a server gains must be placed here before
//! this compiles. The words name packages, references and variables; values stand beside them, for the screen only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::argument::{Argument, Word};
use super::lock::{LockEntry, LockError};
use super::read::{DRAIN, GRACE};
use super::server::{Cwd, Integrity, RuntimeChoice, Server};
use crate::launch::env::EnvSettings;
use crate::redact::settings::SettingWords;
use crate::relay::wire::frame;
use crate::runner::pypi::Pin;
use crate::runner::{NpmPackage, Package, PypiPackage};
use crate::secret::SecretRequest;
use crate::store::Digest;
use crate::trust::{Fact, FactKey, Terms, mark};

impl Server {
    /// The digest of all that the manifest entry decides.
    pub(super) fn digest(&self) -> Digest {
        Digest::hash(self.canonical().to_string().as_bytes())
    }

    /// What a person would accept: this entry, and the lock entry where there is one.
    ///
    /// # Errors
    /// The lock entry does not read.
    pub fn terms(&self, lock: Option<&LockEntry>) -> Result<Terms, LockError> {
        let packages = match lock {
            Some(entry) => locked_packages(entry)?,
            None => BTreeMap::new(),
        };
        let mut facts = self.facts();
        if let Some(entry) = lock {
            let says = format!("has the entry point `{}`", entry.head()?.entry);
            facts.insert(FactKey::EntryPoint, Fact { says, value: None });
        }
        Ok(Terms {
            entry: self.digest().to_string(),
            lock: lock.map(|entry| entry.digest().to_string()),
            facts,
            packages,
        })
    }

    /// The entry in one fixed form.
    fn canonical(&self) -> Value {
        let Self {
            name,
            level: _,
            manifest: _,
            resolved: _,
            package,
            allow_scripts,
            bin,
            runtime,
            args,
            cwd,
            grace,
            drain,
            frame_limit,
            integrity,
            // One of `requests`, which has them all.
            secrets: _,
            requests,
            env: EnvSettings { plain, presets, pass, dangerously_pass },
            redact,
        } = self;
        let requests = requests.iter().map(|(profile, requests)| {
            json!([profile, requests.iter().map(canonical_request).collect::<Vec<_>>()])
        });
        json!({
            "form": 1,
            "name": name,
            "package": canonical_package(package, allow_scripts),
            "bin": bin,
            "runtime": match runtime {
                None => Value::Null,
                Some(RuntimeChoice::Path(path)) => json!(path),
                Some(RuntimeChoice::Version(version)) => json!(["version", version]),
            },
            "args": args.iter().map(canonical_argument).collect::<Vec<_>>(),
            "cwd": match cwd {
                Cwd::Client => Value::Null,
                Cwd::Path(path) => json!(path),
            },
            "times": [grace.as_micros() as u64, drain.as_micros() as u64],
            "frame_limit": frame_limit,
            "full": *integrity == Integrity::Full,
            "secrets": requests.collect::<Vec<_>>(),
            "plain": plain,
            "presets": presets.iter().map(|preset| preset.name()).collect::<Vec<_>>(),
            "pass": pass,
            "dangerously_pass": dangerously_pass,
            "redact": redact,
        })
    }

    /// What comes with the package, and whose code runs when it is installed.
    fn facts_of_packages(&self) -> Vec<(FactKey, String)> {
        let mut facts = Vec::new();
        if let Package::Pypi(PypiPackage { with, allow_sdist, .. }) = &self.package {
            for package in with {
                let says = format!("installs {package} beside it");
                facts.push((FactKey::With(package.to_string()), says));
            }
            for package in allow_sdist {
                let says = format!("builds {package} from source, which runs its code");
                facts.push((FactKey::SourceBuild(package.to_string()), says));
            }
        }
        for package in &self.allow_scripts {
            let says = format!("runs the install scripts of {package}");
            facts.push((FactKey::InstallScripts(package.to_string()), says));
        }
        facts
    }

    fn facts(&self) -> BTreeMap<FactKey, Fact> {
        let mut facts = BTreeMap::new();
        let mut say = |key: FactKey, says: String, value: Option<String>| {
            facts.insert(key, Fact { says, value });
        };
        let package = self.package.to_string();
        say(FactKey::Package, format!("starts {package}"), None);
        if let Package::Binary(binary) = &self.package {
            say(FactKey::Sha256, format!("has the digest {}", binary.sha256), None);
        }
        if let Some(bin) = &self.bin {
            say(FactKey::Bin, format!("starts its program `{bin}`"), None);
        }
        if let Some(RuntimeChoice::Version(version)) = &self.runtime {
            let language = if matches!(self.package, Package::Pypi(_)) { "Python" } else { "Node" };
            say(FactKey::Runtime, format!("runs on {language} {version}"), None);
        }
        for (key, says) in self.facts_of_packages() {
            say(key, says, None);
        }
        if !self.args.is_empty() {
            let args = json!(self.args.iter().map(canonical_argument).collect::<Vec<_>>());
            say(FactKey::Args, "has the arguments".into(), Some(args.to_string()));
        }
        if let Cwd::Path(path) = &self.cwd {
            say(FactKey::Cwd, format!("works in `{}`", path.display()), None);
        }
        for (profile, requests) in &self.requests {
            for (variable, says) in requests.iter().flat_map(|asked| gets(&package, asked)) {
                let (key, says) = match profile {
                    None => (FactKey::Secret(variable), says),
                    Some(profile) => {
                        let says = format!("with profile `{profile}`, {says}");
                        (FactKey::ProfileSecret { profile: profile.clone(), variable }, says)
                    }
                };
                say(key, says, None);
            }
        }
        for (name, value) in &self.env.plain {
            let value = Some(json!(value).to_string());
            say(FactKey::Variable(name.clone()), format!("has `{name}` set to"), value);
        }
        for preset in &self.env.presets {
            let says = format!("gets the variables of the preset `{}`", preset.name());
            say(FactKey::Preset(preset.name().to_owned()), says, None);
        }
        for pattern in &self.env.pass {
            let says = format!("gets `{pattern}` from hushpipe's own environment");
            say(FactKey::Pass(pattern.clone()), says, None);
        }
        for (key, says) in self.limits() {
            say(FactKey::Limit(key.to_owned()), says, None);
        }
        facts.extend(self.redaction());
        facts
    }

    /// What is said of redaction.
    fn redaction(&self) -> impl Iterator<Item = (FactKey, Fact)> {
        let said = self.redact.words().into_iter();
        let said = said.map(|SettingWords { key, says, .. }| (key, Fact { says, value: None }));
        let rules = self.redact.rules.iter().map(|rule| {
            let says = format!("adds the redaction rule `{}`", rule.id);
            (format!("rule {}", rule.id), Fact { says, value: Some(json!(rule).to_string()) })
        });
        said.chain(rules).map(|(key, fact)| (FactKey::Redaction(key), fact))
    }

    /// Settings that are not as they are where nothing is said.
    fn limits(&self) -> Vec<(&'static str, String)> {
        let mut limits = Vec::new();
        if self.grace != GRACE {
            limits.push(("grace", format!("gets {:?} to stop before it is killed", self.grace)));
        }
        if self.drain != DRAIN {
            limits.push((
                "drain",
                format!("gets {:?} to answer open requests when the client closes", self.drain),
            ));
        }
        if self.frame_limit != frame::DEFAULT_LIMIT {
            limits.push((
                "frame_limit",
                format!("may send messages of up to {} bytes", self.frame_limit),
            ));
        }
        if self.integrity == Integrity::Full {
            limits.push(("integrity", "has every installed file hashed at each start".to_owned()));
        }
        limits
    }
}

/// What is started in one fixed form. A form that was accepted before `allow_scripts` existed stays as it was.
fn canonical_package(package: &Package, allow_scripts: &[NpmPackage]) -> Value {
    match package {
        Package::Npm(package) if allow_scripts.is_empty() => json!(["npm", package.to_string()]),
        Package::Npm(package) => {
            let scripts: Vec<_> = allow_scripts.iter().map(ToString::to_string).collect();
            json!(["npm", package.to_string(), scripts])
        }
        Package::Pypi(PypiPackage { main, with, allow_sdist }) => {
            json!(["pypi", main.to_string(), texts(with), texts(allow_sdist)])
        }
        Package::Binary(binary) => json!(["binary", binary.path, binary.sha256]),
        Package::Command(program) => json!(["command", program]),
    }
}

fn canonical_argument(argument: &Argument) -> Value {
    match &argument.word {
        Word::Plain(text) => json!(text),
        Word::Secret(reference) => json!({ "dangerously_arg": reference.to_string() }),
    }
}

/// For each variable of a request, what the package gets.
fn gets(package: &str, request: &SecretRequest) -> Vec<(String, String)> {
    let sentence = |variable: &str, reference| {
        (variable.to_owned(), format!("{package} gets {reference} as `{variable}`"))
    };
    request.per_variable().map(|(variable, reference)| sentence(variable, reference)).collect()
}

fn texts(pins: &[Pin]) -> Vec<String> {
    pins.iter().map(Pin::to_string).collect()
}

fn canonical_request(request: &SecretRequest) -> Value {
    let SecretRequest { variables, reference, fields, deliver, sensitive, default } = request;
    json!([variables, reference.to_string(), fields, deliver, sensitive, default])
}

/// The packages of a lock entry, each with a mark of its hashes.
fn locked_packages(entry: &LockEntry) -> Result<BTreeMap<String, String>, LockError> {
    let mut hashes: BTreeMap<String, String> = BTreeMap::new();
    for (package, hash) in entry.locked()?.closure() {
        hashes.entry(package).or_default().push_str(hash);
    }
    Ok(hashes.into_iter().map(|(name, hash)| (name, mark(hash.as_bytes()))).collect())
}

#[cfg(test)]
mod tests;
