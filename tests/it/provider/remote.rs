//! The kinds that are asked over a network, each in front of a stand-in that does what goes wrong with servers when
//! told.

use serde_json::{Value, json};

use super::world::{CANARY, World};
use super::{Case, Tried};
use crate::vault::stand_in::{Certificates, StandIn};

/// Longer than any value may be.
const TOO_LONG: usize = 1024 * 1024 + 1;

/// What AWS is logged in to with.
pub(super) const AWS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// What differs between the servers.
struct Server {
    /// The folder of its stand-in in `tests/fixture`.
    folder: &'static str,
    /// `[providers.…]` of a kind, for a server at this address. It logs in with `env://KEY`, so that every fetch is a chain.
    table: fn(&str, &str) -> String,
    /// What lets us in.
    key: fn(&StandIn) -> String,
    /// Has the server refuse the login or the value.
    deny: fn(&StandIn, &mut World),
    /// Has the server answer with this status and time to wait, so many times or always.
    refuse: fn(&StandIn, u16, Option<u32>, Option<u32>),
}

/// What differs between the kinds.
struct Kind {
    /// Who is asked.
    server: &'static Server,
    /// Its name.
    scheme: &'static str,
    /// Makes this the value of [`Kind::field`] at [`Kind::reference`].
    put: fn(&StandIn, &str),
    /// The value as a whole.
    reference: &'static str,
    /// The field that holds the canary.
    field: &'static str,
    /// What the server is asked for then, as it counts it.
    path: &'static str,
    /// A reference to nothing, and the words for it.
    missing: (&'static str, &'static str),
    /// A reference to a version that is not there, its exit code and the words for it.
    version: (&'static str, i32, &'static str),
}

/// A value in front of which a server stands.
struct Set {
    server: StandIn,
    world: World,
}

impl Kind {
    fn start(&self) -> Set {
        self.behind(StandIn::of(self.server.folder))
    }

    fn behind(&self, server: StandIn) -> Set {
        (self.put)(&server, CANARY);
        let mut world = World::new();
        world.set("KEY", (self.server.key)(&server));
        world.providers = self.table(&server.address);
        Set { server, world }
    }

    fn table(&self, address: &str) -> String {
        (self.server.table)(self.scheme, address)
    }

    fn canary(&self) -> String {
        format!("{}#{}", self.reference, self.field)
    }

    fn gives(&self, set: &Set) -> Tried {
        set.world.gives(&self.canary(), CANARY.as_bytes())
    }

    fn fails(&self, set: &Set, code: i32, words: &str) -> Tried {
        set.world.fails(&self.canary(), code, words)
    }

    fn fault(&self, set: &Set, kind: &str, more: &Value) {
        set.server.fault(self.path, kind, more, None);
    }

    /// Every case that is the same for all.
    fn try_one(&self, case: Case) -> Tried {
        let set = self.start();
        match case {
            Case::Found
            | Case::Missing
            | Case::WrongField
            | Case::WrongVersion
            | Case::Denied
            | Case::Huge
            | Case::Changed => self.try_value(set, case),
            Case::Unreachable
            | Case::Untrusted
            | Case::Silent
            | Case::Malformed
            | Case::Truncated
            | Case::NotUtf8 => self.try_answer(set, case),
            Case::Busy | Case::Deduplicated | Case::Retried | Case::Final => {
                self.try_requests(set, case)
            }
        }
    }

