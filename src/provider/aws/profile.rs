//! `~/.aws/config` and `~/.aws/credentials`: what a profile says of region and credentials.
//!
//! The SDK's parser reads the text; the files are opened and judged here, because a profile can name a program to run.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

#[expect(
    deprecated,
    reason = "the names that the SDK's own loader takes; the others are of a crate of its insides"
)]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::profile::{Profile as Section, ProfileSet};
use aws_sdk_sts::config::Credentials;

use crate::provider::Failure;
use crate::sys::permission::{self, Insecure};

/// Where the files are.
pub(super) struct AwsFiles {
    /// The one with `[profile name]` sections.
    pub(super) config: PathBuf,
    /// The one with keys.
    pub(super) credentials: PathBuf,
}

/// One profile.
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// Its region.
    pub(super) region: Option<String>,
    /// Where its credentials come from; nothing where the files do not say.
    pub(super) chain: Option<Chain>,
    /// The file that a person edits.
    config: PathBuf,
}

impl Profile {
    /// What it is, for messages.
    pub(super) fn place(&self) -> String {
        format!("the profile `{}` of `{}`", self.name, self.config.display())
    }
}

/// Credentials, and the roles that are assumed with them, one with the other.
pub(super) struct Chain {
    /// The first credentials.
    pub(super) base: Base,
    /// The roles, the first to be assumed first.
    pub(super) roles: Vec<Role>,
    /// The profile that has `base`.
    pub(super) profile: String,
}

/// The first credentials of a chain.
pub(super) enum Base {
    /// Access keys.
    Keys(Credentials),
    /// The output of a program.
    Process(String),
    /// A session that a person opened with `aws sso login`.
    Sso(Sso),
    /// The token of an identity provider.
    WebIdentity { role: Role, file: PathBuf },
    /// `credential_source`: our environment, a container or an instance.
    Named(String),
}

/// A session of IAM Identity Center and the role that is taken in it.
pub(super) struct Sso {
    /// `sso_session`, where the profile has one.
    pub(super) session: Option<String>,
    /// `sso_start_url`.
    pub(super) start_url: String,
    /// `sso_region`.
    pub(super) region: String,
    /// `sso_account_id`.
    pub(super) account: String,
    /// `sso_role_name`.
    pub(super) role: String,
}

/// A role to assume.
#[derive(Debug, Clone)]
pub(super) struct Role {
    /// Its ARN.
    pub(super) arn: String,
    /// What its trust policy demands.
    pub(super) external_id: Option<String>,
    /// The name of the session.
    pub(super) session_name: Option<String>,
}

/// Reads a profile; `default` where none is named, which may be missing. Blocks.
///
/// # Errors
/// A file cannot be read, could have been written by somebody else, or is not in AWS's format; a named profile is in
/// neither file; the profile contradicts itself.
pub(super) fn read(files: &AwsFiles, named: Option<String>) -> Result<Profile, Failure> {
    let name = named.clone().unwrap_or_else(|| "default".to_owned());
    let config = text(&files.config)?;
    let credentials = text(&files.credentials)?;
    let sections = parse(files, config, credentials, &name)?;
    let profile =
        |region, chain| Profile { name: name.clone(), region, chain, config: files.config.clone() };
    let Some(section) = sections.get_profile(&name) else {
        if named.is_none() {
            return Ok(profile(None, None));
        }
        return Err(Failure::NotFound {
            place: format!(
                "profile `{name}` in `{}` and `{}`",
                files.config.display(),
                files.credentials.display()
            ),
            hint: format!(
                "ask the user to run `aws configure --profile {name}`, or name another `profile`"
            ),
        });
    };
    let region = section.get("region").map(str::to_owned);
    let chain = ProfileReading { sections: &sections, config: &files.config }.chain(section)?;
    Ok(profile(region, chain))
}

/// A file's text; nothing where there is no file.
fn text(path: &Path) -> Result<String, Failure> {
    match permission::read_owned(path) {
        Ok(text) => Ok(text),
        Err(insecure) if insecure.is_missing() => Ok(String::new()),
        Err(insecure @ Insecure::Read { .. }) => Err(Failure::of_opening(path, insecure)),
        Err(insecure) => Err(Failure::Insecure(insecure)),
    }
}

#[expect(deprecated, reason = "as above")]
fn parse(
    files: &AwsFiles,
    config: String,
    credentials: String,
    name: &str,
) -> Result<ProfileSet, Failure> {
    let contents = ProfileFiles::builder()
        .with_contents(ProfileFileKind::Config, config)
        .with_contents(ProfileFileKind::Credentials, credentials)
        .build();
    // With the text and the name given, the loader looks at no file and no variable, and so never waits.
    let loading = async {
        let name = Some(Cow::Owned(name.to_owned()));
        aws_config::profile::load(&Default::default(), &Default::default(), &contents, name).await
    };
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(loading).poll(&mut context) {
        std::task::Poll::Ready(Ok(sections)) => Ok(sections),
        // What the parser says repeats the line, which may hold a key.
        _ => Err(Failure::Damaged {
            path: files.config.clone(),
            reason: "it, or the `credentials` file beside it, is not in the format of the AWS CLI",
            hint: "ask the user to run `aws configure list`, which shows the mistake".to_owned(),
        }),
    }
}

