//! Destinations of each kind.

use super::*;

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
        [
            "`destination[0].gzip_level`: is for kind `s3` or `otlp`, this destination is `cloudwatch-logs`"
        ]
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

#[test]
fn a_receiver_of_spans_is_a_destination() {
    const OTLP: &str = "[[destination]]\nname = \"spans\"\nkind = \"otlp\"\n";
    let env = [("H", "api-key=hunter2")];
    let loaded = |text: &str| load_with(text, &env, &[]);
    let text = format!("{OTLP}endpoint = \"http://collector:4318/\"\n");
    let plain = loaded(&text).unwrap().settings.destinations;
    assert_eq!(plain[0].place(), "http://collector:4318");
    assert!(plain[0].metrics && !plain[0].content && !plain[0].reported);
    let whole =
        format!("{OTLP}endpoint = \"https://h/otlp\"\nheaders = \"env:H\"\ncontent = true\n");
    let whole = loaded(&whole).unwrap().settings;
    let headers = whole.destinations[0].headers.as_ref().unwrap();
    assert_eq!(headers.reveal(), "api-key=hunter2");
    assert!(!format!("{whole:?}").contains("hunter2"));
    let cleartext = "`destination[0].endpoint`: the endpoint is cleartext";
    for (keys, reason) in [
        (
            "",
            "`destination[0].endpoint`: a destination of kind `otlp` needs it",
        ),
        ("endpoint = \"http://h\"\ncontent = true\n", cleartext),
        ("endpoint = \"http://h\"\nheaders = \"env:H\"\n", cleartext),
        (
            "endpoint = \"http://h\"\nregion = \"us-east-1\"\n",
            "`destination[0].region`: is for kind `cloudwatch-logs`, this destination is `otlp`",
        ),
        (
            "endpoint = \"http://h\"\ntimeout = \"0s\"\n",
            "`destination[0].timeout`: must be more than nothing",
        ),
    ] {
        let Problems(problems) = loaded(&format!("{OTLP}{keys}")).unwrap_err();
        assert_eq!(problems[0].reason, reason);
    }
}
