//! `hushpipe.toml` and `hushpipe.lock`: finding, reading, checking, composing what each part owns.
//!
//! [`load`] is the way in. It reads the user manifest and, where one is named, a project manifest; a server of the user
//! wins over one of the same name in a project. What comes out cannot be wrong: every name, version, path and reference
//! has been checked, and every mistake of a file is reported with its place. No message shows a value.

mod argument;
mod consent;
pub mod error;
mod excerpt;
pub mod find;
pub mod lock;
mod mistake;
pub mod names;
mod read;
pub mod schema;
pub mod server;
mod source;
mod table;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::provider::ProviderConfig;
use crate::sys::path::Paths;
pub use argument::{Argument, ArgumentPlace, Word};
pub use consent::Allowed;
pub use error::Error;
pub(crate) use excerpt::looks_opaque;
pub use find::Sources;
pub(crate) use read::duration;
use read::{Contents, Reading};
pub use server::{Cwd, Integrity, Level, RuntimeChoice, Server};
use source::Source;

/// Every server that is at hand.
#[derive(Debug)]
pub struct Manifest {
    /// The servers by name.
    pub servers: BTreeMap<String, Server>,
    /// The user's `[providers.<name>]`.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The files that were read, the user's first.
    pub files: Vec<PathBuf>,
    /// Servers of the project manifest that one of the user's hides by its name.
    pub hidden: Vec<String>,
    /// What is wrong elsewhere in a manifest of which only one server was read.
    pub elsewhere: Option<Error>,
}

/// Reads the user manifest, and the project manifest if `sources` names one.
///
/// # Errors
/// Neither is there; one is unreadable, larger than 1 MiB or could have been written by somebody else; something in one is
/// wrong; neither has the profile that `sources` names.
pub fn load(sources: &Sources, paths: &Paths) -> Result<Manifest, Error> {
    load_part(sources, paths, None)
}

/// The same for everything, or for one server and what it needs.
fn load_part(sources: &Sources, paths: &Paths, only: Option<&str>) -> Result<Manifest, Error> {
    let profile = sources.profile.as_deref();
    let reading = |level, providers| Reading { level, profile, providers, paths, only };
    let none = BTreeMap::new();
    let user = paths.manifest();
    let project = sources.project_path(paths);
    let own = match Source::read(&user) {
        Ok(source) => Some(read::contents(&source, reading(Level::User, &none))?),
        Err(Error::Unreadable(cause)) if cause.is_missing() && project.is_some() => None,
        Err(Error::Unreadable(cause)) if cause.is_missing() => return Err(Error::Missing(user)),
        Err(error) => return Err(error),
    };
    let of_project = match &project {
        Some(path) => {
            let providers = own.as_ref().map_or(&none, |own| &own.providers);
            Some(read::contents(&read_project(path)?, reading(Level::Project, providers))?)
        }
        None => None,
    };
    let files = own.iter().map(|_| user.clone()).chain(project).collect();
    let mut manifest = Manifest {
        servers: BTreeMap::new(),
        providers: BTreeMap::new(),
        files,
        hidden: Vec::new(),
        elsewhere: None,
    };
    let mut profiles = Vec::new();
    // The user's entries go in last: on a name clash they win.
    for contents in [of_project, own].into_iter().flatten() {
        let Contents { providers, servers, profiles: names } = contents;
        manifest.providers.extend(providers);
        for (name, server) in servers {
            if manifest.servers.insert(name.clone(), server).is_some() {
                manifest.hidden.push(name);
            }
        }
        profiles.extend(names);
    }
    match profile.filter(|name| !profiles.iter().any(|known| known == name)) {
        Some(name) => Err(Error::UnknownProfile { name: name.to_owned(), known: profiles }),
        None => Ok(manifest),
    }
}

/// The same for one server, as `run` needs it. A mistake elsewhere in the file is set down in [`Manifest::elsewhere`] and
/// keeps no other server from starting. If the server is the user's own, a project manifest is not even read, so that a
/// broken one, or whoever names one in our environment, cannot keep it from starting either.
///
/// # Errors
/// As [`load`]. That no manifest has the server is for [`Manifest::server`] to say.
pub fn load_for(server: &str, sources: &Sources, paths: &Paths) -> Result<Manifest, Error> {
    let alone = Sources { project: None, profile: sources.profile.clone() };
    match load_tolerantly(server, &alone, paths) {
        Ok(manifest) if manifest.servers.contains_key(server) => Ok(manifest),
        Ok(_) | Err(Error::Missing(_) | Error::UnknownProfile { .. }) => {
            load_tolerantly(server, sources, paths)
        }
        Err(error) => Err(error),
    }
}

fn load_tolerantly(server: &str, sources: &Sources, paths: &Paths) -> Result<Manifest, Error> {
    match load(sources, paths) {
        Err(elsewhere @ Error::Invalid { .. }) => {
            let manifest = load_part(sources, paths, Some(server))?;
            Ok(Manifest { elsewhere: Some(elsewhere), ..manifest })
        }
        all => all,
    }
}

fn read_project(path: &std::path::Path) -> Result<Source, Error> {
    Source::read(path).map_err(|error| match error {
        Error::Unreadable(cause) if cause.is_missing() => Error::MissingProject(path.to_owned()),
        error => error,
    })
}

impl Manifest {
    /// The server of this name.
    ///
    /// # Errors
    /// There is none; the error's hint has the nearest name, or all of them.
    pub fn server(&self, name: &str) -> Result<&Server, Error> {
        self.servers.get(name).ok_or_else(|| Error::UnknownServer {
            name: name.to_owned(),
            known: self.servers.keys().cloned().collect(),
        })
    }

    /// The servers of these names in this order, or all of them where none is named.
    ///
    /// # Errors
    /// A name that no server has.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Server>, Error> {
        if names.is_empty() {
            return Ok(self.servers.values().collect());
        }
        names.iter().map(|name| self.server(name)).collect()
    }
}
