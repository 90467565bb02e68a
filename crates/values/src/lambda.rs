//! What lines of Lambda functions say: those of the platform, and which request a line of the function is of.
//!
//! Source: the user guide's page of discovered fields for the names, its sample queries for sizes of memory, which are
//! in bytes with a million to the megabyte. Decision: lines are known by their form, whatever their log group.

use crate::number::Number;
use crate::rows::uuid_length;
use crate::value::Value;

/// The names of the fields.
const NAMES: [&str; 9] = [
    "@type",
    "@requestId",
    "@duration",
    "@billedDuration",
    "@initDuration",
    "@memorySize",
    "@maxMemoryUsed",
    "@xrayTraceId",
    "@xraySegmentId",
];

/// Words that lines of the platform begin with.
const TYPES: [&str; 3] = ["START", "END", "REPORT"];

/// A field and its value.
type Named<'t> = (&'static str, Value<'t>);

/// Whether a line may have a field of this name.
pub(crate) fn has(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The fields of a line.
pub(crate) fn fields(line: &str) -> Vec<Named<'_>> {
    let platform = TYPES.iter().find_map(|kind| {
        let behind = line.strip_prefix(kind)?;
        Some((*kind, behind.strip_prefix(" RequestId: ")?))
    });
    match platform {
        Some((kind, behind)) => of_platform(kind, behind),
        None => request_of(line)
            .map(|id| ("@requestId", Value::text(id)))
            .into_iter()
            .collect(),
    }
}

/// `REPORT RequestId: 6f3c… TAB Duration: 12.5 ms TAB …`, from the id on.
fn of_platform<'t>(kind: &'static str, behind: &'t str) -> Vec<Named<'t>> {
    let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
    let (id, rest) = behind.split_at(end);
    let mut all = vec![
        ("@type", Value::text(kind)),
        ("@requestId", Value::text(id)),
    ];
    if kind == "REPORT" {
        all.extend(rest.split(['\t', '\n']).filter_map(measured));
    }
    all
}

fn measured(text: &str) -> Option<Named<'_>> {
    let (name, value) = text.trim().split_once(": ")?;
    let millis = || {
        let number = value.strip_suffix(" ms")?;
        Number::from_text(number).map(|_| Value::text(number))
    };
    let bytes = || {
        let megabytes: i64 = value.strip_suffix(" MB")?.parse().ok()?;
        megabytes.checked_mul(1_000_000).map(Value::int)
    };
    Some(match name {
        "Duration" => ("@duration", millis()?),
        "Billed Duration" => ("@billedDuration", millis()?),
        "Init Duration" => ("@initDuration", millis()?),
        "Memory Size" => ("@memorySize", bytes()?),
        "Max Memory Used" => ("@maxMemoryUsed", bytes()?),
        "XRAY TraceId" => ("@xrayTraceId", Value::text(value)),
        "SegmentId" => ("@xraySegmentId", Value::text(value)),
        _ => return None,
    })
}

/// Of `time TAB id TAB …`, or with a level in brackets before, as runtimes of Lambda write.
fn request_of(line: &str) -> Option<&str> {
    let mut parts = line.splitn(4, '\t');
    let mut time = parts.next()?;
    if time.starts_with('[') {
        time = parts.next()?;
    }
    let id = parts.next()?;
    let is_time =
        time.len() <= 32 && time.ends_with('Z') && time.starts_with(|c: char| c.is_ascii_digit());
    let is_id = uuid_length(id.as_bytes()) == Some(id.len());
    (is_time && is_id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::fields;

    fn check(line: &str, expected: &[(&str, &str)]) {
        let found = fields(line);
        let found: Vec<(&str, _)> = found.iter().map(|(name, it)| (*name, it.shown())).collect();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, it)| (*name, it.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, expected, "{line}");
        assert!(found.iter().all(|(name, _)| super::has(name)));
    }

    const ID: &str = "6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a11";

    #[test]
    fn lines_of_the_platform_say_what_an_invocation_took() {
        check(
            &format!("START RequestId: {ID} Version: $LATEST\n"),
            &[("@type", "START"), ("@requestId", ID)],
        );
        check(
            &format!("END RequestId: {ID}"),
            &[("@type", "END"), ("@requestId", ID)],
        );
        check(
            &format!(
                "REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t\
                 Max Memory Used: 64 MB\tInit Duration: 120.1 ms\t\n\
                 XRAY TraceId: 1-5e34a614-10bdbf5fdcf6b2ed6bd3b7e4\tSegmentId: 3f0f9b6d5a2b1a11\tSampled: true\t\n"
            ),
            &[
                ("@type", "REPORT"),
                ("@requestId", ID),
                ("@duration", "12.50"),
                ("@billedDuration", "13"),
                ("@memorySize", "128000000"),
                ("@maxMemoryUsed", "64000000"),
                ("@initDuration", "120.1"),
                ("@xrayTraceId", "1-5e34a614-10bdbf5fdcf6b2ed6bd3b7e4"),
                ("@xraySegmentId", "3f0f9b6d5a2b1a11"),
            ],
        );
        check(
            "REPORT RequestId: x\tDuration: long ms\tMemory Size: 9223372036854775807 MB\tDuration:",
            &[("@type", "REPORT"), ("@requestId", "x")],
        );
    }

    #[test]
    fn lines_of_the_function_say_their_request() {
        let request = [("@requestId", ID)];
        check(
            &format!("2026-11-22T09:15:42.123Z\t{ID}\tINFO\tall\tgood"),
            &request,
        );
        check(
            &format!("[ERROR]\t2026-11-22T09:15:42.123Z\t{ID}\tbad"),
            &request,
        );
        check(&format!("2026-11-22T09:15:42.123Z\t{ID}0\tINFO"), &[]);
        check(&format!("yesterday\t{ID}\tINFO"), &[]);
        for line in [
            "",
            "START",
            "STARTED RequestId: x",
            "a\tb\tc",
            "[\t",
            "REPORT: all good",
        ] {
            check(line, &[]);
        }
    }
}
