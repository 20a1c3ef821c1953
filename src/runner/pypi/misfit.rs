//! Why a Python server died at its start: a package that its open ranges let in is newer than its code.
//!
//! `uvx` meets the same: a server that asks for `mcp>=1.0` gets the first 2.x on the day that appears, and fails at its
//! first import. The traceback names the module that lacks something, and the lock has the version of its package. Only
//! the names of Python's own exceptions and of modules are read, and nothing of a traceback is shown.

use pep440_rs::Version;

use super::package::normalised;
use super::{Locked, Pin, PypiPackage};

/// A locked package that is not what the code of a server expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The package as it is locked.
    pub locked: Pin,
    /// The module that lacks something, where the traceback names it.
    pub module: Option<String>,
    /// The version that everything from now on is too new.
    below: String,
}

/// The SDK that Python servers are written with, and its classes: Python names a class without its module where that lacks
/// a method or an argument.
const SDK: &str = "mcp";
const SDK_CLASSES: &[&str] = &[
    "Server",
    "FastMCP",
    "Context",
    "RequestContext",
    "ServerSession",
    "ClientSession",
    "NotificationOptions",
    "InitializationOptions",
];

/// Exceptions of Python, and of pydantic, that code meets which was written for another version of a package.
const EXCEPTIONS: &[&str] = &[
    "ImportError",
    "ModuleNotFoundError",
    "AttributeError",
    "TypeError",
    "PydanticUserError",
    "PydanticImportError",
    "PydanticUndefinedAnnotation",
    "PydanticSchemaGenerationError",
    "FieldInfoMetadataError",
];

/// The package that a server of `package` does not fit, by what it wrote before it ended.
pub fn misfit(stderr: &str, package: &PypiPackage, locked: &Locked) -> Option<Misfit> {
    if !stderr.contains("Traceback (most recent call last)") {
        return None;
    }
    // The last is what ended it; one that names nothing of the lock may only wrap another.
    let mut exceptions = stderr.lines().rev().filter_map(exception);
    exceptions.find_map(|exception| {
        let (name, module) = exception.about()?;
        let pins = locked.packages.keys().filter_map(|id| id.parse::<Pin>().ok());
        let locked = pins.into_iter().find(|pin| holds(pin, &name))?;
        let chosen = std::iter::once(&package.main).chain(&package.with);
        if chosen.into_iter().any(|pin| pin.name == locked.name) {
            return None;
        }
        let below = first_too_new(&locked.version)?;
        Some(Misfit { locked, module, below })
    })
}

impl Misfit {
    /// What is wrong, in one sentence.
    pub fn cause(&self) -> String {
        let Self { locked, module, .. } = self;
        let lacks = match module {
            Some(module) => format!("does not have what it takes from `{module}`"),
            None => "seems to be newer than its code".to_owned(),
        };
        format!("its code does not fit a package that its ranges let in: `{locked}` {lacks}")
    }

    /// What the person can do. `arguments` are those of a verb for the server of this name.
    pub fn hint(&self, server: &str, arguments: &str) -> String {
        let (name, below) = (&self.locked.name, &self.below);
        let example = below.parse::<u64>().map_or_else(
            |_| format!("{name}==VERSION"),
            |major| format!("{name}=={}.VERSION", major.saturating_sub(1)),
        );
        format!(
            "write the last version below {below} into `[servers.{server}]`, as in `with = [\"{example}\"]` (`echo '{name}<{below}' | \
             uv pip compile --no-deps -` shows it); then run `hushpipe lock {arguments}` and `hushpipe sync {arguments}`"
        )
    }
}

/// The last line of a traceback: the name of an exception and its message.
struct Exception<'a> {
    /// The module of its class; empty for Python's own.
    class_module: &'a str,
    name: &'a str,
    message: &'a str,
}

/// A line that names one of [`EXCEPTIONS`], in a group of exceptions or in a frame too.
fn exception(line: &str) -> Option<Exception<'_>> {
    let line = line.trim_start_matches([' ', '|', '+', '-', '\u{2502}']);
    let (class, message) = line.split_once(": ").unwrap_or((line, ""));
    let (class_module, name) = class.rsplit_once('.').unwrap_or(("", class));
    (EXCEPTIONS.contains(&name) && is_module(class_module)).then_some(Exception {
        class_module,
        name,
        message,
    })
}

