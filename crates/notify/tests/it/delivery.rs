//! What is promised of delivery: once or again with the same id, in order, nobody for another, no storm, an end.

use std::time::Duration;

use corelog_alarms::StateValue;
use corelog_notify::{BurstConfig, ChannelConfig, Config, Secret};

use crate::receiver::{Answer, Receiver};
use crate::scene::{Kept, NOON, Scene, config, due, http, notifiers, topic};

const BUSY: Answer = Answer::Head("503 Busy\r\n");

fn sns(name: &str, receiver: &Receiver) -> Config {
    config(name, ChannelConfig::Sns(http(&receiver.url), None))
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_bytes_and_id() {
    let receiver = Receiver::start().await;
    receiver.answer([BUSY, Answer::Nothing]);
    let scene = Scene::start(&[sns("ops", &receiver)]);
    scene.add(&["n1"], "slow", &topic("ops"), StateValue::Alarm);
    for attempts in 1..=2 {
        scene
            .until(|memory| memory.waiting()[0].1 == attempts)
            .await;
        let report = &scene.handle.reports()[0];
        assert_eq!(report.delivered, 0);
        // Waits are 2 s at most, then 4 s.
        scene.wait(10);
    }
    scene.settled().await;
    let got = receiver.got(3).await;
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|one| one.body == got[0].body));
    assert_eq!(scene.summaries().len(), 1, "one word for the history");
    scene.stop().await;
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let receiver = Receiver::start().await;
    receiver.answer([Answer::Head("429 Too Many\r\nretry-after: 120\r\n")]);
    let scene = Scene::start(&[sns("ops", &receiver)]);
    scene.add(&["n1"], "slow", &topic("ops"), StateValue::Alarm);
    scene.until(|memory| memory.waiting()[0].1 == 1).await;
    assert_eq!(scene.outbox.memory.waiting()[0].2.unix_ms(), NOON + 120_000);
    scene.wait(120);
    scene.settled().await;
    scene.stop().await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    for (head, said) in [
        ("400 Bad\r\n", "the receiver answered 400: said"),
        // It leads to a place that nobody configured.
        (
            "307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\n",
            "the receiver answered 307: said",
        ),
    ] {
        let receiver = Receiver::start().await;
        receiver.answer([Answer::Head(head)]);
        let scene = Scene::start(&[sns("ops", &receiver)]);
        scene.add(&["n1"], "slow", &topic("ops"), StateValue::Alarm);
        scene.settled().await;
        let expected = format!(
            "Failed to execute action {}. Received error: \"{said}\"",
            topic("ops")
        );
        assert_eq!(scene.summaries(), [expected]);
        assert_eq!(receiver.count(), 1);
        scene.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_sent_has_an_end() {
    let mut away = config(
        "ops",
        ChannelConfig::Sns(http("http://127.0.0.1:1/secret"), None),
    );
    away.retry_for = Duration::from_mins(1);
    let scene = Scene::start(&[away]);
    scene.add(&["n1"], "slow", &topic("ops"), StateValue::Alarm);
    scene
        .until(|memory| memory.waiting().first().is_some_and(|it| it.1 == 1))
        .await;
    scene.wait(61);
    scene.settled().await;
    let history = scene.outbox.memory.history();
    assert_eq!(history.len(), 1);
    assert!(
        history[0]
            .data
            .contains("connecting to `127.0.0.1:1` failed"),
        "{history:?}"
    );
    assert!(!history[0].data.contains("secret"));
    assert_eq!(scene.handle.reports()[0].given_up, 1);
    let label = "{notifier=\"ops\"}";
    assert!(scene.shows(&format!("corelog_notification_failures_total{label} 2")));
    assert!(scene.shows(&format!("corelog_notifications_given_up_total{label} 1")));
    scene.stop().await;
}

#[tokio::test]
async fn an_action_that_names_nobody_says_what_to_do() {
    let scene = Scene::start(&[]);
    scene.add(&["n1"], "slow", &topic("ops"), StateValue::Alarm);
    scene.add(
        &["n2"],
        "slow",
        "arn:aws:automate:us-east-1:ec2:stop",
        StateValue::Alarm,
    );
    scene.settled().await;
    let history = scene.outbox.memory.history();
    assert!(
        history[0].data.contains("add a [[notifier]] of that name"),
        "{history:?}"
    );
    assert!(
        history[1]
            .data
            .contains("only topics of SNS and functions of Lambda")
    );
    scene.stop().await;
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_nobody_and_not_the_end() {
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.answer(vec![Answer::Silence; 9]);
    let scene = Scene::start(&[sns("slow", &slow), sns("quick", &quick)]);
    for n in 0..9 {
        scene.add(
            &[&format!("s{n}")],
            &format!("a{n}"),
            &topic("slow"),
            StateValue::Alarm,
        );
    }
    slow.got(4).await;
    scene.add(&["q"], "a", &topic("quick"), StateValue::Alarm);
    quick.got(1).await;
    scene
        .until(|memory| memory.waiting().iter().all(|one| one.0 != "q"))
        .await;
    assert_eq!(slow.count(), 4, "as many as it takes at one time");
    assert_eq!(scene.outbox.memory.waiting().len(), 9);
}

#[tokio::test]
async fn of_one_alarm_nothing_overtakes() {
    let receiver = Receiver::start().await;
    receiver.answer([BUSY]);
    let scene = Scene::start(&[sns("ops", &receiver)]);
    scene.add(&["n1"], "slow", &topic("ops"), StateValue::Alarm);
    scene.add(&["n2"], "slow", &topic("ops"), StateValue::Ok);
    scene.until(|memory| memory.waiting()[0].1 == 1).await;
    scene.wait(10);
    scene.settled().await;
    let states: Vec<String> = receiver
        .got(3)
        .await
        .iter()
        .map(|got| got.json()["Subject"].as_str().unwrap()[..2].to_owned())
        .collect();
    assert_eq!(states, ["AL", "AL", "OK"]);
    scene.stop().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_digested_does_not_hold_up_the_others() {
    let receiver = Receiver::start().await;
    let mut ops = sns("ops", &receiver);
    ops.concurrency_max = 1;
    let scene = Scene::start(&[ops]);
    receiver.answer([BUSY]);
    scene.add(&["bad"], "a", &topic("ops"), StateValue::Alarm);
    scene.until(|memory| memory.waiting()[0].1 == 1).await;
    scene.add(&["good"], "b", &topic("ops"), StateValue::Alarm);
    scene.wait(10);
    // Both are due now; the one that was not tried yet goes first.
    let got = receiver.got(2).await;
    assert!(got[1].json()["Subject"].as_str().unwrap().contains("\"b\""));
    scene.settled().await;
    scene.stop().await;
}

#[tokio::test]
async fn many_alarms_at_once_are_one_message() {
    let receiver = Receiver::start().await;
    let mut chat = config("chat", ChannelConfig::Slack(http(&receiver.url)));
    let window = Duration::from_mins(1);
    chat.burst = Some(BurstConfig { most: 10, window });
    // They are all there when the dispatcher first looks.
    let outbox = Kept::default();
    for n in 0..50 {
        let (id, alarm) = (format!("n{n}"), format!("alarm-{n}"));
        outbox
            .memory
            .add(due(&id, &alarm, &topic("chat"), StateValue::Alarm));
    }
    let scene = Scene::go_on(outbox, &[chat]);
    scene.settled().await;
    let got = receiver.got(1).await;
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].json()["text"], "50 alarms changed state: 50 ALARM");
    assert_eq!(scene.summaries().len(), 50, "each alarm's history knows");
    // Back in order, one after the other: a few have messages of their own, the next lot waits for the window's end.
    for n in 0..11 {
        scene.add(
            &[&format!("ok-{n}")],
            &format!("alarm-{n}"),
            &topic("chat"),
            StateValue::Ok,
        );
        if n < 10 {
            scene.settled().await;
        }
    }
    let got = receiver.got(11).await;
    assert_eq!(
        got[10].json()["text"],
        r#"OK: "alarm-9" in US East (N. Virginia)"#
    );
    scene.wait(59);
    assert_eq!(scene.outbox.memory.waiting().len(), 1);
    scene.wait(1);
    scene.settled().await;
    assert_eq!(receiver.count(), 12);
    scene.stop().await;
}

#[tokio::test]
async fn a_crash_before_the_outbox_knows_sends_again_with_the_same_id() {
    let receiver = Receiver::start().await;
    let secret = Secret::parse("s3cret").unwrap();
    let hook = config(
        "hook",
        ChannelConfig::Webhook(http(&receiver.url), Some(secret)),
    );
    let scene = Scene::start(std::slice::from_ref(&hook));
    *scene.outbox.is_failing.lock() = true;
    scene.add(&["n1"], "slow", &topic("hook"), StateValue::Alarm);
    receiver.got(1).await;
    // The same process knows that it arrived, whatever the outbox says.
    for _ in 0..3 {
        scene.wait(60);
    }
    assert_eq!(receiver.count(), 1);
    let outbox = scene.outbox.clone();
    scene.stop().await;
    *outbox.is_failing.lock() = false;
    let next = Scene::go_on(outbox, &[hook]);
    next.settled().await;
    let got = receiver.got(2).await;
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert_eq!(got[0].body, got[1].body);
    next.stop().await;
}

#[tokio::test]
async fn other_notifiers_take_over_while_it_runs() {
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let scene = Scene::start(&[sns("ops", &first)]);
    scene.add(&["n1"], "a", &topic("ops"), StateValue::Alarm);
    scene.settled().await;
    let mut moved = sns("people", &second);
    moved.topics = vec!["ops".to_owned()];
    scene.handle.reconfigure(notifiers(&[moved]));
    scene.add(&["n2"], "a", &topic("ops"), StateValue::Ok);
    scene.settled().await;
    assert_eq!((first.count(), second.count()), (1, 1));
    scene.stop().await;
}

#[tokio::test]
async fn more_than_a_receiver_takes_at_one_time_arrive_once_each() {
    let receiver = Receiver::start().await;
    let mut ops = sns("ops", &receiver);
    ops.concurrency_max = 2;
    let outbox = Kept::default();
    for n in 0..40 {
        let (id, alarm) = (format!("n{n}"), format!("alarm-{n}"));
        outbox
            .memory
            .add(due(&id, &alarm, &topic("ops"), StateValue::Alarm));
    }
    let scene = Scene::go_on(outbox, &[ops]);
    scene.settled().await;
    let got = receiver.got(40).await;
    let ids: std::collections::BTreeSet<String> = got
        .iter()
        .map(|got| got.json()["MessageId"].to_string())
        .collect();
    assert_eq!((got.len(), ids.len()), (40, 40));
    assert!(scene.shows("corelog_notifications_total{notifier=\"ops\"} 40"));
    scene.stop().await;
}

#[tokio::test]
async fn what_waits_for_a_pager_hides_nothing_from_others() {
    let (pages, news) = (Receiver::start().await, Receiver::start().await);
    let service = corelog_notify::PagerDutyConfig {
        http: http(&pages.url),
        routing_key: "R".to_owned(),
        severity: corelog_notify::Severity::Critical,
    };
    let mut paging = config("pager", ChannelConfig::PagerDuty(service));
    let window = Duration::from_mins(1);
    paging.burst = Some(BurstConfig { most: 1, window });
    let scene = Scene::start(&[paging, sns("ops", &news)]);
    scene.add(&["1"], "a", &topic("pager"), StateValue::Alarm);
    scene.add(&["2"], "b", &topic("pager"), StateValue::Alarm);
    scene.settled().await;
    let former = pages.got(1).await.len();
    // More than are read at once wait for the window's end.
    for number in 0..600 {
        let (id, alarm) = (format!("p{number}"), format!("alarm-{number}"));
        scene.add(&[&id], &alarm, &topic("pager"), StateValue::Alarm);
    }
    scene.add(&["3"], "c", &topic("ops"), StateValue::Alarm);
    assert_eq!(news.got(1).await.len(), 1);
    scene.wait(61);
    pages.got(former + 1).await;
    scene.stop().await;
}

#[tokio::test]
async fn resolutions_are_never_one_of_many() {
    let receiver = Receiver::start().await;
    let service = corelog_notify::PagerDutyConfig {
        http: http(&receiver.url),
        routing_key: "R".to_owned(),
        severity: corelog_notify::Severity::Critical,
    };
    let mut pager = config("pager", ChannelConfig::PagerDuty(service));
    let window = Duration::from_mins(1);
    pager.burst = Some(BurstConfig { most: 1, window });
    let outbox = Kept::default();
    for (id, alarm, to) in [
        ("n1", "a", StateValue::Alarm),
        ("n2", "b", StateValue::Alarm),
        ("n3", "c", StateValue::Ok),
        ("n4", "d", StateValue::Ok),
    ] {
        outbox.memory.add(due(id, alarm, &topic("pager"), to));
    }
    let scene = Scene::go_on(outbox, &[pager]);
    scene.settled().await;
    let got = receiver.got(3).await;
    let mut said: Vec<String> = got
        .iter()
        .map(|got| {
            let event = got.json();
            let key = event["dedup_key"].as_str().unwrap();
            let name = key.rsplit(':').next().unwrap();
            format!("{} {name}", event["event_action"].as_str().unwrap())
        })
        .collect();
    said.sort();
    assert_eq!(said, ["resolve c", "resolve d", "trigger pager"]);
    scene.stop().await;
}
