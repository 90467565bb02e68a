//! Configurations as people write them, right and wrong.

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
fn a_flag_beats_the_environment_and_that_the_file() {
    let text = "listen = \"127.0.0.1:1\"\ndata = \"f\"\n[spool]\non_full = \"relay\"\n[account]\nregion = \"eu-west-1\"\n";
    let env = [
        ("CORELOG_LISTEN", "127.0.0.1:2"),
        ("CORELOG_DATA", "e"),
        ("CORELOG_SPOOL_DURABILITY", "relaxed"),
        ("CORELOG_SPOOL_ON_FULL", ""),
    ];
    let loaded = load_with(
        text,
        &env,
        &[("listen", "127.0.0.1:3"), ("capture.policy", "input")],
    )
    .unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.data, Path::new("e"));
    assert_eq!(settings.spool.durability, Durability::Relaxed);
    assert_eq!(settings.spool.on_full, OnFull::Relay);
    assert_eq!(settings.capture.policy, CapturePolicy::Input);
    assert_eq!(settings.s3.region.as_deref(), Some("eu-west-1"));
    let shown = loaded.show();
    for line in [
        "listen = \"127.0.0.1:3\"  # flag --listen",
        "data = \"e\"  # environment variable CORELOG_DATA",
        "on_full = \"relay\"  # c.toml:4",
        "segment_bytes = \"64MiB\"",
    ] {
        assert!(
            shown.lines().any(|shown| shown == line),
            "{line}\nnot in\n{shown}"
        );
    }
}

#[test]
fn the_environment_changes_blocks_and_adds_them() {
    let env = [
        ("CORELOG_PROVIDER_OPENAI_BASE_URL", "http://10.0.0.1/v1"),
        ("CORELOG_PROVIDER_MY_LOCAL_DIALECT", "generic"),
        (
            "CORELOG_PROVIDER_MY_LOCAL_BASE_URL",
            "http://localhost:8000",
        ),
        ("CORELOG_PROVIDER_MY_LOCAL_API_KEY", "env:LOCAL_KEY"),
        ("LOCAL_KEY", "s3cret"),
        ("CORELOG_KEY_APP_SECRET", "env:LOCAL_KEY"),
        ("CORELOG_CAPTURE_RULE_0_POLICY", "none"),
        ("CORELOG_CAPTURE_RULE_0_MODEL", "gpt-*"),
    ];
    let loaded = load_with(SAMPLE, &env, &[("provider.bedrock.region", "eu-west-1")]).unwrap();
    let settings = &loaded.settings;
    assert_eq!(settings.providers[0].upstream(), "http://10.0.0.1/v1");
    assert_eq!(settings.providers[1].region(), "eu-west-1");
    let local = settings
        .providers
        .iter()
        .find(|p| p.name.as_str() == "my_local")
        .unwrap();
    assert_eq!(
        (local.dialect, local.upstream()),
        (Dialect::Generic, "http://localhost:8000")
    );
    assert_eq!(local.api_key.as_ref().unwrap().reveal(), "s3cret");
    assert_eq!(settings.keys[0].name.as_str(), "app");
    assert_eq!(settings.capture_rules[0].policy, CapturePolicy::None);
    assert_eq!(loaded.warnings, []);
    assert!(!loaded.show().contains("s3cret"));
    assert!(!format!("{loaded:?}").contains("s3cret"));
}

#[test]
fn a_block_of_the_environment_may_begin_like_another_and_must_be_whole() {
    let env = [
        ("CORELOG_PROVIDER_OPENAI_EU_DIALECT", "openai"),
        ("CORELOG_PROVIDER_OPENAI_EU_BASE_URL", "http://eu"),
    ];
    let settings = load_with(SAMPLE, &env, &[]).unwrap().settings;
    let eu = settings
        .providers
        .iter()
        .find(|p| p.name.as_str() == "openai_eu")
        .unwrap();
    assert_eq!(eu.upstream(), "http://eu");
    let problems = load_with(SAMPLE, &env[1..], &[]).unwrap_err();
    let missing = Origin::Env("CORELOG_PROVIDER_OPENAI_EU_DIALECT".to_owned());
    assert_eq!(problems.0[0].origin, missing);
}