/// The profiles of both files, while one of them is followed to its credentials.
struct ProfileReading<'a> {
    sections: &'a ProfileSet,
    config: &'a Path,
}

impl ProfileReading<'_> {
    fn wrong(&self, section: &Section, reason: &str) -> Failure {
        Failure::Denied {
            reason: format!(
                "the profile `{}` of `{}` {reason}",
                section.name(),
                self.config.display()
            ),
            hint: "ask the user to correct the profile, or use another `profile`".to_owned(),
        }
    }

    /// Follows `source_profile` to the credentials at its end. As AWS's command line does it: keys of a profile that
    /// another one names win over its role.
    fn chain(&self, start: &Section) -> Result<Option<Chain>, Failure> {
        let mut roles = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut section = start;
        let base = loop {
            if seen.contains(&section.name()) {
                return Err(self.wrong(section, "is its own `source_profile`"));
            }
            seen.push(section.name());
            if seen.len() > 1
                && let Some(keys) = self.keys(section)?
            {
                break Some(keys);
            }
            let role = section
                .get("role_arn")
                .filter(|_| section.get("web_identity_token_file").is_none());
            let Some(arn) = role else { break self.base(section)? };
            if section.get("mfa_serial").is_some() {
                return Err(
                    self.wrong(section, "asks for a one-time code, and nobody can type one here")
                );
            }
            roles.push(role_of(section, arn));
            match section.get("source_profile") {
                Some(name) if name != section.name() => {
                    let next = self.sections.get_profile(name);
                    section = next.ok_or_else(|| {
                        self.wrong(section, "names a `source_profile` that does not exist")
                    })?;
                }
                _ => break self.base(section)?,
            }
        };
        let profile = section.name().to_owned();
        match base {
            None if !roles.is_empty() => {
                Err(self.wrong(section, "has no credentials to assume the role with"))
            }
            None => Ok(None),
            Some(base) => {
                roles.reverse();
                Ok(Some(Chain { base, roles, profile }))
            }
        }
    }

    fn base(&self, section: &Section) -> Result<Option<Base>, Failure> {
        if let Some(named) = section.get("credential_source") {
            return Ok(Some(Base::Named(named.to_owned())));
        }
        if let Some(file) = section.get("web_identity_token_file") {
            let arn = section.get("role_arn");
            let arn = arn.ok_or_else(|| {
                self.wrong(section, "has a `web_identity_token_file` and no `role_arn`")
            })?;
            return Ok(Some(Base::WebIdentity { role: role_of(section, arn), file: file.into() }));
        }
        if section.get("sso_session").or(section.get("sso_start_url")).is_some() {
            return self.sso(section).map(Some);
        }
        if let Some(command) = section.get("credential_process") {
            return Ok(Some(Base::Process(command.to_owned())));
        }
        if section.get("login_session").is_some() {
            return Err(self.wrong(
                section,
                "logs in with `aws login`, which hushpipe cannot use; \
                 `credential_process = aws configure export-credentials --profile …` can",
            ));
        }
        self.keys(section)
    }

    fn keys(&self, section: &Section) -> Result<Option<Base>, Failure> {
        let [id, key, token] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]
            .map(|key| section.get(key));
        match (id, key) {
            (None, None) => Ok(None),
            (Some(id), Some(key)) => {
                let token = token.map(str::to_owned);
                Ok(Some(Base::Keys(Credentials::new(id, key, token, None, "profile"))))
            }
            _ => Err(self.wrong(section, "has only half of an access key")),
        }
    }

    fn sso(&self, section: &Section) -> Result<Base, Failure> {
        let session = section.get("sso_session");
        let of_session = session.and_then(|name| self.sections.sso_session(name));
        if session.is_some() && of_session.is_none() {
            return Err(self.wrong(section, "names an `sso_session` that does not exist"));
        }
        let place = |key: &str| match of_session {
            Some(session) => session.get(key),
            None => section.get(key),
        };
        let all = (
            place("sso_start_url"),
            place("sso_region"),
            section.get("sso_account_id"),
            section.get("sso_role_name"),
        );
        let (Some(start_url), Some(region), Some(account), Some(role)) = all else {
            return Err(self.wrong(
                section,
                "lacks one of `sso_start_url`, `sso_region`, `sso_account_id` and `sso_role_name`",
            ));
        };
        Ok(Base::Sso(Sso {
            session: session.map(str::to_owned),
            start_url: start_url.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            role: role.to_owned(),
        }))
    }
}

fn role_of(section: &Section, arn: &str) -> Role {
    let text = |key: &str| section.get(key).map(str::to_owned);
    Role {
        arn: arn.to_owned(),
        external_id: text("external_id"),
        session_name: text("role_session_name"),
    }
}
