//! The place of each body: in the line, in an object of its own, or nowhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corelog_catalog::Modality;

use super::*;

#[tokio::test]
async fn a_body_of_102400_bytes_is_inline_and_one_more_is_not() {
    for place in [Place::Inline, Place::Blob] {
        for (bytes, offloaded) in [(102_400, false), (102_401, true)] {
            let body = json_of(bytes);
            let parts = [(PartName::Input, BodyForm::Json, place, &body[..])];
            let objects = put(&config(), one(CONVERSE, &parts)).await;
            let line = &lines(&objects)[0]["input"];
            assert_eq!(line.get("inputBodyJson").is_none(), offloaded, "{bytes}");
            let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_input.json.gz");
            if offloaded {
                let path = format!("s3://acme-llm-logs/{key}");
                assert_eq!(line["inputBodyS3Path"], path);
                assert_eq!(objects[&key], body);
            } else {
                assert!(!objects.contains_key(&key));
            }
        }
    }
}

#[tokio::test]
async fn large_json_is_measured_and_written_without_its_whitespace() {
    for (form, gap) in [(BodyForm::Pretty, b'\n'), (BodyForm::Json, b' ')] {
        for place in [Place::Inline, Place::Blob] {
            let mut body = [b"{", &[gap][..], b"\"a\": 1.50,"].concat();
            body.extend(std::iter::repeat_n(b' ', 200_000));
            body.extend_from_slice(b"\"b\": \"x y\"}");
            let parts = [(PartName::Output, form, place, &body[..])];
            let objects = put(&config(), one(CONVERSE, &parts)).await;
            assert_eq!(objects.len(), 1, "{form:?} {place:?}");
            let (_, bytes) = objects.first_key_value().unwrap();
            let line = str::from_utf8(bytes).unwrap();
            assert!(line.contains(r#""outputBodyJson":{"a":1.50,"b":"x y"}"#));
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_text_in_the_line_or_a_file() {
    let wav = CONVERSE.replace("Converse\"", "Speech\"").replace(
        r#""outputContentType":"application/json""#,
        r#""outputContentType":"audio/wav""#,
    );
    let parts = [
        inline(PartName::Input, BodyForm::Text, b"say \"hi\""),
        inline(PartName::Output, BodyForm::Binary, &[0xff, 0, 1]),
    ];
    let objects = put(&config(), one(&wav, &parts)).await;
    let line = &lines(&objects)[0];
    assert_eq!(line["input"]["inputBodyJson"], "say \"hi\"");
    let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_output.wav");
    assert_eq!(
        line["output"]["outputBodyS3Path"],
        format!("s3://acme-llm-logs/{key}")
    );
    assert_eq!(objects[&key], [0xff, 0, 1]);
}

/// A body that is not the JSON or text it was said to be must not hold up the batch.
#[tokio::test]
async fn a_mislabelled_body_is_kept_as_what_it_is() {
    let parts = [
        inline(PartName::Input, BodyForm::Json, b"{broken"),
        inline(PartName::Output, BodyForm::Text, &[0xff, 0xfe]),
    ];
    let objects = put(&config(), one(CONVERSE, &parts)).await;
    let line = &lines(&objects)[0];
    assert_eq!(line["input"]["inputBodyJson"], "{broken");
    assert_eq!(
        data_keys(&objects),
        ["44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_output.bin"]
    );
}

pub(super) fn converse_with_files(pdf: &[u8], png: &[u8], text: &str) -> Vec<u8> {
    format!(
        r#"{{"messages":[{{"role":"user","content":[
            {{"document":{{"format":"pdf","name":"bill of lading","source":{{"bytes":"{}"}}}}}},
            {{"image":{{"format":"png","source":{{"bytes":"{}"}}}}}},
            {{"text":"{text}"}}]}}]}}"#,
        STANDARD.encode(pdf),
        STANDARD.encode(png)
    )
    .into_bytes()
}

fn converse_without_files(pdf: &str, png: &str, text: &str) -> serde_json::Value {
    serde_json::json!({"messages":[{"role":"user","content":[
        {"document":{"format":"pdf","name":"bill of lading","source":serde_json::from_str::<serde_json::Value>(pdf).unwrap()}},
        {"image":{"format":"png","source":serde_json::from_str::<serde_json::Value>(png).unwrap()}},
        {"text":text}]}]})
}