#[test]
fn a_stray_variable_is_a_warning_and_a_stray_flag_an_error() {
    let env = [
        ("CORELOG_SPOOL_DURABLITY", "relaxed"),
        ("CORELOG_URL", "u"),
        ("CORELOG_CONFIG", "f"),
    ];
    let warnings = load_with("", &env, &[]).unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        warnings[0].hint.as_deref(),
        Some("did you mean `CORELOG_SPOOL_DURABILITY`?")
    );
    let problems = load_with("", &[], &[("spool.durablity", "strict")]).unwrap_err();
    assert_eq!(
        problems.0[0].hint.as_deref(),
        Some("did you mean `spool.durability`?")
    );
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_name_and_their_place() {
    let text = SAMPLE.replace("interval =", "intervall =");
    let problems = load(&text).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "unknown key `intervall` in `destination`\n  --> c.toml:17:1\n   |\n17 | intervall = \"1s\"\n   | ^^^^^^^^^\nhint: did you mean `interval`?"
    );
    check_refused("[spol]\n", "1:2 unknown key `spol` / did you mean `spool`?");
    check_refused(
        "[log]\nlisten = \"127.0.0.1:1\"\n",
        "2:1 unknown key `listen` in `log` / `listen` belongs above the first table",
    );
    check_refused(
        "durability = \"strict\"\n",
        "`durability` belongs to `[spool]`",
    );
    check_refused(
        "[provider]\nname = \"a\"\n",
        "expected `[[provider]]`, found table",
    );
    check_refused("spool = 3\n", "expected a table `[spool]`, found integer");
    check_refused(
        "[capture]\nrule = \"x\"\n",
        "expected `[[capture.rule]]`, found string",
    );
}

#[test]
fn values_of_the_wrong_kind_are_refused_with_what_would_be_right() {
    check_refused(
        "[[destination]]\nname=\"a\"\nurl=\"file:///x\"\ninterval = 5\n",
        "4:12 `destination[0].interval`: expected a duration such as `\"30s\"`, found integer / name the unit: `\"5s\"` or `\"5ms\"`",
    );
    check_refused(
        "[limits]\nbody_bytes_max = \"1 parsec\"\n",
        "2:18 `limits.body_bytes_max`: `1 parsec` is no size",
    );
    check_refused(
        "[spool]\ndurability = \"strickt\"\n",
        "did you mean `strict`?",
    );
    check_refused(
        "[[provider]]\nname = \"a\"\ndialect = \"opena\"\n",
        "`opena` is no dialect",
    );
    check_refused(
        "[[provider]]\nname = \"a\"\n",
        "1:1 `provider[0].dialect` is missing",
    );
    check_refused(
        "[[provider]]\nname = \"model\"\ndialect = \"openai\"\n",
        "the name `model` is reserved",
    );
    check_refused(
        "[[provider]]\nname = \"a\"\ndialect = \"openai\"\nbase_url = \"localhost:1\"\n",
        "4:12 `provider[0].base_url`:",
    );
    check_refused("listen = \"4600\"\n", "`listen`: `4600` is no address");
    check_refused("listen = \n", "1:10 this is no TOML");
    check_refused("a = 1\na = 2\n", "2:1 this is no TOML");
    check_refused(
        "[[key]]\nname=\"a\"\nsecret=\"env:NOT_SET\"\n",
        "environment variable `NOT_SET` is not set",
    );
    check_refused(
        "[[key]]\nname=\"a\"\nsecret=\"file:/does/not/exist\"\n",
        "`/does/not/exist` cannot be read",
    );
}

#[test]
fn all_problems_come_at_once() {
    let text = "lisen = 1\n[spool]\ndurability = 3\n[limits]\nexchanges_max = -1\n";
    assert_eq!(problems(text).len(), 3, "{:#?}", problems(text));
}

