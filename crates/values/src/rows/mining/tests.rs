//! What patterns texts have, and what is noted of them.

use proptest::prelude::*;
use regex::Regex;

use super::{Miner, NOTED_BYTES_MAX, Part, Reading, TOKENS_MAX, WORDS_MAX};

/// The patterns of texts and their counts, the most frequent first.
fn mine<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<(String, u64)> {
    let mut miner = Miner::new(1);
    for text in texts {
        miner.add(text, 0);
    }
    sorted(&miner)
}

fn sorted(miner: &Miner) -> Vec<(String, u64)> {
    let patterns = miner.finish().into_iter();
    let mut all: Vec<_> = patterns.map(|one| (one.text, one.counts[0])).collect();
    all.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    all
}

fn check(texts: &[&str], expected: &[(&str, u64)]) {
    let found = mine(texts.iter().copied());
    let found: Vec<_> = found
        .iter()
        .map(|(text, count)| (text.as_str(), *count))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn values_are_recognised() {
    check(&["took 15 ms"], &[("took <Number-1> ms", 1)]);
    check(
        &["2026-11-22T09:15:42.123Z 10.0.0.1 said -1.5."],
        &[("<Time-1> <IP-2> said <Number-3>.", 1)],
    );
    check(
        &["id=6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a11, v2"],
        &[("id=<ID-1>, v2", 1)],
    );
    check(&["1.2.3"], &[("1.2.3", 1)]);
    check(&[""], &[("", 1)]);
    check(
        &["2026/11/22 09:15+02:00x 1.2.3.4567 12:30:01,5 +7 1234.1.1.1"],
        &[(
            "2026/11/22 <Number-1>:15+02:00x 1.2.3.4567 <Time-2> <Number-3> 1234.1.1.1",
            1,
        )],
    );
}

#[test]
fn words_that_differ_are_dynamic_if_half_of_them_do_not() {
    check(
        &[
            "user ann logged in",
            "user bob logged in",
            "disk sda is full",
        ],
        &[("user <Token-1> logged in", 2), ("disk sda is full", 1)],
    );
    check(&["all good", "not bad"], &[("all good", 1), ("not bad", 1)]);
}

#[test]
fn places_of_many_words_are_open() {
    let texts: Vec<String> = (0..=WORDS_MAX).map(|at| format!("a{at} b{at}")).collect();
    assert_eq!(
        mine(texts.iter().map(String::as_str)),
        [("<Token-1> <Token-2>".to_owned(), 65)]
    );
    let few = texts[1..].iter().map(String::as_str);
    assert_eq!(mine(few).len(), WORDS_MAX);
}

#[test]
fn long_texts_have_a_rest() {
    let long = "a,".repeat(TOKENS_MAX);
    let pattern = format!("{}<Token-1>", "a,".repeat(TOKENS_MAX / 2));
    assert_eq!(mine([long.as_str(), &long[2..]]), [(pattern, 2)]);
    let word = "x".repeat(129);
    assert_eq!(mine([word.as_str()]), [("<Token-1>".to_owned(), 1)]);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut miner = Miner::new(1);
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..40 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            text.push_str(["a", "bb", ",", "; ", "=1", "(c)", "\t", "dd "][(state >> 61) as usize]);
        }
        miner.add(&text, 0);
    }
    assert!(miner.shapes.len() <= super::SHAPES_MAX);
    assert!(miner.size.combinations <= super::COMBINATIONS_MAX);
    assert!(miner.bytes() < 64 << 20, "{}", miner.bytes());
    let total: u64 = miner.finish().iter().map(|pattern| pattern.counts[0]).sum();
    assert_eq!(total, 20_000);
}

#[test]
fn what_is_forgotten_does_not_count_as_kept() {
    let mut miner = Miner::new(1);
    for at in 0..WORDS_MAX {
        miner.add(&format!("a{at} b{at}"), 0);
    }
    let before = miner.bytes();
    miner.add("a-last b-last", 0);
    assert!(miner.bytes() < before / 4, "{} of {before}", miner.bytes());
}

#[test]
fn the_order_of_texts_does_not_matter() {
    let texts: Vec<String> = (0..300)
        .map(|at| {
            format!(
                "{} /{}/{} {at} {}",
                ["get", "put"][at % 2],
                at % 7,
                at % 90,
                ["now", "then, {x}"][at % 3 / 2]
            )
        })
        .collect();
    let all = mine(texts.iter().map(String::as_str));
    assert_eq!(mine(texts.iter().rev().map(String::as_str)), all);
}

/// The dynamic parts of the only pattern of texts: the kind, and the values or none.
type Dynamic = (String, Option<Vec<(String, u64)>>);

fn dynamic(miner: &Miner) -> Vec<Dynamic> {
    let patterns = miner.finish();
    assert_eq!(patterns.len(), 1);
    let parts = patterns[0].readings[0].parts().into_iter();
    parts
        .filter_map(|part| match part {
            Part::Dynamic { kind, values, .. } => {
                let own = |(value, count): (&str, u64)| (value.to_owned(), count);
                let values = values.map(|all| all.into_iter().map(own).collect());
                Some((kind.to_owned(), values))
            }
            Part::Fixed(_) => None,
        })
        .collect()
}

