//! Variables that make a runtime, a loader or a tool run or read something else.
//!
//! They are refused by family, not by name: a list of names has holes. `PYTHONPYCACHEPREFIX` makes Python run bytecode from
//! any folder, `OPENSSL_CONF` makes Node and Python load a library, and each new version of a runtime brings more of them.
//! Of each family a short list is known to do no such thing and passes.
//!
//! Python servers also start isolated, and the settings that `-I` would ignore are given as flags.

use std::ffi::OsString;

use super::env::{EnvSettings, Variables, glob};

/// The families, as patterns over names. Only a full name in `dangerously_pass` lets one of them through.
pub const FAMILIES: &[&str] = &[
    // Where programs, libraries and locale modules are found (ld.so(8), glibc manual, dyld(1)).
    "PATH",
    "LD_*",
    "DYLD_*",
    "GCONV*",
    "GLIBC_*",
    "MALLOC_*",
    "GETCONF_DIR",
    "NLSPATH",
    "LOCPATH",
    "TZDIR",
    // Whom a name means (resolver(3), hostname(7)).
    "LOCALDOMAIN",
    "RES_OPTIONS",
    "HOSTALIASES",
    // Runtimes.
    "NODE_*",
    "DENO_*",
    "BUN_*",
    "TS_NODE_*",
    "ELECTRON_*",
    "PYTHON*",
    "__PYVENV_LAUNCHER__",
    "CONDA_*",
    "JAVA*",
    "_JAVA_*",
    "JDK_*",
    "JRE_*",
    "CLASSPATH",
    "MAVEN_*",
    "GRADLE_*",
    "DOTNET_*",
    "CORECLR_*",
    "COMPLUS_*",
    "COREHOST_*",
    "COR_*",
    "PERL*",
    "RUBY*",
    "GEM_*",
    "BUNDLE_*",
    "LUA*",
    "PHP*",
    "R_LIBS*",
    "R_PROFILE*",
    "R_ENVIRON*",
    "JULIA_*",
    "GUILE_*",
    "ERL_*",
    "TCLLIBPATH",
    "EMACSLOADPATH",
    "GODEBUG",
    // Shells: files that they read before a script.
    "BASH_*",
    "ENV",
    "SHELLOPTS",
    "BASHOPTS",
    "ZDOTDIR",
    "FPATH",
    "IFS",
    "PS4",
    "PROMPT_COMMAND",
    // Libraries that load plugins, or read a configuration that names programs.
    "OPENSSL_*",
    "SSLKEYLOGFILE",
    "SASL_PATH",
    "KRB5_CONFIG",
    "GTK_PATH",
    "GTK_MODULES",
    "GIO_*",
    "QT_PLUGIN_PATH",
    // Clients: files with logins and commands.
    "NETRC",
    "CURL_HOME",
    "WGETRC",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "MYSQL_HOME",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_CONFIG*",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PROXY_COMMAND",
    "GIT_TEMPLATE_DIR",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "LESSOPEN",
    "LESSCLOSE",
    // Package managers.
    "npm_config_*",
    "UV_*",
    "PIP_*",
];

/// Members of a family that run and read nothing: they say how to print, warn or log, or whom TLS believes, which the trust
/// screen points out.
const HARMLESS: &[&str] = &[
    "NODE_ENV",
    "NODE_NO_WARNINGS",
    "NODE_DEBUG",
    "NODE_DISABLE_COLORS",
    "NODE_EXTRA_CA_CERTS",
    "NODE_USE_ENV_PROXY",
    "NODE_USE_SYSTEM_CA",
    "NODE_AUTH_TOKEN",
    "PYTHONUNBUFFERED",
    "PYTHONUTF8",
    "PYTHONIOENCODING",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONFAULTHANDLER",
    "PYTHONTRACEMALLOC",
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONNOUSERSITE",
    "PYTHON_COLORS",
    "DOTNET_ENVIRONMENT",
    "DOTNET_CLI_TELEMETRY_OPTOUT",
    "DOTNET_NOLOGO",
    "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT",
    "DENO_NO_UPDATE_CHECK",
];

/// Whether a variable of this name makes a runtime, a loader or a tool run or read something else.
pub fn redirects(name: &str) -> bool {
    // npm reads its own in any case (`/^npm_config_/i` in its configuration loader), and Windows ignores case in all.
    let is_npms = glob("npm_config_*", &name.to_ascii_lowercase());
    let is_harmless = HARMLESS.iter().any(|harmless| glob(harmless, name));
    is_npms || (!is_harmless && FAMILIES.iter().any(|family| glob(family, name)))
}