#[test]
fn what_does_not_go_together_is_refused() {
    check_refused(
        "listen = \"0.0.0.0:4600\"\n",
        "1:10 `listen`: `0.0.0.0:4600` is reachable from outside",
    );
    let with_key = "listen = \"0.0.0.0:4600\"\n[[key]]\nname = \"a\"\nsecret = \"s\"\n";
    assert_eq!(problems(with_key), Vec::<String>::new());
    assert_eq!(
        load(with_key).unwrap().warnings.len(),
        1,
        "the secret is written out"
    );
    let twice = format!(
        "{SAMPLE}\n[[provider]]\nname = \"openai\"\ndialect = \"generic\"\nbase_url = \"http://h\"\n"
    );
    check_refused(
        &twice,
        "20:8 `provider[2].name`: the name `openai` is taken by `provider[0]`",
    );
    check_refused(
        "[[provider]]\nname=\"g\"\ndialect=\"generic\"\n",
        "a generic provider needs `base_url`",
    );
    check_refused(
        "[[provider]]\nname=\"g\"\ndialect=\"openai\"\nbearer=\"x\"\n",
        "4:8 `provider[0].bearer`: `bearer` is for `bedrock`",
    );
    check_refused(
        "[[provider]]\nname=\"g\"\ndialect=\"openai\"\nca_file=\"/does/not/exist\"\n",
        "`/does/not/exist` cannot be read",
    );
    check_refused("[[key]]\nname=\"a\"\n", "the key has neither");
    check_refused("[tls]\ncert_file=\"c\"\n", "set `tls.key_file`");
    check_refused(
        "[capture]\nheaders=[\"Authorization\"]\n",
        "2:9 `capture.headers`: `Authorization` carries credentials",
    );
    check_refused(
        "[[capture.rule]]\npolicy=\"none\"\n",
        "the rule has no condition",
    );
    check_refused(
        "[[capture.rule]]\npolicy=\"none\"\nprovider=\"nobody\"\n",
        "there is no provider `nobody`",
    );
    check_refused("[s3]\naccess_key_id=\"a\"\n", "go together");
    check_refused(
        "[s3]\nendpoint=\"http://minio:9000\"\n",
        "the endpoint is cleartext",
    );
    assert_eq!(
        problems("[s3]\nendpoint=\"http://127.0.0.1:9000\"\n"),
        Vec::<String>::new()
    );
    check_refused("[account]\nid=\"1\"\n", "`1` is no account id");
    check_refused(
        "[spool]\nbytes_max=\"1MB\"\n",
        "is smaller than one segment",
    );
}

#[test]
fn secrets_come_from_where_they_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, "from-file\n").unwrap();
    let text = format!(
        "[[provider]]\nname=\"a\"\ndialect=\"openai\"\napi_key=\"file:{}\"\n\
         [[provider]]\nname=\"b\"\ndialect=\"bedrock\"\ncredentials={{access_key_id=\"env:ID\", secret_access_key=\"env:SECRET\"}}\n\
         [[provider]]\nname=\"c\"\ndialect=\"bedrock\"\ncredentials=\"env\"\n",
        path.display()
    );
    let env = [
        ("ID", "id"),
        ("SECRET", "top"),
        ("AWS_ACCESS_KEY_ID", "AK"),
        ("AWS_SECRET_ACCESS_KEY", "top"),
    ];
    let loaded = load_with(&text, &env, &[]).unwrap();
    let providers = &loaded.settings.providers;
    assert_eq!(providers[0].api_key.as_ref().unwrap().reveal(), "from-file");
    let table = providers[1].credentials.as_ref().unwrap();
    assert_eq!(
        (
            table.access_key_id.as_str(),
            table.secret_access_key.reveal()
        ),
        ("id", "top")
    );
    assert_eq!(
        providers[2].credentials.as_ref().unwrap().access_key_id,
        "AK"
    );
    assert_eq!(
        loaded.settings.s3.access_key_id.as_ref().unwrap().reveal(),
        "AK"
    );
    assert!(!loaded.show().contains("top") && !loaded.show().contains("from-file"));
    assert_eq!(loaded.warnings, []);
    let wrong = text.replace("secret_access_key=", "secret_acess_key=");
    let problems = load_with(&wrong, &env, &[]).unwrap_err();
    assert_eq!(
        problems.0[0].hint.as_deref(),
        Some("did you mean `secret_access_key`?")
    );
}

