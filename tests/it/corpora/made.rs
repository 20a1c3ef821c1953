//! Samples made at run time from the formats that issuers and standards document, for the classes of which the corpora
//! hold few.
//!
//! In a template, `«…»` is the secret and `<alphabet:length>` is filled with characters of an alphabet. Each template is
//! set into each context in turn. Nothing here is anybody's credential, and no file holds one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::sample::Sample;

/// How many samples a class gets.
const EACH: usize = 300;

/// RFC 7519 and 7515: header, claims and signature; in an URL, a header, a cookie, a field, alone.
const JWT: &[&str] = &[
    "«<jwt:HS256>»",
    "Authorization: Bearer «<jwt:RS256>»",
    "token=«<jwt:ES256>»",
    "https://app.example/callback?id_token=«<jwt:RS256>»&state=<hex:16>",
    "Set-Cookie: session=«<jwt:HS512>»; HttpOnly; Path=/",
    "{\"access_token\":\"«<jwt:PS256>»\",\"expires_in\":3600}",
    "kubectl config set-credentials dev --token=«<jwt:RS256>»",
    "supabase anon key «<jwt:HS256>»",
];

/// RFC 7468, RFC 1421, RFC 9580, and what OpenSSH writes; line ends as they are, escaped, indented, or gone.
const PEM: &[&str] = &[
    "<dashes>BEGIN <key><dashes>\n«<pem:\n>»\n<dashes>END <key><dashes>\n",
    "<dashes>BEGIN RSA <key><dashes>\n«<pem:\n>»\n<dashes>END RSA <key><dashes>\n",
    "<dashes>BEGIN EC <key><dashes>\r\n«<pem:\r\n>»\r\n<dashes>END EC <key><dashes>\r\n",
    "<dashes>BEGIN OPENSSH <key><dashes>\n«<pem:\n>»\n<dashes>END OPENSSH <key><dashes>\n",
    "<dashes>BEGIN ENCRYPTED <key><dashes>\n«<pem:\n>»\n<dashes>END ENCRYPTED <key><dashes>\n",
    "<dashes>BEGIN RSA <key><dashes>\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,<hex:32>\n\n«<pem:\n>»\n<dashes>END RSA <key><dashes>\n",
    "<dashes>BEGIN PGP <key> BLOCK<dashes>\n\n«<pem:\n>»\n=<base64:4>\n<dashes>END PGP <key> BLOCK<dashes>\n",
    "key: |\n    <dashes>BEGIN <key><dashes>\n    «<pem:\n    >»\n    <dashes>END <key><dashes>\n",
    "PRIVATE_KEY=\"<dashes>BEGIN <key><dashes>\\n«<pem:\\n>»\\n<dashes>END <key><dashes>\\n\"",
    "{\"private_key\":\"<dashes>BEGIN <key><dashes>\\n«<pem:\\n>»\\n<dashes>END <key><dashes>\\n\"}",
    "<dashes>BEGIN DSA <key><dashes> «<pem: >» <dashes>END DSA <key><dashes>",
];

/// RFC 3986 userinfo, in the URLs that the clients of each service document.
const URL: &[&str] = &[
    "postgres://app:«<password:16>»@db.internal:5432/orders?sslmode=require",
    "postgresql://app:«<password:12>»@10.0.3.7/orders",
    "mysql://root:«<base62:20>»@mysql:3306/shop",
    "mongodb+srv://svc:«<base62:16>»@cluster0.ab1cd.mongodb.net/app?retryWrites=true",
    "mongodb://svc:«<percent:14>»@a.internal:27017,b.internal:27017/?replicaSet=rs0",
    "redis://:«<base62:32>»@cache.internal:6379/0",
    "rediss://default:«<base62:24>»@eu1-fly.upstash.io:6379",
    "amqps://worker:«<password:18>»@mq.internal:5671/prod",
    "https://deploy:«<password:14>»@git.internal/team/repo.git",
    "https://oauth2:«<base62:26>»@git.internal/team/repo.git",
    "https://«<hex:32>»@o1.ingest.internal/42",
    "ftp://backup:«<password:11>»@files.internal/nightly",
    "smtp://mailer:«<base62:22>»@smtp.internal:587",
    "clickhouse://reader:«<password:15>»@ch.internal:9440/logs?secure=true",
    "mssql+pyodbc://sa:«<percent:16>»@sql.internal/app?driver=ODBC+Driver+18",
    "nats://edge:«<base62:20>»@nats.internal:4222",
];

