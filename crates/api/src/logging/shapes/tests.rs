//! The shapes of the control API against hand-written bodies.

use super::*;

fn check(body: &str, message: &str) {
    assert_eq!(
        parse(body.as_bytes()),
        Err(Refusal::Validation(message.to_owned())),
        "{body}"
    );
}

#[test]
fn each_constraint_is_named_in_the_services_words() {
    let missing = "1 validation error detected: Value null at 'loggingConfig' \
                   failed to satisfy constraint: Member must not be null";
    check("{}", missing);
    check("", missing);
    check(r#"{"loggingConfig":null}"#, missing);
    check(
        r#"{"loggingConfig":{"s3Config":{"bucketName":"ab"}}}"#,
        "1 validation error detected: Value 'ab' at 'loggingConfig.s3Config.bucketName' \
         failed to satisfy constraint: Member must have length greater than or equal to 3",
    );
    check(
        r#"{"loggingConfig":{"s3Config":{}}}"#,
        "1 validation error detected: Value null at 'loggingConfig.s3Config.bucketName' \
         failed to satisfy constraint: Member must not be null",
    );
    check(
        r#"{"loggingConfig":{"cloudWatchConfig":{"logGroupName":"","roleArn":"nobody"}}}"#,
        "2 validation errors detected: Value '' at 'loggingConfig.cloudWatchConfig.logGroupName' \
         failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value 'nobody' at 'loggingConfig.cloudWatchConfig.roleArn' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: \
         arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+",
    );
}

#[test]
fn a_prefix_of_1024_characters_is_the_longest() {
    let body = |length: usize| {
        let prefix = "p".repeat(length);
        format!(
            r#"{{"loggingConfig":{{"s3Config":{{"bucketName":"abc","keyPrefix":"{prefix}"}}}}}}"#
        )
    };
    assert!(parse(body(1_024).as_bytes()).is_ok());
    assert!(matches!(
        parse(body(1_025).as_bytes()),
        Err(Refusal::Validation(text)) if text.ends_with("length less than or equal to 1024")
    ));
}

#[test]
fn role_arns_match_the_pattern() {
    for fits in [
        "arn:aws:iam::111122223333:role/LlmLogWriter",
        "arn:aws-us-gov:iam::111122223333:role/path/x:y",
        "arn:aws:iam:::role/x",
    ] {
        assert!(is_role_arn(fits), "{fits}");
    }
    for not in [
        "arn:aws:iam::1:role/x",
        "arn:aws-:iam::111122223333:role/x",
        "arn:aws:iam::111122223333:user/x",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam:us-east-1:111122223333:role/x",
        "",
    ] {
        assert!(!is_role_arn(not), "{not}");
    }
}

#[test]
fn malformed_bodies_are_no_validation_errors() {
    for body in [
        "{",
        "[]x",
        r#"{"loggingConfig":{"textDataDeliveryEnabled":"yes"}}"#,
    ] {
        assert!(
            matches!(parse(body.as_bytes()), Err(Refusal::Serialization(_))),
            "{body}"
        );
    }
}

#[test]
fn flags_default_to_true_and_everything_is_echoed_as_given() {
    let given = r#"{"loggingConfig":{"s3Config":{"bucketName":"acme-llm-logs","keyPrefix":"invocation-logs/"},"embeddingDataDeliveryEnabled":false,"futureFlag":1}}"#;
    let configuration = parse(given.as_bytes()).unwrap();
    let back = String::from_utf8(render(Some(&configuration))).unwrap();
    assert_eq!(
        back,
        r#"{"loggingConfig":{"s3Config":{"bucketName":"acme-llm-logs","keyPrefix":"invocation-logs/"},"textDataDeliveryEnabled":true,"imageDataDeliveryEnabled":true,"embeddingDataDeliveryEnabled":false,"videoDataDeliveryEnabled":true,"audioDataDeliveryEnabled":true}}"#
    );
    assert_eq!(render(None), b"{}");
}
