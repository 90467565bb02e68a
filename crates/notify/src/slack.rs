//! Slack's incoming webhooks, and those of Mattermost, Rocket.Chat and others that take the same.
//!
//! Slack has no key by which it would drop a repeat: after a crash between its answer and our note of it, a message
//! comes twice. Its id is in the last line.
//!
//! Source: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>

use std::fmt::{self, Write as _};

use async_trait::async_trait;
use corelog_alarms::StateValue;
use corelog_types::Timestamp;
use serde_json::{Value, json};

use crate::channel::Channel;
use crate::error::Error;
use crate::http::{self, Endpoint};
use crate::message::{AlarmNews, Many, Message, Says};

/// The most characters of a section. Source: <https://docs.slack.dev/reference/block-kit/blocks/section-block>
const SECTION_CHARS_MAX: usize = 3_000;
const FIELD_CHARS_MAX: usize = 2_000;
/// Of log events in one: less than a section has.
const LINES_CHARS_MAX: usize = 2_800;
/// Names that one message lists of each state.
const NAMES_MAX: usize = 20;

/// A channel of Slack.
pub(crate) struct Slack(Endpoint);

impl Slack {
    pub(crate) fn open(config: &http::Config) -> Result<Self, Error> {
        Endpoint::open(config).map(Self)
    }
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slack").field(&self.place()).finish()
    }
}

#[async_trait]
impl Channel for Slack {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error> {
        let body = payload(message).to_string();
        self.0.post("application/json", &[], body, now).await
    }

    fn place(&self) -> String {
        self.0.place()
    }
}

fn payload(message: &Message) -> Value {
    let (text, color, mut blocks, account) = match &message.says {
        Says::Alarm(news) => (
            news.subject.clone(),
            color(news.to),
            of_alarm(news),
            &news.account,
        ),
        Says::Many(many) => {
            let worst = many.states().next().unwrap_or(StateValue::Ok);
            (many.subject(), color(worst), of_many(many), &many.account)
        }
        Says::Event(event) => {
            let text = event["detail-type"].as_str().unwrap_or("event");
            return json!({ "text": escaped(text) });
        }
    };
    let from = format!(
        "account {} · {} · notice {}",
        account.account_id, account.region, message.id
    );
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": escaped(&from) }],
    }));
    json!({
        "text": escaped(&text),
        "attachments": [{ "color": color, "fallback": escaped(&text), "blocks": blocks }],
    })
}

fn color(value: StateValue) -> &'static str {
    match value {
        StateValue::Alarm => "#d1242f",
        StateValue::Ok => "#1a7f37",
        StateValue::InsufficientData => "#9a6700",
    }
}

fn of_alarm(news: &AlarmNews) -> Vec<Value> {
    let mut text = format!("*{}*", escaped(&news.reason));
    if let Some(description) = &news.description {
        text.push('\n');
        text.push_str(&escaped(description));
    }
    let at = format!(
        "<!date^{}^{{date_short_pretty}} {{time_secs}}|{}>",
        news.at.unix_ms() / 1_000,
        news.at.rfc3339_seconds()
    );
    let mut fields = vec![
        field("Alarm", &escaped(&news.name)),
        field("State", &format!("{} → {}", news.from, news.to)),
        field("Watches", &escaped(&news.watches)),
        field("Since", &at),
    ];
    if news.is_after_mute {
        fields.push(field("Held back", "by a mute rule until now"));
    }
    let mut blocks = vec![
        section(&text),
        json!({ "type": "section", "fields": fields }),
    ];
    if !news.log_lines.is_empty() {
        blocks.push(section(&lines(&news.log_lines)));
    }
    blocks
}

/// As many log events as a section has room for, as they are.
fn lines(lines: &[String]) -> String {
    let mut text = "```".to_owned();
    let (mut chars, mut shown) = (0, 0);
    for line in lines {
        // Three backticks would end the block.
        let line = escaped(&line.replace("```", "` ` `"));
        chars += line.chars().count() + 1;
        if chars > LINES_CHARS_MAX {
            break;
        }
        text.push_str(&line);
        text.push('\n');
        shown += 1;
    }
    if shown == 0 {
        text.push_str(&cut(
            &escaped(&lines.concat().replace('`', " ")),
            LINES_CHARS_MAX,
        ));
        shown = 1;
    }
    text.push_str("```");
    if shown < lines.len() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n… and {} more", lines.len() - shown);
    }
    text
}

