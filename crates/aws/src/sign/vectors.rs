//! AWS's published test vectors for Signature Version 4. They come with the package of `aws-sigv4`, and are read from cargo's
//! copy of it; nothing is copied into this repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_sigv4::http_request::PayloadChecksumKind;
use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;

use super::{SigningScope, settings, sign_with};
use crate::credentials::Credentials;

/// Vectors that test features this crate doesn't use.
const LEFT_OUT: [(&str, &str); 3] = [
    ("double-encode-path", "without credentials and signature: it belongs to the tests of aws-sigv4 itself"),
    ("double-url-encode", "without credentials and signature: it belongs to the tests of aws-sigv4 itself"),
    ("post-sts-header-after", "a session token added after signing: we always sign it"),
];

#[derive(Deserialize)]
struct Context {
    credentials: Keys,
    normalize: bool,
    region: String,
    service: String,
    sign_body: bool,
    timestamp: String,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

#[test]
fn published_vectors_are_signed_as_published() {
    let folders = folders();
    let mut signed = 0;
    for folder in &folders {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        if LEFT_OUT.iter().any(|(left_out, _)| *left_out == name) {
            continue;
        }
        check(name, folder);
        signed += 1;
    }
    assert_eq!(signed + LEFT_OUT.len(), folders.len(), "one that is left out has gone");
    assert!(signed >= 37, "only {signed} vectors");
}

fn check(name: &str, folder: &Path) {
    let context: Context = serde_json::from_str(&text(&folder.join("context.json"))).expect("a context");
    let mut request = parse(&text(&folder.join("request.txt")));
    let expected = parse(&text(&folder.join("header-signed-request.txt")));

    // There are two ways to treat a path; take the one that the vector is about. Escapes are encoded once in all vectors,
    // which is S3's way; without escapes it makes no difference.
    let once = !context.normalize || request.uri().path().contains('%');
    let mut settings = settings(if once { "s3" } else { "sqs" });
    settings.payload_checksum_kind =
        if context.sign_body { PayloadChecksumKind::XAmzSha256 } else { PayloadChecksumKind::NoHeader };

    let keys = context.credentials;
    let mut credentials = Credentials::new(keys.access_key_id, keys.secret_access_key);
    if let Some(token) = keys.token {
        credentials = credentials.with_session_token(token);
    }
    let scope = SigningScope { service: &context.service, region: &context.region };
    let now = crate::time::from_iso(&context.timestamp).expect("a time");
    sign_with(settings, &mut request, &credentials, scope, now).expect("a signature");
    assert_eq!(headers(&request), headers(&expected), "{name}");
}

/// Returns names and values, the values of a repeated name in their order.
fn headers(request: &http::Request<Bytes>) -> BTreeMap<&str, Vec<&str>> {
    let mut headers = BTreeMap::new();
    for (name, value) in request.headers() {
        let values: &mut Vec<&str> = headers.entry(name.as_str()).or_default();
        values.push(value.to_str().expect("plain text"));
    }
    headers
}

/// Reads a request as it is sent, but for a target that isn't encoded in some vectors, and one that has spaces.
fn parse(text: &str) -> http::Request<Bytes> {
    const ESCAPED: &AsciiSet = &CONTROLS.add(b' ');
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    // A line that begins with a space belongs to the header before.
    let head = head.trim_end().replace("\n ", " ");
    let mut lines = head.lines();
    let (method, rest) = lines.next().expect("a first line").split_once(' ').expect("a method");
    let target = rest.strip_suffix(" HTTP/1.1").expect("a version");
    let uri = format!("https://example.amazonaws.com{}", utf8_percent_encode(target, ESCAPED));
    let mut request = http::Request::builder().method(method).uri(uri);
    for line in lines {
        let (name, value) = line.split_once(':').expect("a header");
        request = request.header(name, value.trim());
    }
    request.body(Bytes::copy_from_slice(body.as_bytes())).expect("a request")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of the suite").replace("\r\n", "\n")
}

fn folders() -> Vec<PathBuf> {
    let suite = package().join("aws-signing-test-suite/v4");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(&suite).expect("the suite").map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    folders
}

/// Finds the folder of the `aws-sigv4` that this crate is built with.
fn package() -> PathBuf {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        manifest_path: PathBuf,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo's metadata");
    let package = metadata.packages.into_iter().find(|package| package.name == "aws-sigv4").expect("aws-sigv4");
    package.manifest_path.parent().expect("a folder").to_owned()
}
