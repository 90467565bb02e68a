//! Queries that stand or fall by their order and names.

use crate::{parse, read};

/// The message of what is wrong, or nothing.
fn check(text: &str, expected: &str) {
    let found = parse(text).map_or_else(|error| error.to_string(), |_| String::new());
    assert_eq!(found, expected, "{text}");
}

#[test]
fn commands_have_their_order() {
    check("SOURCE 'a' | limit 1", "");
    check(
        "fields a | SOURCE 'a'",
        "`SOURCE` stands at the start of a query",
    );
    check(
        "sort a | stats count(*)",
        "`sort` stands after the last `stats`",
    );
    check(
        "stats count(*) | limit 5 | stats count(*)",
        "`limit` stands after the last `stats`",
    );
    check("limit 42 | fields a", "");
    check("sort a | limit 5 | filter b = 1", "");
    check("sort a | dedup b | limit 5", "");
    check(
        "dedup a | sort b",
        "unexpected symbol found sort at line 1 and position 10",
    );
    check("pattern a | sort @sampleCount desc", "");
    check("sort a | pattern b", "`pattern` stands before `sort`");
    check("pattern a | diff", "");
    check("pattern a | filter @sampleCount > 1 | diff", "");
    check("stats count(*) by a | pattern a | diff", "");
    check("pattern a | diff | diff", "a query has at most 1 diffs");
    check(
        "pattern a | stats count(*) | diff",
        "Diff compilation Failed : Diff operation has to be used after Pattern",
    );
    check(
        "diff",
        "Diff compilation Failed : Diff operation has to be used after Pattern",
    );
    check(
        "estimate | limit 1",
        "`estimate` stands at the end of a query",
    );
    check(&["stats count(*)"; 10].join("|"), "");
    check(
        &["stats count(*)"; 11].join("|"),
        "a query has at most 10 stats commands",
    );
    let join = "join left=a right=b where a.x=b.y (SOURCE 'g')";
    check(&format!("{join} | fields a.x"), "");
    check(&format!("{join} | {join}"), "a query has at most 1 joins");
    check(
        "filter a in (dedup a | sort b)",
        "unexpected symbol found sort at line 1 and position 23",
    );
}

#[test]
fn aggregations_belong_in_stats() {
    check(
        "fields @timestamp | fields count()",
        "`count` cannot be used in a command other than stats",
    );
    check(
        "filter sum(a) > 1",
        "`sum` cannot be used in a command other than stats",
    );
    check(
        "stats sum(a) by count(*)",
        "`count` cannot be used in the keys of stats",
    );
    check(
        "stats sum(max(a))",
        "`max` cannot be used in another aggregation",
    );
    check("stats round(sum(a) / count(*), 2) as r", "");
    check("stats count(*) by histogram(a, 10)", "");
    check("stats histogram(a, 10)", "");
    check(
        "fields histogram(a, 10)",
        "`histogram` cannot be used in a command other than stats",
    );
    check("stats topk(5, a)", "");
    check(
        "stats topk(5, a) by b",
        "`topk` cannot be used in stats with other columns or with by",
    );
    check("filterIndex a = 1 and b in [1, 2]", "");
    check(
        "filterIndex a > 1",
        "`filterIndex` takes comparisons with `=` and `in` only",
    );
    check(
        "filterIndex not a = 1",
        "`filterIndex` takes comparisons with `=` and `in` only",
    );
}

fn unknown(name: &str) -> String {
    format!("Unknown symbols found in or after stats: {name}")
}

#[test]
fn after_stats_only_its_names_exist() {
    check(
        "stats count(*) by modelId | filter @message like 'x'",
        &unknown("@message"),
    );
    check(
        "stats count(*) as n by modelId | filter n > 1 and modelId like 'x'",
        "",
    );
    check(
        "stats count(*) as n by a.b | display a.b, n * 2 as m | sort m",
        "",
    );
    check("stats count(*) as n | fields n * 2 as m | filter m > 4", "");
    check(
        "stats count(*) as n | parse 'a *' as b",
        &unknown("@message"),
    );
    check(
        "stats max(a) as m by b | parse b '*-*' as x, y | stats max(m) by x",
        "",
    );
    check("stats max(a) as m by b | stats max(a)", &unknown("a"));
    check(
        "stats count(*) by bin(1h) as t | stats count(*) by bin(1h)",
        &unknown("@timestamp"),
    );
    check(
        "stats count(*) by bin(1h) | stats count(*) by bin(1h)",
        &unknown("@timestamp"),
    );
    check(
        "stats count(*) by bin(1h) as t | stats count(*) by datefloor(t, 1d)",
        "",
    );
    check("stats values(a) as l by b | filter l.x = 1", "");
    check("stats count(*) as n | dedup b", &unknown("b"));
    check("stats count(*) as n | filter lx = 1", &unknown("lx"));
    check("countFrequent a | filter _approxcount > 1 and a = 1", "");
    check("countFrequent a | filter b = 1", &unknown("b"));
    check(
        "stats topk(5, a) as x | filter _approxcount > 1 and x = 1",
        "",
    );
    check(
        "stats count(*) as n | filter _approxcount > 1",
        &unknown("_approxcount"),
    );
    check(
        "stats count(*) as n by b | lookup t b OUTPUT c | filter c = 1",
        "",
    );
    check(
        "stats count(*) as n | pattern n | filter @pattern like 'x'",
        "",
    );
}