/// Whether a Python server starts isolated (`-I`): unless the user lets a variable of Python's family through on purpose,
/// none of them counts, and neither the working folder nor the user's packages are searched.
pub fn isolates_python(settings: &EnvSettings) -> bool {
    !settings.dangerously_pass.iter().any(|name| glob("PYTHON*", &name.to_ascii_uppercase()))
}

/// The flags of an isolated Python, with the variables that `-I` makes it ignore (Python documentation, "Command line and
/// environment").
pub fn isolation_flags(variables: &Variables) -> Vec<OsString> {
    let value = |name: &str| {
        let (value, _) = variables.get(std::ffi::OsStr::new(name))?;
        value.to_str().filter(|value| !value.is_empty())
    };
    let mut flags = vec!["-I".to_owned()];
    let switches = [("PYTHONUNBUFFERED", "-u"), ("PYTHONDONTWRITEBYTECODE", "-B")];
    flags.extend(
        switches.iter().filter(|(name, _)| value(name).is_some()).map(|(_, flag)| (*flag).into()),
    );
    for (name, option) in [("PYTHONFAULTHANDLER", "faulthandler"), ("PYTHONDEVMODE", "dev")] {
        if value(name).is_some() {
            flags.push(format!("-X{option}"));
        }
    }
    for (name, option) in [("PYTHONUTF8", "utf8"), ("PYTHONTRACEMALLOC", "tracemalloc")] {
        // Anything but a number would be an error of Python's own.
        if let Some(number) = value(name).filter(|text| text.bytes().all(|b| b.is_ascii_digit())) {
            flags.push(format!("-X{option}={number}"));
        }
    }
    flags.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::env::Origin;

    #[test]
    fn families_are_refused_whole_and_what_is_harmless_is_not() {
        for name in [
            "PYTHONPYCACHEPREFIX",
            "PYTHONWARNINGS",
            "OPENSSL_CONF",
            "NODE_COMPILE_CACHE",
            "DOTNET_STARTUP_HOOKS",
            "CORECLR_PROFILER_PATH",
            "JDK_JAVA_OPTIONS",
            "PERL5DB",
            "RES_OPTIONS",
            "HOSTALIASES",
            "NETRC",
            "PGSERVICEFILE",
            "GEM_PATH",
            "LUA_INIT",
            "ZDOTDIR",
            "NPM_CONFIG_REGISTRY",
            "LD_PRELOAD",
            "PYTHON_OF_A_LATER_VERSION",
        ] {
            assert!(redirects(name), "{name}");
        }
        for name in [
            "NODE_ENV",
            "PYTHONUNBUFFERED",
            "GEMINI_API_KEY",
            "LOCALE",
            "LOCATION",
            "GIT_AUTHOR_NAME",
            "ENVIRONMENT",
            "PATHS",
            "RUN_MODE",
            "LC_ALL",
        ] {
            assert!(!redirects(name), "{name}");
        }
    }

    #[test]
    fn what_isolation_ignores_is_given_as_flags() {
        let variables = |set: &[(&str, &str)]| -> Variables {
            let entry = |(name, value): &(&str, &str)| {
                (OsString::from(name), (OsString::from(value), Origin::Plain))
            };
            set.iter().map(entry).collect()
        };
        let flags = |set: &[(&str, &str)]| isolation_flags(&variables(set));
        assert_eq!(flags(&[]), ["-I"]);
        assert_eq!(
            flags(&[
                ("PYTHONDONTWRITEBYTECODE", "1"),
                ("PYTHONUNBUFFERED", "1"),
                ("PYTHONUTF8", "0"),
                ("PYTHONFAULTHANDLER", ""),
                ("PYTHONTRACEMALLOC", "x"),
            ]),
            ["-I", "-u", "-B", "-Xutf8=0"]
        );
    }

    #[test]
    fn python_is_isolated_unless_a_variable_of_its_is_let_through() {
        let passing = |name: &str| EnvSettings {
            dangerously_pass: vec![name.to_owned()],
            ..EnvSettings::default()
        };
        assert!(
            isolates_python(&EnvSettings::default()) && isolates_python(&passing("LD_PRELOAD"))
        );
        assert!(!isolates_python(&passing("PYTHONPATH")));
    }
}
