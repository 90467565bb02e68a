//! AWS Signature Version 4: signing requests, and checking the signature of a caller.
//!
//! Written by hand: it is two hundred lines on `hmac` and `sha2`, and the SDK's signer would bring its credential
//! types and runtime with it.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt;

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Everything but RFC 3986's unreserved characters.
const ENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// As [`ENCODED`], for a whole path.
const ENCODED_PATH: AsciiSet = ENCODED.remove(b'/');

/// Keys to sign with. Printing them shows the key's id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key's id, which is no secret.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"***")
            .field("session_token", &self.session_token.as_ref().map(|_| "***"))
            .finish()
    }
}

/// Where and when a signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// `us-east-1`
    pub region: &'a str,
    /// The signing name, `bedrock` for Bedrock and Bedrock Runtime alike.
    pub service: &'a str,
    /// `20261120T091542Z`, the value of `x-amz-date`.
    pub amz_date: &'a str,
}

impl Scope<'_> {
    fn day(&self) -> &str {
        self.amz_date.get(..8).unwrap_or(self.amz_date)
    }

    fn text(&self) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            self.day(),
            self.region,
            self.service
        )
    }
}

/// The parts of a request that are signed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `POST`
    pub method: &'a str,
    /// The path as it is sent. Its percent signs are encoded once more for the signature, as every service but
    /// S3 does.
    pub path: &'a str,
    /// The query as it is sent, without the question mark.
    pub query: &'a str,
    /// Headers. [`sign`] signs all of them, [`verify`] looks up the signed ones.
    pub headers: &'a [(&'a str, &'a str)],
    /// Lowercase hex SHA-256 of the body; see [`payload_hash`].
    pub payload_sha256: &'a str,
}

/// Lowercase hex SHA-256 of a body.
pub fn payload_hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// Signs a request, and returns the headers to set: `x-amz-date`, `authorization`, and `x-amz-security-token`
/// for temporary credentials.
///
/// `request.headers` holds `host` and whatever else is to be signed, but none of the three.
pub fn sign(
    request: &Request<'_>,
    credentials: &Credentials,
    scope: &Scope<'_>,
) -> Vec<(&'static str, String)> {
    let mut set = vec![("x-amz-date", scope.amz_date.to_owned())];
    if let Some(token) = &credentials.session_token {
        set.push(("x-amz-security-token", token.clone()));
    }
    let added = set.iter().map(|(name, value)| (*name, value.as_str()));
    let headers = canonical_headers(request.headers.iter().copied().chain(added));
    let signed = signed_names(&headers);
    let to_sign = string_to_sign(&canonical_request(request, &headers, &signed), scope);
    let signature = signature(&credentials.secret_access_key, scope, &to_sign);
    set.push((
        "authorization",
        format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={signed}, Signature={}",
            credentials.access_key_id,
            scope.text(),
            hex(&signature),
        ),
    ));
    set
}

/// A caller's `Authorization` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Whose key it says it is.
    pub access_key_id: String,
    /// `20261120`
    pub day: String,
    /// The region signed for.
    pub region: String,
    /// The service signed for.
    pub service: String,
    /// Names of the signed headers, as given.
    pub signed_headers: Vec<String>,
    signature: Vec<u8>,
}

