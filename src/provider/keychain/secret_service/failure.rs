//! What the Secret Service and the bus say when they say no, in our words.

use ::secret_service::Error;
use zbus::DBusError as _;

use super::{Failure, locked, no_service, refused};

/// The failure that an error of the service stands for.
pub(super) fn of(error: Error) -> Failure {
    match &error {
        Error::Locked => locked(),
        Error::Prompt => refused("the keychain is locked, and nobody entered its password"),
        _ => match name(&error).as_deref() {
            Some(LOCKED) => locked(),
            Some(UNKNOWN | NO_OWNER) => no_service(NOBODY),
            Some(name) if name.starts_with(SPAWN) => no_service(NOBODY),
            Some(DENIED | AUTH) => {
                refused("the session bus does not let hushpipe use the keychain")
            }
            _ => Failure::Unreachable {
                place: "the keychain".to_owned(),
                source: std::io::Error::other(error.to_string()),
            },
        },
    }
}

const NOBODY: &str = "no keychain program answers on the session bus";

const LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";
const UNKNOWN: &str = "org.freedesktop.DBus.Error.ServiceUnknown";
const NO_OWNER: &str = "org.freedesktop.DBus.Error.NameHasNoOwner";
const SPAWN: &str = "org.freedesktop.DBus.Error.Spawn.";
const DENIED: &str = "org.freedesktop.DBus.Error.AccessDenied";
const AUTH: &str = "org.freedesktop.DBus.Error.AuthFailed";

/// The name of the D-Bus error behind this one.
fn name(error: &Error) -> Option<String> {
    match error {
        Error::Zbus(zbus::Error::MethodError(name, ..)) => Some(name.to_string()),
        Error::Zbus(zbus::Error::FDO(error)) => Some(error.name().to_string()),
        Error::ZbusFdo(zbus::fdo::Error::ZBus(zbus::Error::MethodError(name, ..))) => {
            Some(name.to_string())
        }
        Error::ZbusFdo(error) => Some(error.name().to_string()),
        _ => None,
    }
}
