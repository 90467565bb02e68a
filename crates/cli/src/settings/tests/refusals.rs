//! What is refused or warned of, with its place and what would be right.

use super::*;

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
