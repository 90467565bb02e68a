//! Configurations as people write them, right and wrong.

mod destinations;
mod notifiers;
mod refusals;
mod reload;
mod sources;
mod subscribers;

use std::collections::BTreeSet;

use corelog_types::{ByteSize, Dialect};
use proptest::prelude::*;

use super::schema::SECTIONS;
use super::*;

const SAMPLE: &str = r#"
[[provider]]
name = "openai"
dialect = "openai"            # openai | anthropic | bedrock | generic
base_url = "http://127.0.0.1:9100/v1"

[[provider]]
name = "bedrock"
dialect = "bedrock"
base_url = "http://127.0.0.1:9100"
region = "us-east-1"

[[destination]]
name = "bucket"
kind = "s3"
url = "file:///var/lib/corelog-bucket"   # or s3://bucket/prefix with [s3] endpoint and credentials
interval = "1s"
"#;

fn load(text: &str) -> Result<Loaded, Problems> {
    load_with(text, &[], &[])
}

fn load_with(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let flags: Vec<FlagValue> = flags
        .iter()
        .map(|(key, value)| FlagValue {
            flag: format!("--{key}"),
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        })
        .collect();
    Settings::parse(
        "c.toml",
        text,
        &Environment::from_pairs(env.iter().copied()),
        &flags,
    )
}

/// Every problem as `line:column key: reason / hint`.
fn problems(text: &str) -> Vec<String> {
    let line = |problem: &Problem| {
        let at = match &problem.origin {
            Origin::File(place) => format!("{}:{}", place.line, place.column),
            other => other.to_string(),
        };
        let hint = problem.hint.as_deref().unwrap_or("-");
        format!("{at} {} / {hint}", problem.reason)
    };
    load(text).map_or_else(
        |problems| problems.0.iter().map(line).collect(),
        |_| Vec::new(),
    )
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let found = problems(text);
    assert!(
        found.iter().any(|line| line.contains(expected)),
        "{expected}\nnot in\n{found:#?}"
    );
}

#[test]
fn the_smallest_config_is_read_and_the_rest_is_default() {
    let loaded = load(SAMPLE).unwrap();
    let settings = loaded.settings;
    let providers: Vec<(&str, Dialect, &str, &str)> = settings
        .providers
        .iter()
        .map(|p| (p.name.as_str(), p.dialect, p.upstream(), p.region()))
        .collect();
    assert_eq!(
        providers,
        [
            (
                "openai",
                Dialect::OpenAi,
                "http://127.0.0.1:9100/v1",
                "us-east-1"
            ),
            (
                "bedrock",
                Dialect::Bedrock,
                "http://127.0.0.1:9100",
                "us-east-1"
            ),
            (
                "anthropic",
                Dialect::Anthropic,
                "https://api.anthropic.com",
                "us-east-1"
            ),
        ]
    );
    let [destination] = settings.destinations.as_slice() else {
        panic!("one destination")
    };
    assert_eq!(
        destination.url,
        Some(StoreUrl::File("/var/lib/corelog-bucket".into()))
    );
    assert_eq!(destination.interval.as_secs(), 1);
    assert_eq!(destination.inline_bytes_max, ByteSize::from_bytes(102_400));
    assert!(destination.extension);
    assert_eq!(settings.spool.durability, Durability::Strict);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let settings = load_with("", &[("HOME", "/home/me")], &[])
        .unwrap()
        .settings;
    assert_eq!(settings.listen, "127.0.0.1:4600".parse().unwrap());
    assert_eq!(settings.data, Path::new("/home/me/.local/share/corelog"));
    assert_eq!(
        settings.destinations[0].url,
        Some(StoreUrl::File(
            "/home/me/.local/share/corelog/bucket".into()
        ))
    );
    let upstreams: Vec<&str> = settings.providers.iter().map(Provider::upstream).collect();
    assert_eq!(
        upstreams,
        [
            "https://api.openai.com/v1",
            "https://api.anthropic.com",
            "https://bedrock-runtime.us-east-1.amazonaws.com"
        ]
    );
    let xdg = load_with("", &[("XDG_DATA_HOME", "/x")], &[])
        .unwrap()
        .settings;
    assert_eq!(xdg.data, Path::new("/x/corelog"));
    let shown = load_with("", &[("XDG_DATA_HOME", "/x")], &[])
        .unwrap()
        .show();
    for line in [
        "data = \"/x/corelog\"",
        "memory_max = \"256kB\"",
        "# built in: provider anthropic, https://api.anthropic.com",
        "# built in: destination bucket, file:///x/corelog/bucket",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "{line}\nnot in\n{shown}"
        );
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    let first = load(SAMPLE).unwrap();
    let again = load(&first.show()).unwrap();
    assert_eq!(again.settings, first.settings);
}

#[test]
fn the_readme_shows_configurations_that_work() {
    let dir = tempfile::tempdir().unwrap();
    let profiles = dir.path().join("credentials");
    std::fs::write(
        &profiles,
        "[models]\naws_access_key_id=a\naws_secret_access_key=b\n",
    )
    .unwrap();
    let env = [
        ("OPENAI_API_KEY", "k"),
        ("CHECKOUT_KEY", "k"),
        ("BATCH_SECRET", "k"),
        (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/T0/B0/x",
        ),
        ("AWS_SHARED_CREDENTIALS_FILE", profiles.to_str().unwrap()),
    ];
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let blocks: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(
        blocks[0].trim(),
        SAMPLE.trim(),
        "the smallest configuration"
    );
    assert!(blocks.len() > 1);
    for block in blocks {
        let loaded = load_with(block, &env, &[]);
        assert!(
            loaded
                .as_ref()
                .is_ok_and(|loaded| loaded.warnings.is_empty()),
            "{block}\n{loaded:?}"
        );
    }
}

#[test]
fn config_md_names_every_key_and_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let made = config_markdown();
    if std::env::var_os("CORELOG_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        made,
        "docs/config.md is stale; its first lines say how to renew it"
    );
    let mut names = BTreeSet::new();
    for section in &SECTIONS {
        for key in section.keys {
            assert!(
                key.docs.concat().trim().ends_with('.'),
                "{}.{} has no docs",
                section.path,
                key.name
            );
            let env = section.env_name(
                Some("{NAME}").filter(|_| section.form == schema::Form::Named),
                key.name,
            );
            assert!(names.insert(env.clone()), "two keys share {env}");
            assert!(
                !crate::environment::NOT_SETTINGS.contains(&env.as_str()),
                "{env} is a command's"
            );
            assert!(
                made.contains(&format!("| `{}` |", key.name)),
                "{}",
                key.name
            );
        }
    }
    assert!(names.len() > 80);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[ -~\n\u{e9}]{0,200}") {
        let _ = load(&text);
    }

    #[test]
    fn any_value_of_any_key_is_read_or_refused_without_a_panic(section in 0..SECTIONS.len(), key in 0usize..20, value in "([a-z:/0-9]{0,12}|\\{\\}|\\[\\]|-?[0-9]{1,20})", quoted in any::<bool>()) {
        let section = &SECTIONS[section];
        let key = section.keys[key % section.keys.len()].name;
        let header = match section.form {
            schema::Form::Root => String::new(),
            schema::Form::Table => format!("[{}]", section.path),
            schema::Form::Named | schema::Form::Listed => format!("[[{}]]", section.path),
        };
        let value = if quoted { format!("\"{value}\"") } else { value };
        let _ = load(&format!("{header}\n{key} = {value}\n"));
    }
}
