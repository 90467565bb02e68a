//! Notifiers: what each kind needs, takes and shows.

use std::time::Duration;

use super::*;

#[test]
fn every_kind_is_read() {
    let text = r#"
[[notifier]]
name = "chat"
kind = "slack"
url = "env:SLACK_URL"

[[notifier]]
name = "pager"
kind = "pagerduty"
routing_key = "env:ROUTING_KEY"
severity = "warning"
topics = ["OpsAlerts"]

[[notifier]]
name = "mail"
kind = "email"
smtp_host = "mail.example.org"
from = "Corelog <corelog@example.org>"
to = ["ops@example.org"]
burst_max = 0

[[notifier]]
name = "hook"
kind = "webhook"
url = "https://example.org/hook?tenant=7"
secret = "env:HOOK_SECRET"
burst_max = 50
burst_window = "5m"

[[notifier]]
name = "script"
kind = "command"
command = ["/usr/local/bin/page", "--now"]
timeout = "1m"
"#;
    let env = [
        ("SLACK_URL", "https://hooks.slack.com/services/T0/B0/XYZ"),
        ("ROUTING_KEY", "R0"),
        ("HOOK_SECRET", "whsec_aGVsbG8="),
    ];
    let loaded = load_with(text, &env, &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let [chat, pager, mail, hook, script] = loaded.settings.notifiers.as_slice() else {
        panic!("five")
    };
    let minute = Duration::from_mins(1);
    assert_eq!(chat.burst(), Some((10, minute)));
    assert_eq!(pager.burst(), None);
    assert_eq!(mail.burst(), None);
    assert_eq!(hook.burst(), Some((50, 5 * minute)));
    assert_eq!((mail.smtp_port(), script.timeout), (587, minute));
    let url = hook.url.as_ref().unwrap();
    assert_eq!(url.reveal(), "https://example.org/hook?tenant=7");
    let shown = loaded.show();
    assert!(shown.contains("url = \"env:SLACK_URL\""), "{shown}");
    assert!(
        shown.contains("url = \"https://example.org/***\""),
        "{shown}"
    );
    let debug = format!("{:?}", loaded.settings);
    for secret in ["XYZ", "R0", "aGVsbG8", "tenant"] {
        assert!(
            !shown.contains(secret) && !debug.contains(secret),
            "{secret}"
        );
    }
}

#[test]
fn what_a_kind_needs_and_what_is_anothers_is_said() {
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"slack\"\n",
        "`notifier[0].url`: a notifier of kind `slack` needs it",
    );
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"pagerduty\"\n",
        "`notifier[0].routing_key`: a notifier of kind `pagerduty` needs it",
    );
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"command\"\ncommand=[\"x\"]\nurl=\"http://h\"\n",
        "`notifier[0].url`: is for kind `slack`, `sns`, `webhook`, `eventbridge`, this notifier is `command`",
    );
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"email\"\nsmtp_host=\"h\"\nfrom=\"a@b\"\nto=[\"nobody\"]\n",
        "`notifier[0].to`: `nobody` is no address",
    );
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"eventbridge\"\nurl=\"http://h/\"\nburst_max=3\n",
        "events come one by one",
    );
    let mail = "[[notifier]]\nname=\"a\"\nkind=\"email\"\nfrom=\"a@b\"\nto=[\"c@d\"]\nsmtp_encryption=\"none\"\n\
                smtp_user=\"u\"\nsmtp_password=\"p\"\n";
    check_refused(
        &format!("{mail}smtp_host=\"mail.example.org\"\n"),
        "`notifier[0].smtp_encryption`: anyone on the way could read the password",
    );
    assert!(load(&format!("{mail}smtp_host=\"localhost\"\n")).is_ok());
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"webhook\"\nurl=\"https://h/\"\nsecret=\"whsec_\"\n",
        "what follows `whsec_` is no base64",
    );
    check_refused(
        "[[notifier]]\nname=\"a\"\nkind=\"pigeon\"\n",
        "is not one of",
    );
}

#[test]
fn urls_that_are_secrets_are_kept_as_such() {
    let slack = |url: &str| format!("[[notifier]]\nname=\"a\"\nkind=\"slack\"\nurl=\"{url}\"\n");
    check_refused(&slack("http://hooks.example.org/x"), "use `https`");
    check_refused(
        &slack("hunter2"),
        "`notifier[0].url`: it is no URL to post to",
    );
    assert!(!problems(&slack("hunter2")).concat().contains("hunter2"));
    let loaded = load(&slack("https://hooks.slack.com/x")).unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(load(&slack("http://127.0.0.1:9/x")).unwrap().warnings, []);
}