impl Authorization {
    /// Reads the header's value; `None` for any other scheme or shape.
    pub fn parse(value: &str) -> Option<Self> {
        let rest = value.trim().strip_prefix(ALGORITHM)?;
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => headers = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        // The key's id may itself contain slashes, so the scope is read from the end.
        let mut scope = credential?.rsplitn(5, '/');
        if scope.next()? != "aws4_request" {
            return None;
        }
        let (service, region, day, id) =
            (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        Some(Self {
            access_key_id: id.to_owned(),
            day: day.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: headers?.split(';').map(str::to_owned).collect(),
            signature: unhex(signature?)?,
        })
    }
}

/// The service that a request is signed for, as its `Authorization` header says; `None` for any other scheme.
pub fn signed_for(authorization: &str) -> Option<&str> {
    let rest = authorization.trim().strip_prefix(ALGORITHM)?;
    let mut parts = rest.split(',').map(str::trim);
    let credential = parts.find_map(|part| part.strip_prefix("Credential="))?;
    let scope = credential.strip_suffix("/aws4_request")?;
    Some(scope.rsplit_once('/')?.1)
}

/// Whether the signature was made with `secret` for this request at `amz_date`.
///
/// Says nothing about the age of the date or about whether enough headers are signed: both are the caller's to
/// judge. Takes the same time whatever the answer.
pub fn verify(
    authorization: &Authorization,
    request: &Request<'_>,
    amz_date: &str,
    secret: &str,
) -> bool {
    let scope = Scope {
        region: &authorization.region,
        service: &authorization.service,
        amz_date,
    };
    let is_signed = |name: &str| {
        let mut names = authorization.signed_headers.iter();
        names.any(|signed| signed.eq_ignore_ascii_case(name))
    };
    let signed = request.headers.iter().copied();
    let headers = canonical_headers(signed.filter(|(name, _)| is_signed(name)));
    let names = authorization.signed_headers.join(";");
    let to_sign = string_to_sign(&canonical_request(request, &headers, &names), &scope);
    let key = signing_key(secret, &scope);
    scope.day() == authorization.day
        && mac(&key, to_sign.as_bytes())
            .verify_slice(&authorization.signature)
            .is_ok()
}

/// Lowercase names, trimmed values with single spaces, sorted by name; values of one name joined by a comma.
fn canonical_headers<'a>(
    headers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<(String, String)> {
    let mut canonical: Vec<(String, String)> = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        match canonical.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => canonical.push((name, value)),
        }
    }
    canonical.sort();
    canonical
}

fn signed_names(headers: &[(String, String)]) -> String {
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    names.join(";")
}

fn canonical_request(request: &Request<'_>, headers: &[(String, String)], signed: &str) -> String {
    let mut text = [
        request.method,
        &canonical_path(request.path),
        &canonical_query(request.query),
    ]
    .join("\n");
    text.push('\n');
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(signed);
    text.push('\n');
    text.push_str(request.payload_sha256);
    text
}

/// Dot segments and doubled slashes go, then everything is encoded, percent signs included.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut normal = format!("/{}", segments.join("/"));
    if path.ends_with('/') && !segments.is_empty() {
        normal.push('/');
    }
    utf8_percent_encode(&normal, &ENCODED_PATH).to_string()
}

fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&decoded, &ENCODED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn string_to_sign(canonical_request: &str, scope: &Scope<'_>) -> String {
    let hash = payload_hash(canonical_request.as_bytes());
    [ALGORITHM, scope.amz_date, &scope.text(), &hash].join("\n")
}

fn signing_key(secret: &str, scope: &Scope<'_>) -> [u8; 32] {
    let mut key: [u8; 32] = mac(["AWS4", secret].concat().as_bytes(), scope.day().as_bytes())
        .finalize()
        .into_bytes()
        .into();
    for part in [scope.region, scope.service, "aws4_request"] {
        key = mac(&key, part.as_bytes()).finalize().into_bytes().into();
    }
    key
}