/// RFC 9110 credentials: the schemes of the registry and the header names that vendors document.
const HEADER: &[&str] = &[
    "Authorization: Bearer «<base62:40>»",
    "authorization: bearer «<hex:40>»",
    "Authorization: Basic «<basic:18>»",
    "Proxy-Authorization: Basic «<basic:12>»",
    "Authorization: token «<hex:40>»",
    "Authorization: ApiKey «<base64:44>»==",
    "curl -sS -H 'Authorization: Bearer «<base62:32>»' https://api.internal/v1/me",
    "curl -H \"X-Api-Key: «<base62:32>»\" https://api.internal/v1/me",
    "{\"headers\":{\"Authorization\":\"Bearer «<base62:48>»\",\"Accept\":\"*/*\"}}",
    "headers = {'Authorization': 'Bearer «<base62:36>»'}",
    "GET /v1/me HTTP/1.1\r\nHost: api.internal\r\nAuthorization: Bearer «<base62:43>»\r\n\r\n",
    "X-Auth-Token: «<hex:32>»",
    "X-Vault-Token: «<base62:28>»",
    "PRIVATE-TOKEN: «<base62:20>»",
    "Authorization: SSWS «<base62:42>»",
    "req.setRequestHeader(\"Authorization\", \"Bearer «<base62:40>»\")",
];

/// What ADO.NET, ODBC, JDBC, libpq and Azure document.
const CONNECTION: &[&str] = &[
    "Server=tcp:sql.internal,1433;Database=app;User ID=svc;Password=«<password:16>»;Encrypt=True;",
    "Data Source=sql.internal;Initial Catalog=app;User Id=sa;Password=«<password:12>»;",
    "server=mysql.internal;uid=app;pwd=«<password:14>»;database=shop",
    "Driver={ODBC Driver 18 for SQL Server};Server=sql;UID=svc;PWD=«<password:16>»;",
    "jdbc:sqlserver://sql.internal:1433;databaseName=app;user=svc;password=«<password:15>»;",
    "jdbc:mysql://db.internal:3306/shop?user=app&password=«<base62:16>»&useSSL=true",
    "jdbc:postgresql://db.internal/orders?user=app&password=«<base62:18>»",
    "host=db.internal port=5432 dbname=orders user=app password=«<password:16>» sslmode=require",
    "DefaultEndpointsProtocol=https;AccountName=corpstore;AccountKey=«<base64:86>==»;EndpointSuffix=core.windows.net",
    "Endpoint=sb://corp.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=«<base64:43>=»",
    "HostName=corp.azure-devices.net;DeviceId=d1;SharedAccessKey=«<base64:43>=»",
    "AccountEndpoint=https://corp.documents.azure.com:443/;AccountKey=«<base64:86>==»;",
    "corp.redis.cache.windows.net:6380,password=«<base64:43>=»,ssl=True,abortConnect=False",
    "Host=db.internal;Username=app;Password=«<password:20>»;Database=orders",
    "Endpoint=https://corp.azconfig.io;Id=ab1-l0-s0:<base62:20>;Secret=«<base64:43>=»",
];

/// Files that hold secrets, as the programs that read them document: PuTTY, Kubernetes, npm, curl, libpq, Docker, git,
/// AWS.
const FILE: &[&str] = &[
    "PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 1\n<base64:64>\nPrivate-Lines: 2\n«<base64:64>\n<base64:20>»\nPrivate-MAC: <hex:64>\n",
    "MIIEpAIBAAKCAQEA<base64:48>\n«<pem:\n>»\n",
    "apiVersion: v1\ndata:\n  pin: «<base64:24>»\nkind: Secret\nmetadata:\n  name: a\n",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  pin: «<password:20>»\n",
    "users:\n- name: a\n  user:\n    client-key-data: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ<base64:400>»\n",
    "//packages.internal/:_authToken=«<hex:8>-<hex:4>-<hex:4>-<hex:4>-<hex:12>»",
    "//packages.internal/:_auth=«<basic:14>»",
    "machine git.internal login me password «<base62:16>»",
    "db.internal:5432:orders:app:«<base62:14>»",
    "{\"auths\":{\"registry.internal\":{\"auth\":\"«<basic:16>»\"}}}",
    "https://me:«<base62:18>»@git.internal",
    "[default]\naws_access_key_id = a\naws_secret_access_key = «<base64:40>»\n",
    "{\"type\":\"service_account\",\"private_key\":\"<dashes>BEGIN <key><dashes>\\n«<pem:\\n>»\\n<dashes>END <key><dashes>\\n\"}",
    "jdbc:oracle:thin:app/«<base62:14>»@//db.internal:1521/orders",
    "Driver={ODBC Driver 18 for SQL Server};Server=db;UID=sa;PWD={«<base62:8>;<base62:6>»};",
];

