//! Why npm gave up, told by the codes that npm itself gives.

use serde::Deserialize;

use crate::runner::RunnerError;
use crate::runner::refusal::{Refusal, What};

/// The failure of a run of npm for `package`, from what it wrote.
pub(super) fn refused(package: &str, stdout: &[u8], log: &[String]) -> RunnerError {
    #[derive(Deserialize)]
    struct Report {
        error: Reported,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Reported {
        code: String,
        summary: String,
        detail: String,
    }
    let reported = serde_json::from_slice(stdout).map(|report: Report| report.error);
    let Reported { code, summary, detail } = reported.unwrap_or_default();
    let words = match summary.is_empty() {
        false => format!("{summary}\n{detail}"),
        true => log.join("\n"),
    };
    let words = without_help(&words);
    let what = match address_of_repository(&words) {
        Some(_) => What::Source,
        None => what(&code, log),
    };
    Refusal::new("npm", what, package, &words).advising(advice(what, package)).into()
}

/// npm's words without the help text of its command, which it adds to some failures: a line that says what the command
/// does, then `Usage:` and all options.
fn without_help(words: &str) -> String {
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
    match lines.iter().position(|line| line.trim() == "Usage:") {
        Some(usage) => lines[..usage.saturating_sub(1)].join("\n"),
        None => words.to_owned(),
    }
}

/// The address in npm's words from which it would have taken a repository: git hosts serve the files of a commit below
/// these paths, and no registry does.
fn address_of_repository(words: &str) -> Option<&str> {
    let mut addresses = words.split_whitespace().filter(|word| word.contains("://"));
    addresses.find(|address| {
        let of_repository = ["/tar.gz/", "/archive/", ".git#", ".git/"];
        address.starts_with("git+")
            || address.starts_with("git://")
            || of_repository.iter().any(|part| address.contains(part))
    })
}

/// The name under which npm looks for git: none, so that it cannot fetch from a repository.
pub(super) const NO_GIT: &str = "hushpipe-runs-no-git";

fn what(code: &str, log: &[String]) -> What {
    match code {
        "E404" => What::NoPackage,
        "ETARGET" => What::NoVersion,
        "E401" | "E403" | "ENEEDAUTH" | "EOTP" => What::Denied,
        "EINTEGRITY" => What::Integrity,
        "EALLOWGIT" | "EALLOWREMOTE" | "EALLOWFILE" | "EALLOWDIRECTORY" => What::Source,
        "EUSAGE" => What::Mismatch,
        "EBADPLATFORM" | "EBADENGINE" => What::Platform,
        "ENOENT" if log.iter().any(|line| line.contains(NO_GIT)) => What::Source,
        "ECONNREFUSED" | "ECONNRESET" | "ENOTFOUND" | "EAI_AGAIN" | "ETIMEDOUT" | "ENETUNREACH"
        | "EHOSTUNREACH" | "EPIPE" | "ERR_SOCKET_TIMEOUT" | "FETCH_ERROR" | "E429" => {
            What::Unreachable
        }
        code if code.starts_with("E5") || code.contains("CERT") || code.contains("SSL") => {
            What::Unreachable
        }
        _ => What::Other,
    }
}

/// What to do about a failure of npm's.
fn advice(what: What, package: &str) -> Option<String> {
    let advice = match what {
        What::NoVersion => {
            let name = package.rsplit_once('@').map_or("", |(name, _)| name);
            return Some(format!("`npm view {name} versions` lists the versions"));
        }
        What::Unreachable => "check the network and `npm config get registry`",
        What::Denied => "log in with `npm login`, or check your `.npmrc`",
        What::Mismatch => "resolve it again with `hushpipe lock NAME`, then run `hushpipe sync`",
        What::Source => {
            "it, or a dependency, comes from a git repository or a URL, and no lock can pin that by a registry's hash: use a version without it, or install it yourself and start it with `command = […]` in the user manifest"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    fn refused(code: &str, log: &[&str]) -> RunnerError {
        let report = format!(r#"{{"error":{{"code":"{code}","summary":"s","detail":"d\n\ne"}}}}"#);
        let log: Vec<_> = log.iter().map(|line| (*line).to_owned()).collect();
        super::refused("a@1.0.0", report.as_bytes(), &log)
    }

    #[test]
    fn codes_decide_how_we_exit() {
        for (code, exit) in [
            ("E404", 78),
            ("ETARGET", 78),
            ("ECONNREFUSED", 69),
            ("E503", 69),
            ("SELF_SIGNED_CERT_IN_CHAIN", 69),
            ("E401", 77),
            ("EINTEGRITY", 65),
            ("EALLOWGIT", 78),
            ("EWHATEVER", 125),
        ] {
            assert_eq!(refused(code, &[]).kind().exit_code(), exit, "{code}");
        }
        let git = refused("ENOENT", &["npm error path hushpipe-runs-no-git"]);
        assert!(matches!(git, RunnerError::Refused(Refusal { what: What::Source, .. })));
        assert!(matches!(
            refused("ENOENT", &[]),
            RunnerError::Refused(Refusal { what: What::Other, .. })
        ));
    }

    #[test]
    fn what_to_do_is_npms_or_that_of_every_manager() {
        let hint = |code| refused(code, &[]).hint().unwrap_or_default();
        assert_eq!(hint("ETARGET"), "`npm view a versions` lists the versions");
        assert_eq!(hint("E404"), "check the name in the manifest");
        assert!(hint("EINTEGRITY").contains("before you run `hushpipe lock` again"));
        assert_eq!(hint("EWHATEVER"), "");
    }

    #[test]
    fn npms_help_text_is_left_out() {
        let words = "in sync.\n\nMissing: a@1 from lock file\n\nClean install a project\n\nUsage:\nnpm ci\n";
        assert_eq!(without_help(words), "in sync.\nMissing: a@1 from lock file");
        assert_eq!(without_help("No matching version"), "No matching version");
    }

    #[test]
    fn a_git_dependency_is_named_as_the_reason() {
        let report = r#"{"error":{"code":"ENOTFOUND","summary":"request to https://codeload.host.example/a/b/tar.gz/0a1b failed","detail":""}}"#;
        let error = super::refused("a@1.0.0", report.as_bytes(), &[]);
        assert!(matches!(error, RunnerError::Refused(Refusal { what: What::Source, .. })));
        assert!(error.hint().unwrap_or_default().contains("git repository"));
        let report = r#"{"error":{"code":"ENOTFOUND","summary":"request to https://r.example/a/-/a-1.tgz failed","detail":""}}"#;
        let error = super::refused("a@1.0.0", report.as_bytes(), &[]);
        assert!(matches!(error, RunnerError::Refused(Refusal { what: What::Unreachable, .. })));
    }

    #[test]
    fn the_words_are_npms_report_or_else_its_log() {
        let words = |error: &RunnerError| std::error::Error::source(error).unwrap().to_string();
        assert_eq!(words(&refused("E404", &["log"])), "npm says: s\nd\ne");
        let error = super::refused("a@1.0.0", b"not json", &["npm error x".to_owned()]);
        assert_eq!(words(&error), "npm says: npm error x");
    }
}