fn signature(secret: &str, scope: &Scope<'_>, to_sign: &str) -> [u8; 32] {
    let key = signing_key(secret, scope);
    mac(&key, to_sign.as_bytes()).finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("any length is a key");
    mac.update(message);
    mac
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn credentials(token: Option<&str>) -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: token.map(str::to_owned),
        }
    }

    fn scope(service: &'static str) -> Scope<'static> {
        Scope {
            region: "us-east-1",
            service,
            amz_date: "20150830T123600Z",
        }
    }

    fn authorization<'a>(set: &'a [(&'static str, String)]) -> &'a str {
        let header = set.iter().find(|(name, _)| *name == "authorization");
        &header.unwrap().1
    }

    /// The worked example of the service's documentation.
    #[test]
    fn the_service_of_a_scope_is_read_from_its_end() {
        let check = |value: &str, expected: Option<&str>| assert_eq!(signed_for(value), expected);
        let rest = "SignedHeaders=host, Signature=ab";
        check(
            &format!(
                "AWS4-HMAC-SHA256 Credential=A/B/20261122/us-east-1/monitoring/aws4_request, {rest}"
            ),
            Some("monitoring"),
        );
        check(&format!("AWS4-HMAC-SHA256 {rest}"), None);
        check("AWS4-HMAC-SHA256 Credential=monitoring/aws4_request", None);
        check("Bearer key", None);
    }

    #[test]
    fn iam_list_users() {
        let request = Request {
            method: "GET",
            path: "/",
            query: "Version=2010-05-08&Action=ListUsers",
            headers: &[
                ("Host", "iam.amazonaws.com"),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded;  charset=utf-8",
                ),
            ],
            payload_sha256: EMPTY,
        };
        let set = sign(&request, &credentials(None), &scope("iam"));
        assert_eq!(
            authorization(&set),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    /// `get-vanilla` of the published test suite.
    #[test]
    fn get_vanilla() {
        let request = Request {
            method: "GET",
            path: "/",
            query: "",
            headers: &[("Host", "example.amazonaws.com")],
            payload_sha256: EMPTY,
        };
        let set = sign(&request, &credentials(None), &scope("service"));
        assert!(authorization(&set).ends_with(
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        ));
    }

    #[test]
    fn paths_are_encoded_once_more() {
        assert_eq!(
            canonical_path("/model/a%3A0/invoke"),
            "/model/a%253A0/invoke"
        );
        assert_eq!(canonical_path("/./a//b/../c/"), "/a/c/");
        assert_eq!(canonical_path(""), "/");
        assert_eq!(canonical_query("b=2&a=%20x&a"), "a=&a=%20x&b=2");
    }

    #[test]
    fn a_signature_verifies_and_a_changed_request_does_not() {
        let body = payload_hash(b"{}");
        let mut headers = vec![("host", "h"), ("content-type", "application/json")];
        let path = "/model/arn%3Aaws%3Abedrock%2Fx/converse";
        let set = sign(
            &Request {
                method: "POST",
                path,
                query: "",
                headers: &headers,
                payload_sha256: &body,
            },
            &credentials(Some("token")),
            &scope("bedrock"),
        );
        let parsed = Authorization::parse(authorization(&set)).unwrap();
        assert_eq!(parsed.access_key_id, "AKIDEXAMPLE");
        assert_eq!(parsed.signed_headers.len(), 4);
        headers.extend(set.iter().map(|(name, value)| (*name, value.as_str())));
        headers.push(("user-agent", "not signed"));
        let check = |headers: &[(&str, &str)], method: &str, secret: &str| {
            let request = Request {
                method,
                path,
                query: "",
                headers,
                payload_sha256: &body,
            };
            verify(&parsed, &request, "20150830T123600Z", secret)
        };
        let secret = credentials(None).secret_access_key;
        assert!(check(&headers, "POST", &secret));
        assert!(!check(&headers, "PUT", &secret));
        assert!(!check(&headers, "POST", "another"));
        headers[0].1 = "elsewhere";
        assert!(!check(&headers, "POST", &secret));
    }

    /// The signature botocore 1.43 makes for this request at this time.
    #[test]
    fn signs_an_encoded_arn_as_botocore_does() {
        let request = Request {
            method: "POST",
            path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0/converse",
            query: "",
            headers: &[
                ("host", "bedrock-runtime.us-east-1.amazonaws.com"),
                ("content-type", "application/json"),
                ("x-amzn-bedrock-trace", "ENABLED"),
            ],
            payload_sha256: &payload_hash(b"{}"),
        };
        let set = sign(&request, &credentials(Some("token")), &scope("bedrock"));
        assert!(authorization(&set).ends_with(
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amzn-bedrock-trace, \
             Signature=8b49dad128ce8e4b1c12a1ade57e72075f48163ba2d8116497e5f02ec12bf5f6"
        ));
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", credentials(Some("session-secret")));
        assert!(!printed.contains("wJalr") && !printed.contains("session-secret"));
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,80}", scope in "[a-z0-9/]{0,30}", tail in "[0-9a-fé]{0,9}") {
            let _ = Authorization::parse(&text);
            let _ = Authorization::parse(&format!("{ALGORITHM} Credential={scope}, SignedHeaders=a;b,Signature={tail}"));
        }
    }
}