#[tokio::test]
async fn converse_files_are_cut_out_wherever_the_body_is() {
    let pdf: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    let png = b"\x89PNG small";
    let stem = "44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808";
    let source = |at: &str| {
        format!(r#"{{"s3Uri":"s3://acme-llm-logs/{FOLDER}data/{stem}_input_media_{at}"}}"#)
    };
    let long = "t".repeat(102_400);
    for place in [Place::Inline, Place::Blob] {
        for text in ["Do these match?", &long] {
            let body = converse_with_files(&pdf, png, text);
            let parts = [(PartName::Input, BodyForm::Pretty, place, &body[..])];
            let objects = put(&config(), one(CONVERSE, &parts)).await;
            let expected = converse_without_files(&source("00.pdf"), &source("01.png"), text);
            let at = |name: &str| &objects[&format!("{FOLDER}data/{stem}_{name}")];
            assert_eq!(*at("input_media_00.pdf"), pdf);
            assert_eq!(at("input_media_01.png"), png);
            let line = &lines(&objects)[0]["input"];
            if text == long {
                let body: serde_json::Value = serde_json::from_slice(at("input.json.gz")).unwrap();
                assert_eq!(body, expected);
                assert!(line.get("inputBodyS3Path").is_some());
            } else {
                assert_eq!(line["inputBodyJson"], expected);
                assert_eq!(objects.len(), 3);
            }
        }
    }
}

#[tokio::test]
async fn kinds_that_are_not_delivered_leave_nothing() {
    let only = |modality| Config {
        modalities: Modalities::all().with(modality, false),
        ..config()
    };
    let body = converse_with_files(b"pdf", b"png", "x");
    let parts = [inline(PartName::Input, BodyForm::Pretty, &body)];
    let objects = put(&only(Modality::Image), one(CONVERSE, &parts)).await;
    assert_eq!(
        lines(&objects)[0]["input"]["inputBodyJson"],
        converse_without_files("{}", "{}", "x")
    );
    assert_eq!(objects.len(), 1);

    let text = br#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#;
    let text = [inline(PartName::Input, BodyForm::Pretty, text)];
    let objects = put(&only(Modality::Text), one(CONVERSE, &text)).await;
    let line = &lines(&objects)[0]["input"];
    assert_eq!(
        *line,
        serde_json::json!({"inputContentType":"application/json","inputTokenCount":2904})
    );
    assert_eq!(objects.len(), 1);

    let embedding = CONVERSE
        .replace("\"Converse\"", "\"InvokeModel\"")
        .replace("amazon.nova-pro-v1:0", "amazon.titan-embed-text-v2:0");
    let parts = [inline(
        PartName::Output,
        BodyForm::Json,
        b"{\"embedding\":[0.1]}",
    )];
    let said = CONVERSE.replace(
        "\"schemaVersion\":\"1.0\"",
        "\"schemaVersion\":\"1.0\",\"corelog\":{}",
    );
    let text = [inline(PartName::Input, BodyForm::Json, b"{}")];
    let objects = put(&only(Modality::Text), one(&said, &text)).await;
    assert_eq!(
        lines(&objects)[0]["corelog"]["cut"],
        serde_json::json!([{"part":"input","reason":"not_delivered"}])
    );

    let kept = put(&only(Modality::Text), one(&embedding, &parts)).await;
    assert!(lines(&kept)[0]["output"].get("outputBodyJson").is_some());
    let dropped = put(&only(Modality::Embedding), one(&embedding, &parts)).await;
    assert!(lines(&dropped)[0]["output"].get("outputBodyJson").is_none());
}

/// Converse content goes block by block: what is not delivered is the text, and the files are.
#[tokio::test]
async fn converse_without_text_keeps_its_files() {
    let said = CONVERSE.replace(
        "\"schemaVersion\":\"1.0\"",
        "\"schemaVersion\":\"1.0\",\"corelog\":{\"dialect\":\"bedrock\"}",
    );
    let without = |kinds: &[Modality]| Config {
        modalities: kinds
            .iter()
            .fold(Modalities::all(), |all, kind| all.with(*kind, false)),
        ..config()
    };
    let pdf: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    let body = converse_with_files(&pdf, b"png", "a secret of the harbour");
    let stem = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_input_media_");
    let source =
        |file: &str| serde_json::json!({"s3Uri": format!("s3://acme-llm-logs/{stem}{file}")});
    for place in [Place::Inline, Place::Blob] {
        let parts = [(PartName::Input, BodyForm::Pretty, place, &body[..])];
        let objects = put(&without(&[Modality::Text]), one(&said, &parts)).await;
        let line = &lines(&objects)[0];
        assert_eq!(
            line["input"]["inputBodyJson"],
            serde_json::json!({"messages":[{"role":"user","content":[
                {"document":{"format":"pdf","source":source("00.pdf")}},
                {"image":{"format":"png","source":source("01.png")}}]}]})
        );
        assert_eq!(
            line["corelog"]["cut"],
            serde_json::json!([{"part":"input","reason":"not_delivered"}])
        );
        assert!(objects[&format!("{stem}00.pdf")] == pdf);
        assert_eq!(objects[&format!("{stem}01.png")], b"png");
        assert_eq!(objects.len(), 3, "{:?}", objects.keys());

        let neither = without(&[Modality::Text, Modality::Image]);
        let objects = put(&neither, one(&said, &parts)).await;
        assert!(lines(&objects)[0]["input"].get("inputBodyJson").is_none());
        assert_eq!(objects.len(), 1);
    }
}

#[tokio::test]
async fn events_lie_beside_the_bodies() {
    let events = b"{\"atMs\":1}\n{\"atMs\":2}\n";
    for place in [Place::Inline, Place::Blob] {
        let parts = [(PartName::Events, BodyForm::Text, place, &events[..])];
        let objects = put(&config(), one(CONVERSE, &parts)).await;
        let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_events.jsonl.gz");
        assert_eq!(objects[&key], events);
    }
}

#[tokio::test]
async fn a_large_blob_is_put_in_parts() {
    let body: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let parts = [(PartName::Output, BodyForm::Binary, Place::Blob, &body[..])];
    let objects = put(&config(), one(CONVERSE, &parts)).await;
    let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_output.bin");
    assert!(objects[&key] == body, "the object differs from the blob");
}
