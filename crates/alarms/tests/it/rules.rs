//! The language of composite alarms' rules.

use corelog_alarms::{
    RULE_ALARMS_MAX, RULE_ELEMENTS_MAX, Rule, RuleError, Share, StateValue, parse_rule,
};
use proptest::prelude::*;

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(parse_rule(text).unwrap_err().to_string(), message);
}

#[test]
fn errors_say_where_and_what_could_be_there() {
    let one = "must be: '(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA]";
    let blank = "AlarmRule must not contain leading or trailing whitespace or be null";
    for text in ["", " ", " ALARM(a)", "ALARM(a) "] {
        refused(text, blank);
    }
    refused(
        "()",
        &format!("Error in AlarmRule [Unsupported token ')' at char 1, {one}"),
    );
    refused(
        "alarm(a)",
        &format!("Error in AlarmRule [Unsupported token 'alarm' at char 0, {one}"),
    );
    refused(
        "ALARM(a) AND",
        &format!("Error in AlarmRule [Unexpected end at char 12, {one}"),
    );
    refused(
        "ALARM(SampleQueue Oldest Age Alarm)",
        "Error in AlarmRule [Unsupported token 'Oldest' at char 18, must be: ')']",
    );
    refused(
        "ALARM(ü) X ALARM(b)",
        "Error in AlarmRule [Unsupported token 'X' at char 9, must be: 'AND', 'OR']",
    );
    refused(
        "(ALARM(a)",
        "Error in AlarmRule [Unexpected end at char 9, must be: ')']",
    );
    refused(
        "ALARM(\"a)",
        "Error in AlarmRule [Unsupported token '\"a)' at char 6, must be: an alarm name or ARN]",
    );
    refused(
        "AT_LEAST(0, ALARM, (a))",
        "Error in AlarmRule [Unsupported token '0' at char 9, must be: a number or a percentage]",
    );
    refused(
        "AT_LEAST(101%, ALARM, (a))",
        "Error in AlarmRule [Unsupported token '101%' at char 9, must be: a number or a percentage]",
    );
    refused(
        "AT_LEAST(1, TRUE, (a))",
        "Error in AlarmRule [Unsupported token 'TRUE' at char 12, must be: ALARM, OK, or INSUFFICIENT_DATA]",
    );
}

#[test]
fn names_may_be_quoted_and_have_quotes() {
    let rule =
        parse_rule(r#"ALARM("a \"b\" (c), \\d") OR OK( e ) AND INSUFFICIENT_DATA("f")"#).unwrap();
    assert_eq!(rule.alarms(), [r#"a "b" (c), \d"#, "e", "f"]);
    let rule = parse_rule("AT_LEAST(\"50%\", NOT ALARM, (a,\"b\" , c))").unwrap();
    let Rule::AtLeast {
        threshold,
        negated,
        state,
        alarms,
    } = rule
    else {
        panic!("another rule");
    };
    assert_eq!(
        (threshold, negated, state),
        (Share::Percent(50), true, StateValue::Alarm)
    );
    assert_eq!(alarms, ["a", "b", "c"]);
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:with:colons";
    assert_eq!(
        parse_rule(&format!("ALARM({arn})")).unwrap().alarms(),
        ["with:colons"]
    );
}

#[test]
fn limits_are_kept() {
    let many = |count: usize, of: &dyn Fn(usize) -> String| {
        (0..count).map(of).collect::<Vec<_>>().join(" OR ")
    };
    let alarms = |count| many(count, &|number| format!("OK(a{number})"));
    assert!(parse_rule(&alarms(RULE_ALARMS_MAX)).is_ok());
    assert_eq!(
        parse_rule(&alarms(RULE_ALARMS_MAX + 1)),
        Err(RuleError::TooManyAlarms)
    );
    let constants = |count| many(count, &|_| "TRUE".to_owned());
    assert!(parse_rule(&constants(RULE_ELEMENTS_MAX)).is_ok());
    assert_eq!(
        parse_rule(&constants(RULE_ELEMENTS_MAX + 1)),
        Err(RuleError::TooManyElements)
    );
    let deep = |depth: usize| format!("{}TRUE{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse_rule(&deep(249)).is_ok());
    assert_eq!(parse_rule(&deep(250)), Err(RuleError::TooManyElements));
    assert_eq!(
        parse_rule(&"(".repeat(10_000)),
        Err(RuleError::TooManyElements)
    );
    assert_eq!(
        parse_rule(&format!("ALARM({})", "a".repeat(10_240))),
        Err(RuleError::TooLong)
    );
    let nots = parse_rule(&format!("{}TRUE", "NOT ".repeat(2_001))).unwrap();
    assert!(!nots.holds(&|_| None));
}

fn state() -> impl Strategy<Value = StateValue> {
    prop::sample::select(vec![
        StateValue::Ok,
        StateValue::Alarm,
        StateValue::InsufficientData,
    ])
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c d", "\"", "\\", "(é)", ",", "AND", "x:y"])
        .prop_map(str::to_owned)
}

/// Rules as the parser makes them: no pair of `NOT`s, two or more in a row.
fn rule() -> impl Strategy<Value = Rule> {
    let share = prop_oneof![
        (1..9_u32).prop_map(Share::Count),
        (1..=100_u32).prop_map(Share::Percent)
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Rule::Constant),
        (state(), name()).prop_map(|(state, alarm)| Rule::Is { state, alarm }),
        (
            share,
            any::<bool>(),
            state(),
            prop::collection::vec(name(), 1..4)
        )
            .prop_map(|(threshold, negated, state, alarms)| Rule::AtLeast {
                threshold,
                negated,
                state,
                alarms
            }),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|rule| match rule {
                Rule::Not(rule) => *rule,
                rule => Rule::Not(Box::new(rule)),
            }),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Rule::And),
            prop::collection::vec(inner, 2..4).prop_map(Rule::Or),
        ]
    })
}