fn of_many(many: &Many) -> Vec<Value> {
    let state = |value: StateValue| {
        let (names, more) = many.names(value, NAMES_MAX);
        let mut text = format!("*{value}* {}", many.count(value));
        for name in names {
            text.push_str("\n• ");
            text.push_str(&escaped(name));
        }
        if more > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n… and {more} more");
        }
        section(&text)
    };
    many.states().map(state).collect()
}

fn section(text: &str) -> Value {
    let text = cut(text, SECTION_CHARS_MAX);
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn field(name: &str, text: &str) -> Value {
    let text = cut(&format!("*{name}*\n{text}"), FIELD_CHARS_MAX);
    json!({ "type": "mrkdwn", "text": text })
}

/// A text of at most so many characters; what is cut ends with `…`.
fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(chars_max - 1).collect();
    cut.push('…');
    cut
}

/// Source: <https://docs.slack.dev/messaging/formatting-message-text#escaping>
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn news(change: impl FnOnce(&mut AlarmNews)) -> Message {
        let mut message = sample::message("ops", StateValue::Alarm);
        if let Says::Alarm(news) = &mut message.says {
            change(news);
        }
        message
    }

    #[test]
    fn a_message_has_a_text_a_colour_and_blocks() {
        let payload = payload(&sample::message("ops", StateValue::Alarm));
        let subject = r#"ALARM: "corelog-notifier-test" in US East (N. Virginia)"#;
        assert_eq!(payload["text"], subject);
        let [attachment] = payload["attachments"].as_array().unwrap().as_slice() else {
            panic!("one attachment")
        };
        assert_eq!(attachment["color"], "#d1242f");
        assert_eq!(attachment["fallback"], subject);
        let kinds: Vec<&Value> = attachment["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| &block["type"])
            .collect();
        assert_eq!(kinds, ["section", "section", "context"]);
        let fields = attachment["blocks"][1]["fields"].as_array().unwrap();
        assert_eq!(fields[1]["text"], "*State*\nOK → ALARM");
    }

    #[test]
    fn nobody_can_mention_or_link_through_an_alarm() {
        let payload = payload(&news(|news| {
            news.reason = "<!channel> a & b".to_owned();
            news.name = "<https://x|y>".to_owned();
        }));
        let text = payload.to_string();
        assert!(text.contains("&lt;!channel&gt; a &amp; b"), "{text}");
        assert!(
            !text.contains("<!channel>") && !text.contains("<https:"),
            "{text}"
        );
    }

    #[test]
    fn texts_stay_within_what_slack_takes() {
        let payload = payload(&news(|news| {
            news.reason = "<".repeat(5_000);
            news.watches = "é".repeat(5_000);
        }));
        let blocks = &payload["attachments"][0]["blocks"];
        let chars = |value: &Value| value.as_str().unwrap().chars().count();
        assert_eq!(chars(&blocks[0]["text"]["text"]), 3_000);
        assert_eq!(chars(&blocks[1]["fields"][2]["text"]), 2_000);
    }

    #[test]
    fn many_alarms_are_counted_and_named() {
        let mut alarms: Vec<(String, StateValue)> = (0..23)
            .map(|n| (format!("a{n}"), StateValue::Alarm))
            .collect();
        alarms.push(("b".to_owned(), StateValue::Ok));
        let message = Message {
            says: Says::Many(Many {
                account: sample::account(),
                alarms,
            }),
            ..sample::message("ops", StateValue::Alarm)
        };
        let payload = payload(&message);
        assert_eq!(payload["text"], "24 alarms changed state: 23 ALARM, 1 OK");
        let blocks = &payload["attachments"][0]["blocks"];
        let text = blocks[0]["text"]["text"].as_str().unwrap();
        assert!(text.starts_with("*ALARM* 23\n• a0\n• a1\n"), "{text}");
        assert!(text.ends_with("\n• a19\n… and 3 more"), "{text}");
        assert_eq!(blocks[1]["text"]["text"], "*OK* 1\n• b");
    }
}