impl Exception<'_> {
    /// The top-level module that the exception is about, and the module that lacks something.
    fn about(&self) -> Option<(String, Option<String>)> {
        let top = |module: &str| module.split('.').next().unwrap_or_default().to_owned();
        if !self.class_module.is_empty() {
            // `pydantic.errors.PydanticUserError`: the package that refuses what the code does with it.
            return Some((top(self.class_module), None));
        }
        if let Some(module) = self.module() {
            return Some((top(module), Some(module.to_owned())));
        }
        SDK_CLASSES.contains(&self.class()?).then(|| (SDK.to_owned(), None))
    }

    /// The class in the words of Python: `'C' object has no attribute 'x'`, `type object 'C' has no attribute 'x'`,
    /// `C.__init__() got an unexpected keyword argument 'x'`.
    fn class(&self) -> Option<&str> {
        let message = self.message;
        match self.name {
            "AttributeError" => {
                let rest = message.strip_prefix("type object ").unwrap_or(message);
                rest.strip_prefix('\'')?.split_once('\'').map(|(class, _)| class)
            }
            "TypeError" => message.split_once("() ")?.0.split_once('.').map(|(class, _)| class),
            _ => None,
        }
    }

    /// The module in the words of Python: `No module named 'a.b'`, `cannot import name 'C' from 'a.b'`, `module 'a.b' has no
    /// attribute 'c'`, each perhaps of a partially initialized module.
    fn module(&self) -> Option<&str> {
        let message = self.message;
        let rest = message
            .strip_prefix("No module named ")
            .or_else(|| message.strip_prefix("module "))
            .or_else(|| message.strip_prefix("partially initialized module "))
            .or_else(|| {
                message.strip_prefix("cannot import name ")?.split_once(" from ").map(|it| it.1)
            })?;
        let rest = rest.strip_prefix("partially initialized module ").unwrap_or(rest);
        let module = rest.strip_prefix('\'')?.split('\'').next()?;
        (!module.is_empty() && is_module(module)).then_some(module)
    }
}

/// Whether a text can be the dotted name of a module; the empty one is that of Python's own.
fn is_module(text: &str) -> bool {
    text.len() <= 200 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
}

/// Whether the package of this pin has the top-level module of this name, by the names that packages usually have.
fn holds(pin: &Pin, module: &str) -> bool {
    let Some(module) = normalised(module.trim_matches('_')) else { return false };
    let name = pin.name.as_str();
    name == module
        || name.strip_prefix("python-") == Some(&module)
        || name.strip_suffix("-python") == Some(&module)
        || name.strip_prefix("py") == Some(&module)
}