/// What a rule means, told in another way: over the text of every alarm, not over the tree.
fn holds(rule: &Rule, states: &[(String, StateValue)]) -> bool {
    let of = |name: &str| {
        states
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, state)| *state)
    };
    match rule {
        Rule::Constant(value) => *value,
        Rule::Is { state, alarm } => of(alarm) == Some(*state),
        Rule::Not(rule) => !holds(rule, states),
        Rule::And(rules) => !rules.iter().any(|rule| !holds(rule, states)),
        Rule::Or(rules) => !rules.iter().all(|rule| !holds(rule, states)),
        Rule::AtLeast {
            threshold,
            negated,
            state,
            alarms,
        } => {
            let mut count = 0.0;
            for alarm in alarms {
                match of(alarm) {
                    Some(found) if (found == *state) ^ *negated => count += 1.0,
                    _ => {}
                }
            }
            match threshold {
                Share::Count(least) => count >= f64::from(*least),
                Share::Percent(least) => {
                    let all = f64::from(u32::try_from(alarms.len()).unwrap());
                    count * 100.0 / all + 1e-9 >= f64::from(*least)
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_rule_that_is_written_reads_the_same(rule in rule()) {
        let text = rule.to_string();
        match parse_rule(&text) {
            Ok(read) => prop_assert_eq!(read, rule),
            Err(error) => prop_assert_eq!(error, RuleError::TooManyElements, "{}", text),
        }
    }

    #[test]
    fn a_rule_means_what_it_says(rule in rule(), states in prop::collection::vec((name(), state()), 0..6)) {
        let of = |name: &str| states.iter().find(|(other, _)| other == name).map(|(_, state)| *state);
        prop_assert_eq!(rule.holds(&of), holds(&rule, &states));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[()ANDORT \",%é0-9_\\\\LEASKFU]{0,60}") {
        if let Ok(rule) = parse_rule(&text) {
            prop_assert_eq!(parse_rule(&rule.to_string()), Ok(rule));
        }
    }

    #[test]
    fn a_place_in_an_error_is_a_place_in_the_text(text in "\\PC{1,40}") {
        if let Err(RuleError::Unsupported { token, at, .. }) = parse_rule(&text) {
            let there: String = text.chars().skip(at).take(token.chars().count()).collect();
            prop_assert_eq!(there, token);
        }
    }
}