#[test]
fn values_of_noted_texts_are_told() {
    let mut miner = Miner::new(2);
    miner.add_noted("user ann had 5 of 10.0.0.1", 0, Some(1));
    miner.add_noted("user bob had 7 of 10.0.0.1", 0, Some(2));
    miner.add_noted("user bob had 5 of 10.0.0.1", 0, Some(3));
    miner.add("user eve had 9 of 10.0.0.2", 1);
    let values = |all: &[(&str, u64)]| -> Option<Vec<(String, u64)>> {
        let own = |(value, count): &(&str, u64)| ((*value).to_owned(), *count);
        Some(all.iter().map(own).collect())
    };
    assert_eq!(
        dynamic(&miner),
        [
            ("Token".to_owned(), values(&[("bob", 2), ("ann", 1)])),
            ("Number".to_owned(), values(&[("5", 2), ("7", 1)])),
            ("IP".to_owned(), values(&[("10.0.0.1", 3)])),
        ]
    );
}

#[test]
fn too_many_and_too_long_values_are_not() {
    let mut miner = Miner::new(1);
    let long = format!("{}1", "0".repeat(128));
    for at in 0..17 {
        let last = if at == 0 { long.as_str() } else { "1" };
        miner.add_noted(&format!("w{at} is {at} or {} and {last}", at % 16), 0, None);
    }
    let all = dynamic(&miner);
    let known: Vec<Option<usize>> = all
        .iter()
        .map(|(_, values)| values.as_ref().map(Vec::len))
        .collect();
    assert_eq!(known, [None, None, Some(16), None]);
}

#[test]
fn the_newest_texts_are_samples() {
    let mut miner = Miner::new(1);
    let long = "é".repeat(1_000);
    for (text, ms) in [("a 1", 5), ("a 2", 9), ("a 3", 7), ("a 5", 7), ("a 4", 7)] {
        miner.add_noted(&format!("{text} {long}"), 0, Some(ms));
    }
    miner.add_noted(&format!("a 6 {long}"), 0, None);
    let patterns = miner.finish();
    let samples = patterns[0].samples().into_iter();
    let samples: Vec<_> = samples
        .map(|one| (&one.text[..3], one.text.len(), one.ms))
        .collect();
    assert_eq!(
        samples,
        [
            ("a 2", 1024, Some(9)),
            ("a 3", 1024, Some(7)),
            ("a 4", 1024, Some(7)),
        ]
    );
}

#[test]
fn what_is_noted_is_bounded() {
    let mut miner = Miner::new(1);
    let long = "x".repeat(1_200);
    for at in 0..40_000_u32 {
        let words = format!("a{} b{} c{}", at % 60, at / 60 % 60, at / 3600);
        miner.add_noted(&format!("{words} {at} {long}"), 0, Some(i64::from(at)));
    }
    assert!(miner.size.noted <= NOTED_BYTES_MAX, "{}", miner.size.noted);
    let keep = miner.limits.keep;
    miner.shapes.iter_mut().for_each(|shape| shape.trim(keep));
    let measured: usize = miner.shapes.iter().map(|shape| shape.size.noted).sum();
    assert_eq!(measured, miner.size.noted);
    let patterns = miner.finish();
    assert_eq!(
        patterns.iter().map(|one| one.counts[0]).sum::<u64>(),
        40_000
    );
    assert!(patterns.iter().all(|one| !one.samples().is_empty()));
}

/// The expressions of the patterns that texts have.
fn expressions(texts: &[&str]) -> Vec<String> {
    let mut miner = Miner::new(1);
    for text in texts {
        miner.add(text, 0);
    }
    let patterns = miner.finish();
    let readings = patterns.iter().flat_map(|pattern| &pattern.readings);
    let mut all: Vec<String> = readings.map(Reading::regex).collect();
    all.sort();
    all
}

#[test]
fn expressions_say_what_may_stand_where() {
    let check = |texts: &[&str], expected: &[&str]| assert_eq!(expressions(texts), expected);
    check(&["a/b (1)?"], &[r"^a\/b \([-+.0-9]+\)\?$"]);
    check(
        &["get ann here", "get bob here"],
        &[r#"^get [^\s"'=:,;|()\[\]{}<>]+ here$"#],
    );
    check(
        &["09:15:42 10.0.0.1 6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a11"],
        &[r"^[-+\/:.,0-9TZ ]+ [.0-9]+ [-0-9a-fA-F]{36}$"],
    );
    let long = "x".repeat(129);
    check(&[&long], &["^(?s:.+)$"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// As a query has them between slashes.
    #[test]
    fn every_text_matches_an_expression(
        texts in prop::collection::vec(r#"([a-c1-9]{1,3}|[/.:#"\\\[{^$|é\n -]){0,8}"#, 1..5)
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut all = Vec::new();
        for expression in expressions(&texts) {
            let query = corelog_insights::parse(&format!("filter a like /{expression}/")).unwrap();
            let corelog_insights::CommandKind::Filter(condition) = &query.commands[0].kind else {
                panic!("{query}");
            };
            let corelog_insights::ExprKind::Like {
                pattern: corelog_insights::LikePattern::Regex(read),
                ..
            } = &condition.kind
            else {
                panic!("{query}");
            };
            all.push(Regex::new(&read.pattern()).unwrap());
        }
        for text in &texts {
            prop_assert!(all.iter().any(|one| one.is_match(text)), "{:?}", text);
        }
    }
}
