//! Which bodies are in an event, and what its record says of those that are not.

use super::event::of_entry;
use super::*;
use crate::fixture::json_of;

fn form() -> Form {
    Form {
        event_bytes_max: 1_048_550,
        inline_bytes_max: 102_400,
        modalities: Modalities::all(),
        extension: true,
    }
}

/// The event's message, and its record.
fn message(form: &Form, parts: &[Part<'_>]) -> (String, Value) {
    let batch = Records::default().record(0, parts).batch();
    let event = of_entry(&batch, &batch.entries[0], form).unwrap();
    assert!(!event.unreadable);
    let record = serde_json::from_str(&event.message).unwrap();
    (event.message, record)
}

fn input(form: BodyForm, at: Place, bytes: &[u8]) -> Part<'_> {
    (PartName::Input, form, at, bytes)
}

fn output(bytes: &[u8]) -> Part<'_> {
    (PartName::Output, BodyForm::Json, Place::Inline, bytes)
}

/// What `corelog.cut` says, as `part reason bytes`.
fn cuts(record: &Value) -> Vec<String> {
    let cuts = record["corelog"]["cut"].as_array();
    let text = |cut: &Value| {
        let (part, reason) = (&cut["part"], &cut["reason"]);
        format!(
            "{} {} {}",
            part.as_str().unwrap(),
            reason.as_str().unwrap(),
            cut["bytes"]
        )
    };
    cuts.into_iter().flatten().map(text).collect()
}

#[test]
fn an_event_holds_what_fits_and_not_a_byte_more() {
    let empty = message(&form(), &[]).0.len();
    let around = r#","inputBodyJson":"#.len();
    let most = 1_048_550 - empty - around;
    for at in [Place::Inline, Place::Blob] {
        let (whole, record) = message(&form(), &[input(BodyForm::Json, at, &json_of(most))]);
        assert_eq!(whole.len(), 1_048_550);
        assert_eq!(
            record["input"]["inputBodyJson"].as_str().unwrap().len(),
            most - 2
        );
        assert_eq!(cuts(&record), [] as [&str; 0]);
        let (cut, record) = message(&form(), &[input(BodyForm::Json, at, &json_of(most + 1))]);
        assert!(cut.len() < empty + 100, "{}", cut.len());
        assert_eq!(cuts(&record), [format!("input over_limit {}", most + 1)]);
        assert!(record["input"].get("inputBodyJson").is_none());
    }
}

#[test]
fn of_an_event_that_would_be_too_large_bodies_over_the_inline_limit_are_left_out() {
    let (large, small) = (json_of(1_000_000), json_of(102_400));
    let (_, record) = message(
        &form(),
        &[input(BodyForm::Json, Place::Blob, &large), output(&small)],
    );
    assert_eq!(cuts(&record), ["input over_limit 1000000"]);
    let kept = record["output"]["outputBodyJson"].as_str().unwrap();
    assert_eq!(kept.len(), 102_398);
    // One that would fit is left out too where it is over the limit and the two together are too large.
    let over = json_of(102_401);
    let (_, record) = message(
        &form(),
        &[input(BodyForm::Json, Place::Inline, &large), output(&over)],
    );
    assert_eq!(
        cuts(&record),
        ["input over_limit 1000000", "output over_limit 102401"]
    );
    // Both fit.
    let (half, over) = (json_of(500_000), json_of(102_401));
    let (_, record) = message(
        &form(),
        &[input(BodyForm::Json, Place::Inline, &half), output(&over)],
    );
    assert_eq!(cuts(&record), [] as [&str; 0]);
}

#[test]
fn small_events_lose_bodies_under_the_inline_limit_too() {
    let small = Form {
        event_bytes_max: 65_536,
        ..form()
    };
    let body = json_of(90_000);
    let (message, record) = message(&small, &[input(BodyForm::Json, Place::Inline, &body)]);
    assert!(message.len() <= 65_536);
    assert_eq!(cuts(&record), ["input over_limit 90000"]);
}

#[test]
fn a_record_that_fits_no_event_says_so() {
    let tiny = Form {
        event_bytes_max: 200,
        ..form()
    };
    let batch = Records::default().record(0, &[]).batch();
    let event = of_entry(&batch, &batch.entries[0], &tiny).unwrap();
    assert!(event.unreadable);
    let id = batch.entries[0].id;
    assert_eq!(
        event.message,
        format!(
            r#"{{"unreadable":true,"corelog":{{"recordId":"{id}","nodeId":"00000000000000ab","sequence":1}}}}"#
        )
    );
}

#[test]
fn json_is_one_line_and_other_text_a_string() {
    let pretty = b"{\n  \"a\": [1,\n 2]\n}";
    for at in [Place::Inline, Place::Blob] {
        let (line, record) = message(&form(), &[input(BodyForm::Pretty, at, pretty)]);
        assert!(!line.contains('\n'));
        assert_eq!(
            record["input"]["inputBodyJson"],
            serde_json::json!({"a": [1, 2]})
        );
        let (_, record) = message(&form(), &[input(BodyForm::Text, at, b"not \"JSON\"\n")]);
        assert_eq!(record["input"]["inputBodyJson"], "not \"JSON\"\n");
        let (_, record) = message(&form(), &[input(BodyForm::Json, at, b"{no json")]);
        assert_eq!(record["input"]["inputBodyJson"], "{no json");
    }
    // Mostly whitespace: larger than an event, and small without it.
    let mut airy = vec![b' '; 2_000_000];
    airy.extend_from_slice(b"\n[7]");
    let (_, record) = message(&form(), &[input(BodyForm::Pretty, Place::Blob, &airy)]);
    assert_eq!(record["input"]["inputBodyJson"], serde_json::json!([7]));
}

#[test]
fn bodies_that_cannot_be_inside_are_named() {
    let binary = input(BodyForm::Binary, Place::Inline, b"\x00\xff");
    assert_eq!(cuts(&message(&form(), &[binary]).1), ["input binary 2"]);
    let mislabelled = input(BodyForm::Text, Place::Inline, b"\xff\xff\xff");
    assert_eq!(
        cuts(&message(&form(), &[mislabelled]).1),
        ["input not_decoded 3"]
    );
    let broken = input(BodyForm::Pretty, Place::Blob, b"{\n\"a\":");
    assert_eq!(
        cuts(&message(&form(), &[broken]).1),
        ["input not_decoded 6"]
    );
    let mut batch = Records::default().record(0, &[input(BodyForm::Json, Place::Blob, b"{}")]);
    batch.blobs = Blobs::default();
    let batch = batch.batch();
    let event = of_entry(&batch, &batch.entries[0], &form()).unwrap();
    let record: Value = serde_json::from_str(&event.message).unwrap();
    assert_eq!(cuts(&record), ["input disk 2"]);
    let no_text = Form {
        modalities: Modalities::all().with(Modality::Text, false),
        ..form()
    };
    let (_, record) = message(&no_text, &[output(b"{}")]);
    assert_eq!(cuts(&record), ["output not_delivered 2"]);
    assert!(record["output"].get("outputBodyJson").is_none());
}

#[test]
fn without_the_extension_the_record_is_the_originals() {
    let plain = Form {
        extension: false,
        ..form()
    };
    let (_, record) = message(&plain, &[input(BodyForm::Binary, Place::Inline, b"\x00")]);
    assert!(record.get("corelog").is_none());
    assert_eq!(record["schemaType"], "ModelInvocationLog");
}
