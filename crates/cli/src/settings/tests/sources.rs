//! Where values come from: flags, the environment, the file, secrets; and which wins.

use super::*;

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
fn a_stray_variable_and_a_stray_flag_are_refused() {
    let hints = |env: &[(&str, &str)]| -> Vec<String> {
        let problems = load_with(SAMPLE, env, &[]).unwrap_err().0;
        let hint = |problem: &Problem| problem.hint.clone().unwrap_or_default();
        problems.iter().map(hint).collect()
    };
    for (stray, meant) in [
        ("CORELOG_SPOOL_DURABLITY", "CORELOG_SPOOL_DURABILITY"),
        ("CORELOG_LISTN", "CORELOG_LISTEN"),
        ("CORELOG_CONFG", "CORELOG_CONFIG"),
        (
            "CORELOG_PROVIDER_OPENAI_BASE_ULR",
            "CORELOG_PROVIDER_OPENAI_BASE_URL",
        ),
    ] {
        assert_eq!(hints(&[(stray, "x")]), [format!("did you mean `{meant}`?")]);
    }
    let far = "unset it, or name it in the file as `env:NAME` if it holds a secret";
    assert_eq!(hints(&[("CORELOG_XYZZY", "x")]), [far]);
    let problems = load_with("", &[("CORELOG_XYZZY", "x")], &[]).unwrap_err();
    assert_eq!(
        problems.0[0].reason,
        "environment variable `CORELOG_XYZZY` sets no key"
    );
    let problems = load_with("", &[], &[("spool.durablity", "strict")]).unwrap_err();
    assert_eq!(
        problems.0[0].hint.as_deref(),
        Some("did you mean `spool.durability`?")
    );
}

#[test]
fn variables_of_others_and_those_that_the_file_names_are_none_of_the_settings() {
    let env = [
        ("CORELOG_URL", "u"),
        ("CORELOG_CONFIG", "f"),
        ("CORELOG_FULL", "1"),
        ("CORELOG_XYZZY", ""),
        // Kubernetes beside a service called `corelog`.
        ("CORELOG_SERVICE_HOST", "10.0.0.11"),
        ("CORELOG_PORT", "tcp://10.0.0.11:4600"),
        ("CORELOG_OPENAI_KEY", "sk-1"),
        ("CORELOG_OTHER_KEY", "sk-2"),
        ("CORELOG_PROVIDER_BEDROCK_BEARER", "env:CORELOG_OTHER_KEY"),
        ("CORELOG_AWS_ID", "AKID"),
        ("CORELOG_AWS_SECRET", "sk-3"),
    ];
    let mut text = SAMPLE.replacen(
        "dialect = \"openai\"",
        "api_key = \"env:CORELOG_OPENAI_KEY\"\ndialect = \"openai\"",
        1,
    );
    text.push_str(
        "\n[[provider]]\nname = \"eu\"\ndialect = \"bedrock\"\n\
         credentials = { access_key_id = \"env:CORELOG_AWS_ID\", secret_access_key = \"env:CORELOG_AWS_SECRET\" }\n",
    );
    let loaded = load_with(&text, &env, &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let key = loaded.settings.providers[0].api_key.as_ref().unwrap();
    assert_eq!(key.reveal(), "sk-1");
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

    let env = [
        ("HTTPS_PROXY", "https://corp%5Cme:p%40ss@proxy:3128/"),
        ("http_proxy", "proxy:3128"),
    ];
    let proxy = load_with("", &env, &[]).unwrap().settings.proxy;
    let https = proxy.https.unwrap();
    assert_eq!(
        https.reveal().authority().unwrap(),
        "corp%5Cme:p%40ss@proxy:3128"
    );
    let shown = format!("{https} {https:?} {}", https.as_str());
    assert_eq!(shown, ["https://proxy:3128"; 3].join(" "));
    assert_eq!(proxy.http.unwrap().as_str(), "http://proxy:3128");
    for wrong in ["p ss", "p/ss", "p?ss", "p#ss", "1?ss", "p@/ss"] {
        let text = format!("[proxy]\nhttps = \"https://me:{wrong}@proxy\"\n");
        let problems = load_with(&text, &[], &[]).unwrap_err();
        let problem = &problems.0[0];
        assert!(!problem.reason.contains(wrong), "{problem:?}");
        assert!(problem.hint.as_ref().unwrap().contains("percent-encode"));
    }
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