    /// What stands at the place, or does not.
    fn try_value(&self, mut set: Set, case: Case) -> Tried {
        match case {
            Case::Found => self.gives(&set),
            Case::Missing => set.world.fails(self.missing.0, 77, self.missing.1),
            Case::WrongField => {
                let wrong = format!("{}#nobody", self.reference);
                set.world.fails(&wrong, 77, "the field `nobody` was not found")
            }
            Case::WrongVersion => {
                let (reference, code, words) = self.version;
                set.world.fails(reference, code, words)
            }
            Case::Denied => {
                (self.server.deny)(&set.server, &mut set.world);
                self.fails(&set, 77, "hint:")
            }
            Case::Huge => {
                (self.put)(&set.server, &"x".repeat(TOO_LONG));
                let file = ", deliver = \"file\"";
                set.world.fails_with(&self.canary(), file, 78, "longer than")
            }
            Case::Changed => {
                self.gives(&set)?;
                (self.put)(&set.server, "another-canary");
                set.world.gives(&self.canary(), b"another-canary")
            }
            other => unreachable!("{other:?} is tried elsewhere"),
        }
    }

    /// What the other end does to a connection and to an answer.
    fn try_answer(&self, mut set: Set, case: Case) -> Tried {
        match case {
            Case::Unreachable => {
                let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
                let address = format!("http://{}", free.local_addr().expect("its address"));
                drop(free);
                set.world.providers = self.table(&address);
                set.world.fails(&self.canary(), 69, "could not be reached")
            }
            Case::Untrusted => {
                let tls = Certificates::new();
                let set = self.behind(StandIn::certified(self.server.folder, &tls));
                self.fails(&set, 69, "is not trusted")
            }
            Case::Silent => {
                self.fault(&set, "slow", &json!({"seconds": 30}));
                self.fails(&set, 75, " within ")
            }
            Case::Malformed => {
                self.fault(&set, "malformed", &json!({}));
                self.fails(&set, 69, "answer")
            }
            Case::Truncated => {
                self.fault(&set, "truncate", &json!({}));
                self.fails(&set, 69, "`")
            }
            Case::NotUtf8 => {
                self.fault(&set, "not_utf8", &json!({}));
                self.fails(&set, 69, "answer")
            }
            other => unreachable!("{other:?} is tried elsewhere"),
        }
    }

    /// How often it is asked.
    fn try_requests(&self, set: Set, case: Case) -> Tried {
        match case {
            Case::Busy => {
                (self.server.refuse)(&set.server, 429, Some(1), Some(1));
                self.gives(&set)?;
                (self.server.refuse)(&set.server, 429, Some(60), None);
                self.fails(&set, 69, "requests")
            }
            Case::Deduplicated => {
                let (outcome, _) = set.world.test(&[&self.canary(), self.reference], "");
                assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
                assert_eq!(set.server.asked(self.path), 1);
                Ok(())
            }
            Case::Retried => {
                (self.server.refuse)(&set.server, 503, None, Some(1));
                set.server.fault(self.path, "drop", &json!({}), Some(1));
                let (outcome, _) = set.world.test(&[&self.canary()], "");
                assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
                assert_eq!(set.server.asked(self.path), 3);
                Ok(())
            }
            Case::Final => {
                (self.server.refuse)(&set.server, 400, None, None);
                self.fails(&set, 69, "hushpipe: cause:")?;
                assert_eq!(set.server.asked(self.path), 1);
                Ok(())
            }
            other => unreachable!("{other:?} is tried elsewhere"),
        }
    }
}

/// A provider of this kind for a stand-in at this address.
pub(super) fn aws_table(kind: &str, address: &str) -> String {
    format!(
        "[providers.{kind}]\ntype = \"{kind}\"\nregion = \"eu-central-1\"\nendpoint = \"{address}\"\n\
         access_key_id = \"AKIAIOSFODNN7EXAMPLE\"\nsecret_access_key = \"env://KEY\"\n"
    )
}

/// A stand-in for AWS.
pub(super) fn start() -> StandIn {
    StandIn::of("aws")
}

fn put_json(server: &StandIn, value: &str) {
    server.tell(&json!({"do": "put", "name": "app", "value": json!({"key": value}).to_string()}));
}

fn put_plain(server: &StandIn, value: &str) {
    server.tell(&json!({"do": "put", "name": "app", "value": value}));
}