const CLASSES: &[(&str, &[&str])] = &[
    ("jwt", JWT),
    ("pem", PEM),
    ("url-cred", URL),
    ("auth-header", HEADER),
    ("conn-string", CONNECTION),
    ("file", FILE),
];

/// What a text is set into; the second is JSON, in which it is escaped.
const CONTEXTS: &[&str] = &[
    "{}",
    "{\"ok\":false,\"detail\":{}}",
    "The service answered 401 to this:\n\n{}\n\nTry again later.",
    "2026-01-05T10:00:00Z DEBUG app.client retry 2 of 3: {}",
];

/// All samples of all these classes; the same ones each time.
pub(super) fn all() -> Vec<Sample> {
    let class = |(class, templates): &(&str, &[&str])| {
        let one = |n: usize| {
            let template = templates[n % templates.len()];
            let context = CONTEXTS[n / templates.len() % CONTEXTS.len()];
            let name = format!("{class}-{}", n % templates.len() + 1);
            fill(class, &name, template, context, &mut Random(n as u64))
        };
        (0..EACH).map(one).collect::<Vec<_>>()
    };
    CLASSES.iter().flat_map(class).collect()
}

fn fill(class: &str, name: &str, template: &str, context: &str, random: &mut Random) -> Sample {
    let (before, rest) = template.split_once('«').expect("a secret");
    let (secret, after) = rest.split_once('»').expect("its end");
    let mut parts = [before, secret, after].map(|part| expand(part, random));
    let (around, end) = context.split_once("{}").expect("a place");
    if context.starts_with('{') && !around.is_empty() {
        parts = parts.map(|part| {
            let quoted = json!(part).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        });
        let (quoted, closed) = (format!("{around}\""), format!("\"{end}"));
        return joined(class, name, &quoted, &parts, &closed);
    }
    joined(class, name, around, &parts, end)
}

fn joined(class: &str, name: &str, around: &str, parts: &[String; 3], end: &str) -> Sample {
    let [before, secret, after] = parts;
    let start = around.chars().count() + before.chars().count();
    let span = (start, start + secret.chars().count());
    Sample::made(class, name, format!("{around}{before}{secret}{after}{end}"), span)
}

/// Fills in what stands in angle brackets.
pub(super) fn expand(template: &str, random: &mut Random) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('<') {
        let (name, tail) = tail.split_once('>').expect("closed");
        rest = tail;
        let (kind, how) = name.split_once(':').unwrap_or((name, ""));
        let filled = match kind {
            // Put together here, so that no scanner finds a key in this file.
            "dashes" => "-".repeat(5),
            "key" => ["PRIVATE", "KEY"].join(" "),
            "jwt" => random.jwt(how),
            "pem" => random.pem(how),
            "header" => URL_SAFE_NO_PAD.encode(how),
            "basic" => STANDARD.encode(format!("svc:{}", random.text("password", length(how)))),
            _ => random.text(kind, length(how)),
        };
        text = text + before + &filled;
    }
    text + rest
}

fn length(digits: &str) -> usize {
    digits.parse().expect("a length")
}

/// SplitMix64: the same samples on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn text(&mut self, alphabet: &str, len: usize) -> String {
        let letters: &[u8] = match alphabet {
            "digit" => b"0123456789",
            "hex" => b"0123456789abcdef",
            "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "base32l" => b"abcdefghijklmnopqrstuvwxyz234567",
            "base64" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/",
            "base62" | "percent" => {
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            }
            // As people and generators make them, less what would need an escape in an URL or end a connection string.
            "password" => b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz!$*_.~-",
            other => panic!("no alphabet `{other}`"),
        };
        let one =
            |_| char::from(letters[usize::try_from(self.next() % letters.len() as u64).unwrap()]);
        let text: String = (0..len).map(one).collect();
        if alphabet != "percent" {
            return text;
        }
        format!("{}%40{}%2F", &text[..len / 2], &text[len / 2..])
    }

    fn jwt(&mut self, algorithm: &str) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": self.text("hex", 8)});
        let claims = json!({"iss": "https://id.internal", "sub": self.text("base62", 12), "exp": 1_790_000_000});
        let signature: Vec<u8> = (0..64).map(|_| self.next().to_le_bytes()[0]).collect();
        let parts = [header.to_string().into_bytes(), claims.to_string().into_bytes(), signature];
        parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
    }

    /// The body of a key: whole lines and a shorter one.
    fn pem(&mut self, line_end: &str) -> String {
        let lines = 3 + usize::try_from(self.next() % 24).unwrap();
        let mut body: Vec<String> = (0..lines).map(|_| self.text("base64", 64)).collect();
        body.push(self.text("base64", 22) + "==");
        body.join(line_end)
    }
}
