//! What data objects are called: as the original calls them, and not what another record's are called.

use super::*;

/// Puts records with a large body each into one store, `in_batch` of them at a time. Every record's path must
/// lead to its own body. Returns the names under `data/`, in the order of the records.
async fn names_of(documents: &[&str], in_batch: usize) -> Vec<String> {
    let store = Arc::new(InMemory::new());
    let sink = over(&store, &config());
    let mut batches = Vec::new();
    for (at, documents) in documents.chunks(in_batch).enumerate() {
        let mut records = Records {
            before: (at * in_batch) as u64,
            ..Records::default()
        };
        for document in documents {
            let body = json_of(150_000 + batches.len() * in_batch + records.entries.len());
            records = records.record(document, &[inline(PartName::Input, BodyForm::Json, &body)]);
        }
        batches.push(records.batch());
    }
    // Whatever a crash repeats changes nothing.
    for batch in batches.iter().chain(&batches) {
        sink.deliver(Arc::clone(batch)).await.unwrap();
    }
    let objects = objects(&store).await;
    let mut names = vec![String::new(); documents.len()];
    for line in lines(&objects) {
        let path = line["input"]["inputBodyS3Path"].as_str().unwrap();
        let body = &objects[path.strip_prefix("s3://acme-llm-logs/").unwrap()];
        path.rsplit('/')
            .next()
            .unwrap()
            .clone_into(&mut names[body.len() - 150_000]);
    }
    names
}

/// The id of the n-th record.
fn own_id(number: u8) -> String {
    let random = [0, 0, 0, 0, 0, 0, 0, 0, 0, number];
    RecordId::from_parts(REQUESTED, random).to_string()
}

fn with(request_id: &str, dialect: &str) -> String {
    let extension = format!(r#""schemaVersion":"1.0","corelog":{{"dialect":"{dialect}"}}"#);
    CONVERSE
        .replace(r#""schemaVersion":"1.0""#, &extension)
        .replace(THEIRS, request_id)
}

const THEIRS: &str = "44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808";

#[tokio::test]
async fn an_id_that_bedrock_gave_or_that_is_our_own_is_the_whole_name() {
    let (theirs, ours) = (with(THEIRS, "bedrock"), with(&own_id(2), "openai"));
    assert_eq!(
        names_of(&[&theirs, &ours], 2).await,
        [
            format!("{THEIRS}_input.json.gz"),
            format!("{}_input.json.gz", own_id(2))
        ]
    );
}

#[tokio::test]
async fn records_of_a_batch_that_share_an_id_keep_their_bodies_apart() {
    let document = with(THEIRS, "bedrock");
    assert_eq!(
        names_of(&[&document, &document, &document], 3).await,
        [
            format!("{THEIRS}_input.json.gz"),
            format!("{THEIRS}_{}_input.json.gz", own_id(2)),
            format!("{THEIRS}_{}_input.json.gz", own_id(3)),
        ]
    );
}

/// `a/b` and `a_b` are the same to a key.
#[tokio::test]
async fn ids_of_other_services_never_stand_alone() {
    let documents = [
        with("a/b", "bedrock"),
        with("a_b", "bedrock"),
        with(THEIRS, "openai"),
    ];
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    assert_eq!(
        names_of(&documents, 1).await,
        [
            format!("a_b_{}_input.json.gz", own_id(1)),
            format!("a_b_{}_input.json.gz", own_id(2)),
            format!("{THEIRS}_{}_input.json.gz", own_id(3)),
        ]
    );
}