#[test]
fn proxies_come_from_the_environment() {
    let env = [
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("no_proxy", "localhost, .internal"),
    ];
    let proxy = load_with("", &env, &[]).unwrap().settings.proxy;
    assert_eq!(proxy.https.unwrap().as_str(), "http://proxy:3128");
    assert_eq!(proxy.http, None);
    assert_eq!(proxy.no_proxy, ["localhost", ".internal"]);
}

#[test]
fn config_files_are_found_where_the_docs_say() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_str().unwrap();
    let env = Environment::from_pairs([("HOME", home)]);
    assert_eq!(find_config(None, &env), None);
    let file = dir.path().join(".config/corelog/corelog.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "").unwrap();
    assert_eq!(find_config(None, &env), Some(file));
    let env = Environment::from_pairs([("HOME", home), ("CORELOG_CONFIG", "named")]);
    assert_eq!(find_config(None, &env), Some("named".into()));
    assert_eq!(
        find_config(Some(Path::new("asked")), &env),
        Some("asked".into())
    );
    let problems = Settings::load(Some(Path::new("/does/not/exist")), &env, &[]).unwrap_err();
    assert!(
        problems
            .to_string()
            .contains("`/does/not/exist` cannot be read")
    );
}

#[test]
fn a_reload_names_what_needs_a_restart_and_keeps_it() {
    let start = load_with(SAMPLE, &[], &[("listen", "127.0.0.1:1"), ("data", "/d")]).unwrap();
    let same = load_with(SAMPLE, &[], &[("listen", "127.0.0.1:1"), ("data", "/d")]);
    assert_eq!(
        same.unwrap().keep_what_runs(&start).unwrap(),
        Vec::<String>::new()
    );
    let changed = "[spool]\nbytes_max = \"20GiB\"\non_full = \"relay\"\n[log]\nfilter = \"debug\"\n\
                   [limits]\nexchanges_max = 7\nshutdown_timeout = \"1s\"\n";
    let mut again = load_with(changed, &[], &[("listen", "127.0.0.1:2"), ("data", "/e")]).unwrap();
    let mut keys = again.keep_what_runs(&start).unwrap();
    keys.sort();
    assert_eq!(
        keys,
        [
            "data",
            "limits.shutdown_timeout",
            "listen",
            "log.filter",
            "spool.bytes_max"
        ]
    );
    let (now, then) = (again.settings, start.settings);
    assert_eq!((now.listen, &now.data), (then.listen, &then.data));
    assert_eq!(now.spool.bytes_max, then.spool.bytes_max);
    assert_eq!(now.log, then.log);
    assert_eq!(now.spool.on_full, OnFull::Relay);
    assert_eq!(now.limits.exchanges_max, 7);
    assert_eq!(now.destinations[0].place(), "file:///d/bucket");
}

#[test]
fn a_reload_does_not_open_the_gateway_to_anyone() {
    let keyed = "[[key]]\nname = \"k\"\nsecret = \"s\"\n";
    let start = load_with(keyed, &[], &[("listen", "0.0.0.0:1")]).unwrap();
    let mut again = load_with("", &[], &[("listen", "127.0.0.1:1")]).unwrap();
    let refused = again.keep_what_runs(&start).unwrap_err();
    assert!(refused.0[0].reason.contains("0.0.0.0:1"), "{refused}");
}

/// Loads a bedrock provider with these lines, and counts the warnings about signatures.
#[track_caller]
fn check_unsigned(lines: &str, warned: usize) {
    let text = format!("[[provider]]\nname = \"b\"\ndialect = \"bedrock\"\n{lines}\n");
    let warnings = load(&text).unwrap().warnings;
    let about = |warning: &&Problem| warning.reason.contains("AWS refuses");
    assert_eq!(
        warnings.iter().filter(about).count(),
        warned,
        "{lines}: {warnings:?}"
    );
}

