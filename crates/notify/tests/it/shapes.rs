//! What each kind of receiver gets of one transition, and that it gets it once.

use corelog_alarms::StateValue;
use corelog_notify::{ChannelConfig, CommandConfig, PagerDutyConfig, Secret, Severity};
use serde_json::json;

use crate::receiver::Receiver;
use crate::scene::{Scene, config, event, http, topic};

#[tokio::test]
async fn slack_sns_pagerduty_and_a_webhook_get_a_transition_once() {
    let receiver = Receiver::start().await;
    let at = |path: &str| http(&format!("{}{path}", receiver.url));
    let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let pager = PagerDutyConfig {
        http: at("/v2/enqueue"),
        routing_key: "R0UTE".to_owned(),
        severity: Severity::Critical,
    };
    let scene = Scene::start(&[
        config("chat", ChannelConfig::Slack(at("/services/T0/B0/xyz?a=b"))),
        config("topic", ChannelConfig::Sns(at("/sns"), None)),
        config("pager", ChannelConfig::PagerDuty(pager)),
        config("hook", ChannelConfig::Webhook(at("/hook"), Some(secret))),
    ]);
    for name in ["chat", "topic", "pager", "hook"] {
        let id = format!("0b5b4a7e-0000-8000-8000-{name:0>12}")
            .replace(|c: char| !c.is_ascii_hexdigit() && c != '-', "0");
        scene.add(&[&id], "slow", &topic(name), StateValue::Alarm);
        // One at a time, so that what arrives has an order.
        scene.settled().await;
    }
    let got = receiver.got(4).await;
    assert_eq!(got.len(), 4, "once each");
    let [chat, sns, pager, hook] = got.as_slice() else {
        panic!("four")
    };
    assert_eq!(chat.target, "/services/T0/B0/xyz?a=b");
    assert_eq!(
        chat.json()["text"],
        r#"ALARM: "slow" in US East (N. Virginia)"#
    );
    let watches = "AWS/Bedrock InvocationLatency p90 ModelId=m GreaterThanThreshold 2000, 3 of 5 periods of 1m";
    let fields = &chat.json()["attachments"][0]["blocks"][1]["fields"];
    assert_eq!(fields[2]["text"], format!("*Watches*\n{watches}"));

    assert_eq!(sns.header("x-amz-sns-message-type"), "Notification");
    assert_eq!(sns.header("x-amz-sns-topic-arn"), topic("topic"));
    assert_eq!(sns.header("x-amz-sns-message-id"), sns.json()["MessageId"]);
    assert_eq!(sns.header("content-type"), "text/plain; charset=UTF-8");
    let inner: serde_json::Value =
        serde_json::from_str(sns.json()["Message"].as_str().unwrap()).unwrap();
    assert_eq!(inner["AlarmName"], "slow");
    assert_eq!(inner["Trigger"]["MetricName"], "InvocationLatency");

    assert_eq!(pager.target, "/v2/enqueue");
    assert_eq!(pager.json()["routing_key"], "R0UTE");
    assert_eq!(
        pager.json()["dedup_key"],
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:slow"
    );

    assert_eq!(hook.json()["alarmData"]["alarmName"], "slow");
    // The clock stands at noon.
    assert_eq!(hook.header("webhook-timestamp"), "1795348800");
    assert!(hook.header("webhook-signature").starts_with("v1,"));
    let history = scene.summaries();
    let expected = ["chat", "topic", "pager", "hook"]
        .map(|name| format!("Successfully executed action {}", topic(name)));
    assert_eq!(history, expected);
    scene.stop().await;
}

#[tokio::test]
async fn events_go_to_who_listens() {
    let receiver = Receiver::start().await;
    let bus = config("bus", ChannelConfig::EventBridge(http(&receiver.url), None));
    let scene = Scene::start(&[bus]);
    assert_eq!(scene.handle.listeners(), ["bus"]);
    scene
        .outbox
        .memory
        .add(event("e1", "slow", "bus", StateValue::Alarm));
    scene
        .outbox
        .memory
        .add(event("e2", "slow", "gone", StateValue::Alarm));
    scene.handle.wake();
    scene.settled().await;
    let got = receiver.got(1).await;
    assert_eq!(got.len(), 1);
    let event = got[0].json();
    assert_eq!(event["source"], "aws.cloudwatch");
    assert_eq!(event["detail-type"], "CloudWatch Alarm State Change");
    assert_eq!(event["detail"]["state"]["value"], "ALARM");
    assert_eq!(scene.summaries(), [""; 0], "events are no actions");
    scene.stop().await;
}

#[tokio::test]
async fn a_program_is_run_for_a_function() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("said");
    let script = format!("cat > {}", file.display());
    let argv = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let timeout = std::time::Duration::from_mins(1);
    let channel = ChannelConfig::Command(CommandConfig { argv, timeout });
    let scene = Scene::start(&[config("page", channel)]);
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:page";
    scene.add(&["n1"], "slow", arn, StateValue::Alarm);
    scene.settled().await;
    let said: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(said["alarmData"]["state"]["value"], "ALARM");
    assert_eq!(
        scene.summaries(),
        [format!("Successfully executed action {arn}")]
    );
    scene.stop().await;
}

#[tokio::test]
async fn a_test_says_that_it_is_one_and_leaves_nothing_open() {
    let receiver = Receiver::start().await;
    let pager = PagerDutyConfig {
        http: http(&receiver.url),
        routing_key: "R".to_owned(),
        severity: Severity::Warning,
    };
    let scene = Scene::start(&[config("pager", ChannelConfig::PagerDuty(pager))]);
    scene.handle.test("pager").await.unwrap().unwrap();
    assert!(scene.handle.test("nobody").await.is_none());
    let got = receiver.got(2).await;
    let actions: Vec<_> = got
        .iter()
        .map(|got| got.json()["event_action"].clone())
        .collect();
    assert_eq!(actions, [json!("trigger"), json!("resolve")]);
    assert_eq!(got[0].json()["dedup_key"], got[1].json()["dedup_key"]);
    assert!(
        got[0]
            .body
            .contains("This is a test of the notifier `pager`")
    );
    scene.stop().await;
}
