//! A curl command that makes a recorded call again, through the gateway. Keys are variables of the shell: a record
//! holds none.

use serde_json::Value;

/// A body larger than this is piped in rather than written out.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// Recorded headers that curl sets itself, or that are about one connection.
const LEFT_OUT: [&str; 9] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "transfer-encoding",
    "user-agent",
];

/// Where the command sends the call.
pub(super) struct Gateway<'a> {
    pub(super) base: &'a str,
    /// Whether this session needed a key of the gateway, so that the command will too.
    pub(super) asks_for_key: bool,
}

/// The command.
pub(super) fn command(
    record: &Value,
    body: Option<&[u8]>,
    gateway: &Gateway<'_>,
    id: &str,
) -> String {
    let base = gateway.base;
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    // Without its slash a path could turn the gateway's host into a user's name.
    let path = text("/corelog/path")
        .unwrap_or_default()
        .trim_start_matches('/');
    let mut lines = vec![format!(
        "curl -g -sS -N -X {} {}",
        quoted(text("/corelog/method").unwrap_or("POST")),
        quoted(&format!("{base}/{path}"))
    )];
    if let Some(content_type) = text("/input/inputContentType") {
        lines.push(format!(
            "-H {}",
            quoted(&format!("content-type: {content_type}"))
        ));
    }
    lines.extend(credentials(
        text("/corelog/dialect").unwrap_or_default(),
        text("/region").unwrap_or_default(),
    ));
    if gateway.asks_for_key {
        lines.push("-H \"x-corelog-key: $CORELOG_KEY\"".to_owned());
    }
    let headers = record
        .pointer("/corelog/requestHeaders")
        .and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        if let Some(value) = value.as_str()
            && !LEFT_OUT.contains(&name.as_str())
        {
            lines.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
        }
    }
    match body.map(|body| (body.len(), std::str::from_utf8(body))) {
        None | Some((0, _)) => {}
        Some((size, Ok(text))) if size <= INLINE_BYTES_MAX && !text.contains('\0') => {
            lines.push(format!("--data-raw {}", quoted(text)));
        }
        Some(_) => {
            lines.push("--data-binary @-".to_owned());
            lines[0] = format!(
                "corelog get {} --request --url {} |\n{}",
                quoted(id),
                quoted(base),
                lines[0]
            );
        }
    }
    lines.join(" \\\n  ")
}

fn credentials(dialect: &str, region: &str) -> Vec<String> {
    let lines: &[&str] = match dialect {
        "openai" => &["-H \"authorization: Bearer $OPENAI_API_KEY\""],
        "anthropic" => &["-H \"x-api-key: $ANTHROPIC_API_KEY\""],
        "bedrock" => &[
            "--user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"",
            "-H \"x-amz-security-token: $AWS_SESSION_TOKEN\"",
        ],
        _ => &["-H \"authorization: Bearer $API_KEY\""],
    };
    let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    if dialect == "bedrock" {
        lines.insert(
            0,
            format!(
                "--aws-sigv4 {}",
                quoted(&format!("aws:amz:{region}:bedrock"))
            ),
        );
    }
    lines
}

/// Text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OPEN: Gateway<'_> = Gateway {
        base: "http://127.0.0.1:4600",
        asks_for_key: false,
    };
    const KEYED: Gateway<'_> = Gateway {
        base: "http://h",
        asks_for_key: true,
    };

    fn record() -> Value {
        json!({
            "region": "eu-west-1", "input": {"inputContentType": "application/json"},
            "corelog": {
                "method": "POST", "path": "/openai/v1/chat/completions", "dialect": "openai",
                "requestHeaders": {"openai-beta": "it's on", "content-length": "5"},
            },
        })
    }

    #[test]
    fn a_call_is_repeated_with_a_key_of_the_shell() {
        let command = command(&record(), Some(b"{\"a\":\"it's\"}"), &OPEN, "ID");
        assert_eq!(
            command,
            r#"curl -g -sS -N -X POST http://127.0.0.1:4600/openai/v1/chat/completions \
  -H 'content-type: application/json' \
  -H "authorization: Bearer $OPENAI_API_KEY" \
  -H 'openai-beta: it'\''s on' \
  --data-raw '{"a":"it'\''s"}'"#
        );
    }

    #[test]
    fn a_body_that_is_not_text_is_piped_in() {
        let command = command(&record(), Some(&[0xff, 0]), &KEYED, "ID");
        assert!(
            command.starts_with("corelog get ID --request --url http://h |\ncurl "),
            "{command}"
        );
        assert!(command.ends_with("--data-binary @-"), "{command}");
    }

    #[test]
    fn paths_cannot_leave_their_word() {
        let mut record = record();
        record["corelog"]["path"] = json!("/x'; rm -rf ~ #");
        record["corelog"]["dialect"] = json!("bedrock");
        let command = command(&record, None, &KEYED, "ID");
        assert!(
            command.starts_with(r"curl -g -sS -N -X POST 'http://h/x'\''; rm -rf ~ #'"),
            "{command}"
        );
        assert!(
            command.contains("-H \"x-corelog-key: $CORELOG_KEY\""),
            "{command}"
        );
        assert!(
            command.contains("--aws-sigv4 aws:amz:eu-west-1:bedrock"),
            "{command}"
        );
    }

    #[test]
    fn a_path_without_its_slash_stays_behind_the_host() {
        let mut record = record();
        record["corelog"]["path"] = json!("@elsewhere.example/x");
        let command = command(&record, None, &KEYED, "ID");
        assert!(
            command.contains(" http://h/@elsewhere.example/x "),
            "{command}"
        );
    }
}