#[test]
fn a_bedrock_provider_at_aws_that_does_not_sign_is_warned_of() {
    check_unsigned("", 1);
    check_unsigned("region = \"eu-west-1\"", 1);
    let private = "base_url = \"https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com\"";
    check_unsigned(private, 1);
    check_unsigned("base_url = \"http://127.0.0.1:9100\"", 0);
    check_unsigned("base_url = \"https://amazonaws.com.example.org\"", 0);
    check_unsigned("api_key = \"k\"", 0);
    check_unsigned("enabled = false", 0);
    let keys = "credentials = { access_key_id = \"AKID\", secret_access_key = \"s\" }";
    check_unsigned(keys, 0);
    let warnings = load("[[provider]]\nname = \"b\"\ndialect = \"bedrock\"\n");
    let warning = &warnings.unwrap().warnings[0];
    assert!(matches!(&warning.origin, Origin::File(place) if place.line == 2));
    assert!(
        warning
            .hint
            .as_deref()
            .unwrap()
            .contains("credentials = \"env\"")
    );
    // What is there without a block is no choice that anyone made.
    assert_eq!(load("").unwrap().warnings, []);
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

const LOGS: &str = r#"
[[destination]]
name = "account"
kind = "cloudwatch-logs"
log_group = "/llm/invocations"
"#;

#[test]
fn a_log_group_is_a_destination_and_inherits_what_it_leaves_out() {
    let env = [("K", "hunter2")];
    let of = |text: &str| load_with(text, &env, &[]).unwrap().settings.destinations;
    let plain = of(&format!("{LOGS}[account]\nregion = \"cn-north-1\"\n"));
    assert_eq!(plain[0].region(), "cn-north-1");
    assert_eq!(
        plain[0].place(),
        "log group /llm/invocations at https://logs.cn-north-1.amazonaws.com.cn"
    );
    assert_eq!(plain[0].log_stream, "aws/bedrock/modelinvocations");
    assert_eq!(plain[0].credentials, None);
    let whole = of(&format!(
        "{LOGS}log_stream = \"llm\"\nregion = \"eu-central-1\"\nendpoint = \"http://127.0.0.1:4600\"\n\
         credentials = {{ access_key_id = \"AKID\", secret_access_key = \"env:K\" }}\n"
    ));
    assert_eq!(whole[0].service(), "http://127.0.0.1:4600");
    assert_eq!(whole[0].region(), "eu-central-1");
    let keys = whole[0].credentials.as_ref().unwrap();
    assert_eq!(keys.secret_access_key.reveal(), "hunter2");
    let default = of(LOGS);
    assert_eq!(default[0].service(), "https://logs.us-east-1.amazonaws.com");
}

#[test]
fn keys_of_another_kind_of_destination_are_refused() {
    let wrong = |text: &str| {
        let Problems(problems) = load_with(text, &[], &[]).unwrap_err();
        let reasons = problems.into_iter().map(|problem| problem.reason);
        reasons.collect::<Vec<_>>()
    };
    let block = |keys: &str| format!("[[destination]]\nname = \"b\"\n{keys}");
    assert_eq!(
        wrong(&block("")),
        ["`destination[0].url`: a destination of kind `s3` needs it"]
    );
    assert_eq!(
        wrong(&block("url = \"file:///b\"\nlog_group = \"g\"\n")),
        ["`destination[0].log_group`: is for kind `cloudwatch-logs`, this destination is `s3`"]
    );
    assert_eq!(
        wrong(&format!("{LOGS}gzip_level = 3\n")),
        ["`destination[0].gzip_level`: is for kind `s3`, this destination is `cloudwatch-logs`"]
    );
    assert_eq!(
        wrong(&block("kind = \"cloudwatch-logs\"\n")),
        ["`destination[0].log_group`: a destination of kind `cloudwatch-logs` needs it"]
    );
    for (keys, reason) in [
        (
            "log_stream = \"a:b\"",
            "`destination[0].log_stream`: is no name of a log stream",
        ),
        (
            "endpoint = \"http://logs.test\"",
            "`destination[0].endpoint`: the endpoint is cleartext",
        ),
        (
            "region = \"Berlin\"",
            "`destination[0].region`: `Berlin` is no region",
        ),
        (
            "event_bytes_max = \"1MiB\"",
            "`destination[0].event_bytes_max`: must be from 65536B to 1048550B",
        ),
    ] {
        assert_eq!(wrong(&format!("{LOGS}{keys}\n")), [reason]);
    }
    assert_eq!(
        wrong(&LOGS.replace("/llm/invocations", "no group")),
        ["`destination[0].log_group`: is no name of a log group"]
    );
}
