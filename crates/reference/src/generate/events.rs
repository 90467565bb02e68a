//! Events like invocation records, with everything that may be odd about them.

use super::dice::Dice;
use crate::Event;

/// 2026-11-22 00:00:00, and a day.
const START_MS: u64 = 1_795_305_600_000;
const DAY_MS: u64 = 86_400_000;

/// Events of one log group and one day, oldest first, no two of one time.
pub fn events(seed: u64, count: u64) -> Vec<Event> {
    let mut dice = Dice::new(seed);
    let step = DAY_MS / count.max(1);
    (0..count)
        .map(|at| {
            let time = START_MS + at * step + dice.below(step);
            let timestamp_ms = i64::try_from(time).unwrap_or(i64::MAX);
            Event {
                timestamp_ms,
                ingestion_ms: timestamp_ms + i64::try_from(dice.below(5000)).unwrap_or(0),
                account: "111122223333".to_owned(),
                group: "/corelog/invocations".to_owned(),
                stream: "aws/bedrock/modelinvocations".to_owned(),
                message: message(&mut dice, at),
                pointer: format!("ptr-{at}"),
            }
        })
        .collect()
}

fn message(dice: &mut Dice, at: u64) -> String {
    if dice.chance(4) {
        return dice.pick(&PLAIN).to_owned();
    }
    let mut members = vec![format!("\"requestId\":\"q{at}\"")];
    let mut maybe = |dice: &mut Dice, percent: u64, name: &str, value: String| {
        if dice.chance(percent) {
            members.push(format!("\"{name}\":{value}"));
        }
    };
    let model = quoted(dice.pick(&MODELS));
    maybe(dice, 95, "modelId", model);
    let operation = quoted(dice.pick(&["Converse", "ConverseStream", "InvokeModel"]));
    maybe(dice, 95, "operation", operation);
    let region = quoted(dice.pick(&["us-east-1", "eu-west-1"]));
    maybe(dice, 90, "region", region);
    let arn = format!("{{\"arn\":{}}}", quoted(dice.pick(&ARNS)));
    maybe(dice, 90, "identity", arn);
    let error = quoted(dice.pick(&["ThrottlingException", "AccessDeniedException"]));
    maybe(dice, 15, "errorCode", error);
    let input = input(dice);
    maybe(dice, 85, "input", input);
    let output = format!(
        "{{\"outputTokenCount\":{},\"latencyMs\":{}.{}}}",
        dice.below(300),
        dice.below(2000),
        dice.below(100)
    );
    maybe(dice, 80, "output", output);
    let team = quoted(dice.pick(&["x", "y", "", "team-x", "alpha"]));
    let metadata = format!(
        "{{\"team\":{team},\"cost-center\":\"cc-{}\"}}",
        dice.below(3)
    );
    maybe(dice, 70, "requestMetadata", metadata);
    let mixed = dice.pick(&MIXED).to_owned();
    maybe(dice, 80, "mixed", mixed);
    let stream = dice.pick(&["true", "false", "null"]).to_owned();
    maybe(dice, 60, "stream", stream);
    format!("{{{}}}", members.join(","))
}

fn input(dice: &mut Dice) -> String {
    let turns: Vec<String> = (0..dice.below(4))
        .map(|at| format!("{{\"role\":\"user\",\"n\":{at},\"text\":\"turn é {at}\"}}"))
        .collect();
    let count = dice.below(9000);
    format!(
        "{{\"inputTokenCount\":{count},\"messages\":[{}]}}",
        turns.join(",")
    )
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

const MODELS: [&str; 5] = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "us.amazon.nova-pro-v1:0",
    "Claude",
    "a1",
];

const ARNS: [&str; 3] = [
    "arn:aws:sts::111122223333:assumed-role/App/s1",
    "arn:aws:sts::111122223333:assumed-role/Admin/a",
    "arn:aws:iam::111122223333:user/bob",
];

/// Values of every kind under one name.
const MIXED: [&str; 14] = [
    "1",
    "\"1\"",
    "1.0",
    "\"01\"",
    "-7",
    "2.50",
    "true",
    "false",
    "\"alpha\"",
    "\"a10\"",
    "\"a9\"",
    "\" x \"",
    "9007199254740993",
    "[1,{\"a\":2}]",
];

const PLAIN: [&str; 4] = [
    "plain text",
    "level=info msg=\"two words\" n=5",
    "{\"broken\":",
    "[1,2]",
];
