//! Which session bus to speak to, and a connection to it.
//!
//! `DBUS_SESSION_BUS_ADDRESS` if it is set, else `bus` in `XDG_RUNTIME_DIR`, else `/run/user/<our user id>/bus`, because
//! most MCP clients pass neither variable on. Both are attacker input: an address is a socket in the file system that
//! belongs to us, in a folder that nobody else can change, with a process of ours behind it; `unixexec:`, which starts a
//! program, `tcp:` and every other transport are refused by name.

use std::path::{Path, PathBuf};

use super::{Failure, no_service};
use crate::sys::env::OwnEnv;
use crate::sys::os;
use crate::sys::permission::Insecure;

/// Where the bus may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bus {
    /// At one of these sockets: the first that is there.
    At(Vec<PathBuf>),
    /// Nowhere: the variable asks for what we do not do.
    Refused,
}

impl Bus {
    /// What the environment and our user id say. Does no I/O.
    pub(super) fn of(env: &OwnEnv) -> Self {
        let given = |name: &str| env.var(name).filter(|value| !value.is_empty());
        if let Some(address) = given(VARIABLE) {
            let socket = address.to_str().and_then(socket);
            return socket.map_or(Self::Refused, |socket| Self::At(vec![socket]));
        }
        let named = given("XDG_RUNTIME_DIR").map(Path::new).filter(|folder| folder.is_absolute());
        let usual = PathBuf::from(format!("/run/user/{}", os::user_id()));
        Self::At(
            named.into_iter().chain([usual.as_path()]).map(|folder| folder.join("bus")).collect(),
        )
    }

    /// Connects to the bus.
    ///
    /// # Errors
    /// There is none, or it is not ours.
    pub(super) async fn connect(&self) -> Result<zbus::Connection, Failure> {
        let Self::At(sockets) = self else { return Err(refused()) };
        for socket in sockets {
            match os::connect_owned(socket).await {
                Ok(stream) => {
                    let builder = zbus::connection::Builder::unix_stream(stream);
                    return builder.build().await.map_err(|error| no_bus(socket, &error));
                }
                Err(insecure) if insecure.is_missing() => {}
                Err(Insecure::Read { source, .. }) => return Err(no_bus(socket, &source)),
                Err(insecure) => return Err(Failure::Insecure(insecure)),
            }
        }
        let looked: Vec<String> =
            sockets.iter().map(|path| format!("`{}`", path.display())).collect();
        Err(no_service(format!("there is no session bus at {}", looked.join(" or "))))
    }
}

const VARIABLE: &str = "DBUS_SESSION_BUS_ADDRESS";

/// The path of the first address of a list that is a socket in the file system. D-Bus specification, "Server Addresses".
fn socket(addresses: &str) -> Option<PathBuf> {
    addresses.split(';').find_map(|address| {
        let keys = address.strip_prefix("unix:")?;
        let path = keys.split(',').find_map(|pair| pair.strip_prefix("path="))?;
        Some(PathBuf::from(unescaped(path)?)).filter(|path| path.is_absolute())
    })
}

/// Undoes the `%xx` of an address.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn refused() -> Failure {
    Failure::Denied {
        reason: format!(
            "`{VARIABLE}` does not name a socket in the file system, so it is not used"
        ),
        hint: format!(
            "remove `{VARIABLE}` from the environment that starts hushpipe: it finds your usual bus without it"
        ),
    }
}

fn no_bus(socket: &Path, error: &dyn std::error::Error) -> Failure {
    no_service(format!("no session bus answers at `{}`: {error}", socket.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(variables: &[(&str, &str)]) -> Bus {
        Bus::of(&OwnEnv::of(variables.iter().copied()))
    }

    fn sockets(paths: &[&str]) -> Bus {
        Bus::At(paths.iter().map(PathBuf::from).collect())
    }

    #[test]
    fn the_usual_bus_is_found_without_any_variable() {
        let usual = format!("/run/user/{}/bus", os::user_id());
        assert_eq!(at(&[]), sockets(&[&usual]));
        assert_eq!(at(&[(VARIABLE, ""), ("XDG_RUNTIME_DIR", "")]), sockets(&[&usual]));
        assert_eq!(at(&[("XDG_RUNTIME_DIR", "/a")]), sockets(&["/a/bus", &usual]));
        assert_eq!(at(&[("XDG_RUNTIME_DIR", "a")]), sockets(&[&usual]));
    }

    #[test]
    fn an_address_is_a_socket_in_the_file_system_or_is_refused() {
        for (address, socket) in [
            ("unix:path=/a/bus", "/a/bus"),
            ("unix:path=/a/bus,guid=5f77e205d36e2dba", "/a/bus"),
            ("unix:guid=5f77e205d36e2dba,path=/a/b%20%25", "/a/b %"),
            ("tcp:host=10.0.0.1,port=1;unix:path=/a/bus", "/a/bus"),
        ] {
            assert_eq!(at(&[(VARIABLE, address), ("XDG_RUNTIME_DIR", "/b")]), sockets(&[socket]));
        }
        for address in [
            "unixexec:path=/bin/sh,argv1=-c,argv2=id",
            "tcp:host=127.0.0.1,port=5556",
            "nonce-tcp:host=127.0.0.1,port=5556,noncefile=/a",
            "unix:abstract=/tmp/dbus-x",
            "unix:path=relative",
            "unix:path=/a%0",
            "unix:path=/a%zz",
            "unix:path=/a%00b",
            "autolaunch:",
            "launchd:env=DBUS_LAUNCHD",
            "/a/bus",
        ] {
            assert_eq!(at(&[(VARIABLE, address)]), Bus::Refused, "{address}");
        }
    }
}