#[test]
fn expressions_without_alias_are_meant_by_their_text() {
    check(
        "stats SUM(Fault) by Operation | filter sum( Fault ) > 1",
        "",
    );
    check(
        "stats sum(Fault) | filter avg(Fault) > 1",
        "`avg` cannot be used in a command other than stats",
    );
    check(
        "stats sum(a), count(*) by b | fields sum(a) / count(*) as mean",
        "",
    );
    check("stats sum(a) by bin(5m) | stats max(sum(a))", "");
    check("stats count(*) by bin(5m) | sort bin(5m) desc", "");
    check(
        "stats count(*) by bin(5m) as t | filter bin(5m) > 1",
        &unknown("@timestamp"),
    );
    let check_text = |text: &str, expected: &str| {
        assert_eq!(parse(text).unwrap().to_string(), expected, "{text}");
    };
    check_text(
        "stats SUM( a ) | sort sum(a) desc",
        "stats SUM( a )\n| sort SUM( a ) desc",
    );
    check_text(
        "stats sum(a) + sum(b) | fields (sum(a)+sum(b)) * 2 as c",
        "stats sum(a) + sum(b)\n| fields (sum(a) + sum(b)) * 2 as c",
    );
    check_text(
        "stats count(*) by bin(1h) as t | sort bin(1h)",
        "stats count(*) by bin(1h) as t\n| sort t",
    );
    check_text(
        "stats count(*) by a.b as c | sort a.b desc",
        "stats count(*) by a.b as c\n| sort c desc",
    );
}

#[test]
fn stats_sees_its_own_names() {
    check("stats max(a) as x, min(b) as y, x - y as z", "");
    check("stats x - 1 as z, max(a) as x", &unknown("x"));
    check("stats count(*), foo", &unknown("foo"));
    check("stats modelId, count(*) by modelId", "");
    check("stats bin(1h), count(*) by bin(1h)", "");
    check("stats bin(1h), count(*) by a", &unknown("@timestamp"));
    check("stats count(*) as n, sum(a) as n", "`n` is defined already");
    check("stats count(*) as a by a", "`a` is defined already");
}

#[test]
fn names_are_given_once() {
    check(
        "fields x | fields toupper(x) as x",
        "`x` is defined already",
    );
    check("fields toupper(x) as x", "");
    check("fields a as c, b as c", "`c` is defined already");
    check(
        "parse 'a *' as x | fields trim(x) as x",
        "`x` is defined already",
    );
    check("fields x | parse 'a *' as x", "");
    check("fields x | stats sum(x) as x", "");
    check("fields x | display toupper(x) as x", "");
    check("display a as c, b as c", "`c` is defined already");
    check(
        "fields split(a, ',') as l | unnest l into x",
        "`unnest` takes a list from `jsonParse`, and `l` is from `split`",
    );
    check(
        "fields jsonParse(a) as l | unnest l.b into x | filter x.c = 1",
        "",
    );
}

#[test]
fn what_is_suspicious_is_allowed() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let found = read(text).unwrap().warnings;
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.to_string(), one.hint.clone().unwrap_or_default()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(one, hint)| ((*one).to_owned(), (*hint).to_owned()))
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    check(
        "stats count(*) as n by bin(1m) | sort @timestamp desc",
        &[(
            "`@timestamp` is no column after stats, and sorts nothing",
            "after stats there are only `n`, `bin(1m)`",
        )],
    );
    check(
        "stats count(*) as errors | sort erors",
        &[(
            "`erors` is no column after stats, and sorts nothing",
            "did you mean `errors`?",
        )],
    );
    check("stats count(*) as n | sort n desc", &[]);
    check(
        "anomaly",
        &[(
            "`anomaly` looks at the rows of `pattern`, and there is none before it",
            "",
        )],
    );
    check("pattern @message | anomaly", &[]);
    let percent = (
        "`like` has no wildcards: % stands for itself",
        "a part of the text is found without %",
    );
    check("filter a like '%.pdf'", &[percent]);
    check("filter a in (filter b not like 'x%')", &[percent]);
    check("filter a like '%' or b like '5%6'", &[]);
    check(
        "filter a = 1 and @timestamp > '2026-01-01'",
        &[(
            "a time is never equal to, before or after a text",
            "compare with milliseconds since the epoch",
        )],
    );
    check(
        "filter @timestamp >= 1795305600000 or @timestamp < '1795305600000'",
        &[],
    );
    check(
        "stats count(*) by bin(300s)",
        &[(
            "`bin` takes this as 60s",
            "a longer bin needs a larger unit",
        )],
    );
    check("stats count(*) by bin(60s), bin(90d)", &[]);
}