fn aws_error(
    server: &StandIn,
    path: &str,
    status: u16,
    code: &str,
    wait: Option<u32>,
    times: Option<u32>,
) {
    let mut more = json!({"status": status, "code": code});
    if let Some(wait) = wait {
        more["retry_after"] = wait.into();
    }
    server.fault(path, "error", &more, times);
}

fn aws_refuse(server: &StandIn, status: u16, wait: Option<u32>, times: Option<u32>) {
    let code = match status {
        429 => "TooManyRequestsException",
        503 => "ServiceUnavailable",
        _ => "MalformedInput",
    };
    aws_error(server, "*", status, code, wait, times);
}

fn aws_deny(server: &StandIn, _: &mut World) {
    aws_error(server, "*", 400, "AccessDeniedException", None, None);
}

static VAULT_SERVER: Server = Server {
    folder: "vault",
    table: |kind, address| {
        format!(
            "[providers.{kind}]\ntype = \"{kind}\"\naddress = \"{address}\"\n\
             auth = {{ method = \"token\", token = \"env://KEY\" }}\n"
        )
    },
    key: |server| server.root.clone(),
    deny: |server, world| world.set("KEY", server.token("", &json!({}))),
    refuse: |server, status, wait, times| {
        let mut more = json!({"status": status});
        if let Some(wait) = wait {
            more["retry_after"] = wait.into();
        }
        server.fault("secret/data/app", "status", &more, times);
    },
};

static VAULT: Kind = Kind {
    server: &VAULT_SERVER,
    scheme: "vault",
    put: |server, value| {
        server.write("secret/data/app", &json!({"data": {"key": value}}));
    },
    reference: "vault://secret/app",
    field: "key",
    path: "secret/data/app",
    missing: ("vault://secret/nobody", "was not found"),
    version: ("vault://secret/app?version=99", 77, "?version=99` was not found"),
};

pub(super) fn vault(case: Case) -> Tried {
    VAULT.try_one(case)
}

static AWS: Server = Server {
    folder: "aws",
    table: aws_table,
    key: |_| AWS_KEY.to_owned(),
    deny: aws_deny,
    refuse: aws_refuse,
};

static SECRETS_MANAGER: Kind = Kind {
    server: &AWS,
    scheme: "awssm",
    put: put_json,
    reference: "awssm://app",
    field: "key",
    path: "GetSecretValue",
    missing: ("awssm://nobody", "was not found"),
    version: ("awssm://app?version_id=11111111-2222-4333-8444-555555555555", 77, "was not found"),
};

static PARAMETER_STORE: Kind = Kind {
    server: &AWS,
    scheme: "awsssm",
    put: put_json,
    reference: "awsssm:///app",
    field: "key",
    path: "GetParameter",
    missing: ("awsssm:///nobody", "was not found"),
    version: ("awsssm:///app?version=99", 77, "this version of the parameter"),
};

static STS: Kind = Kind {
    server: &AWS,
    scheme: "aws-sts",
    put: put_plain,
    reference: "aws-sts://arn:aws:iam::123456789012:role/app",
    field: "secret_access_key",
    path: "AssumeRole",
    missing: ("aws-sts://arn:aws:iam::123456789012:role/nobody", "does not give"),
    version: (
        "aws-sts://arn:aws:iam::123456789012:role/app?version=1",
        78,
        "cannot have `?version=`",
    ),
};

pub(super) fn secrets_manager(case: Case) -> Tried {
    SECRETS_MANAGER.try_one(case)?;
    if case == Case::NotUtf8 {
        let set = SECRETS_MANAGER.start();
        set.server.tell(&json!({"do": "put", "name": "app", "binary": "//4BAg=="}));
        set.world.gives(SECRETS_MANAGER.reference, b"\xff\xfe\x01\x02")?;
    }
    Ok(())
}

pub(super) fn parameter_store(case: Case) -> Tried {
    PARAMETER_STORE.try_one(case)
}

pub(super) fn sts(case: Case) -> Tried {
    STS.try_one(case)
}