/// The release from which on everything is as new as this version or newer: its major version, or its minor one before 1.
fn first_too_new(version: &Version) -> Option<String> {
    match version.release().to_vec().as_slice() {
        [0, minor, ..] if *minor > 0 => Some(format!("0.{minor}")),
        [0, ..] | [1] | [] => None,
        [major, ..] if *major > 1 => Some(major.to_string()),
        // What was below 1 promised nothing.
        [major, minor, ..] if *minor > 0 => Some(format!("{major}.{minor}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::pypi::LockedPackage;

    fn locked(ids: &[&str]) -> Locked {
        Locked {
            pypi: "server==1.0".into(),
            with: Vec::new(),
            bin: None,
            runtime: None,
            allow_sdist: Vec::new(),
            python: ">=3.10".into(),
            entry: "server".into(),
            packages: ids.iter().map(|id| ((*id).to_owned(), LockedPackage::default())).collect(),
        }
    }

    fn found(last: &str) -> Option<String> {
        let package = PypiPackage {
            main: "server==1.0".parse().expect("a pin"),
            with: vec!["chosen==2.0".parse().expect("a pin")],
            allow_sdist: Vec::new(),
        };
        let ids = [
            "chosen==2.0",
            "mcp==2.3.0",
            "pydantic==3.0.1",
            "pyyaml==6.0.2",
            "server==1.0",
            "typing-extensions==4.1",
            "young==0.5.2",
            "steady==1.4.0",
        ];
        let stderr = format!(
            "INFO starting\nTraceback (most recent call last):\n  File \"/x/server.py\", line 3, in <module>\n    import x\n{last}\n"
        );
        let found = misfit(&stderr, &package, &locked(&ids))?;
        Some(format!("{} below {}", found.locked, found.below))
    }

    #[test]
    fn the_package_of_the_module_that_lacks_something_is_named() {
        for (last, expected) in [
            ("ModuleNotFoundError: No module named 'mcp.server.fastmcp'", "mcp==2.3.0 below 2"),
            (
                "ImportError: cannot import name 'FastMCP' from 'mcp.server' (/x/mcp/server/__init__.py)",
                "mcp==2.3.0 below 2",
            ),
            (
                "ImportError: cannot import name 'A' from partially initialized module 'pydantic.v1' (most likely due to a circular import)",
                "pydantic==3.0.1 below 3",
            ),
            ("AttributeError: module 'mcp.types' has no attribute 'Tool'", "mcp==2.3.0 below 2"),
            ("AttributeError: 'Server' object has no attribute 'list_tools'", "mcp==2.3.0 below 2"),
            (
                "TypeError: FastMCP.__init__() got an unexpected keyword argument 'description'",
                "mcp==2.3.0 below 2",
            ),
            (
                "pydantic.errors.PydanticUserError: `regex` is removed. use `pattern` instead",
                "pydantic==3.0.1 below 3",
            ),
            ("AttributeError: module 'yaml' has no attribute 'load_all'", "pyyaml==6.0.2 below 6"),
            (
                "ImportError: cannot import name 'A' from 'typing_extensions' (/x.py)",
                "typing-extensions==4.1 below 4",
            ),
            ("ImportError: cannot import name 'A' from 'young' (/x.py)", "young==0.5.2 below 0.5"),
            (
                "ImportError: cannot import name 'A' from 'steady' (/x.py)",
                "steady==1.4.0 below 1.4",
            ),
            ("  | ModuleNotFoundError: No module named 'mcp.shared'", "mcp==2.3.0 below 2"),
            (
                "ImportError: cannot import name 'A' from 'mcp' (/x.py)\nSystemExit: 1",
                "mcp==2.3.0 below 2",
            ),
        ] {
            assert_eq!(found(last).as_deref(), Some(expected), "{last}");
        }
    }

    #[test]
    fn what_no_other_version_mends_is_not_taken_for_it() {
        for last in [
            "ModuleNotFoundError: No module named 'absent'",
            "ImportError: cannot import name 'A' from 'server' (/x.py)",
            "ImportError: cannot import name 'A' from 'chosen' (/x.py)",
            "ImportError: libssl.so.3: cannot open shared object file",
            "ValueError: TOKEN is not set",
            "KeyError: 'mcp'",
            "AttributeError: 'NoneType' object has no attribute 'strip'",
            "TypeError: run() missing 1 required positional argument: 'url'",
            "RuntimeError: No module named 'mcp'",
        ] {
            assert_eq!(found(last), None, "{last}");
        }
        let package = PypiPackage {
            main: "server==1.0".parse().expect("a pin"),
            with: vec![],
            allow_sdist: vec![],
        };
        let plain = "ImportError: cannot import name 'A' from 'mcp' (/x.py)";
        assert_eq!(misfit(plain, &package, &locked(&["mcp==2.0"])), None, "no traceback");
    }

    #[test]
    fn the_hint_names_the_line_and_the_commands() {
        let misfit = Misfit {
            locked: "mcp==2.3.0".parse().expect("a pin"),
            module: Some("mcp.server.fastmcp".into()),
            below: "2".into(),
        };
        assert!(
            misfit
                .cause()
                .contains("`mcp==2.3.0` does not have what it takes from `mcp.server.fastmcp`")
        );
        let hint = misfit.hint("time", "time");
        assert!(
            hint.contains("`with = [\"mcp==1.VERSION\"]` (`echo 'mcp<2' | uv pip compile"),
            "{hint}"
        );
        assert!(hint.ends_with("then run `hushpipe lock time` and `hushpipe sync time`"), "{hint}");
    }
}
