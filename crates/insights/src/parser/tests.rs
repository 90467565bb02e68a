//! Texts and the trees they make.

mod faults;

use crate::tree::{
    CommandKind, Expr, ExprKind, InSet, LikePattern, ParsePattern, Query, TimeBound, UnaryOp,
};
use crate::{parse, read};

/// The expression with all its parentheses, so that nothing but the tree's shape decides how it prints.
fn shape(expr: &Expr) -> String {
    let all = |all: &[Expr], word: &str| all.iter().map(shape).collect::<Vec<_>>().join(word);
    match &expr.kind {
        ExprKind::And(parts) => format!("({})", all(parts, " and ")),
        ExprKind::Or(parts) => format!("({})", all(parts, " or ")),
        ExprKind::Not(of) => format!("(not {})", shape(of)),
        ExprKind::Unary {
            op: UnaryOp::Minus,
            of,
        } => format!("(-{})", shape(of)),
        ExprKind::Unary {
            op: UnaryOp::Plus,
            of,
        } => format!("(+{})", shape(of)),
        ExprKind::Binary { op, left, right } => {
            format!("({} {} {})", shape(left), op.symbol(), shape(right))
        }
        ExprKind::Call { function, args } => format!("{}<{}>", function.name(), all(args, ", ")),
        ExprKind::List(parts) => format!("[{}]", all(parts, ", ")),
        ExprKind::Like {
            of,
            pattern,
            negated,
        } => {
            let pattern = match pattern {
                LikePattern::Text(text) => shape(text),
                LikePattern::Regex(regex) => format!("/{}/", regex.text),
            };
            format!(
                "({}{} like {pattern})",
                shape(of),
                if *negated { " not" } else { "" }
            )
        }
        ExprKind::In { of, set, negated } => {
            let set = match set {
                InSet::List(parts) => all(parts, ", "),
                InSet::Query(query) => query.to_string(),
            };
            format!(
                "({}{} in [{set}])",
                shape(of),
                if *negated { " not" } else { "" }
            )
        }
        ExprKind::Member { of, path } => format!("{}{}", shape(of), "·".repeat(path.len())),
        _ => expr.to_string(),
    }
}

fn only(text: &str) -> CommandKind {
    let Query { mut commands, .. } = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(commands.len(), 1);
    commands.remove(0).kind
}

fn check_shape(text: &str, expected: &str) {
    let CommandKind::Filter(expr) = only(&format!("filter {text}")) else {
        panic!("no filter");
    };
    assert_eq!(shape(&expr), expected, "{text}");
}

#[test]
fn operators_bind_as_in_most_languages() {
    check_shape("a + b * c", "(a + (b * c))");
    check_shape("a * b + c", "((a * b) + c)");
    check_shape("a - b - c", "((a - b) - c)");
    check_shape("a / b * c % d", "(((a / b) * c) % d)");
    check_shape("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))");
    check_shape("-2 ^ 2", "((-2) ^ 2)");
    check_shape("2 ^ -3", "(2 ^ (-3))");
    check_shape("a - -b", "(a - (-b))");
    check_shape("(a + b) * c", "((a + b) * c)");
    check_shape("-a < -100", "((-a) < (-100))");
    check_shape(
        "a % 2 = 0 and 2 ^ 3 = 8",
        "(((a % 2) = 0) and ((2 ^ 3) = 8))",
    );
}

#[test]
fn and_or_not() {
    check_shape("a or b and c", "(a or (b and c))");
    check_shape("a and b and c or d", "((a and b and c) or d)");
    check_shape("(a and b) and c", "((a and b) and c)");
    check_shape("not a = 1 and b", "((not (a = 1)) and b)");
    check_shape("not not a", "(not (not a))");
    check_shape("not (a or b)", "(not (a or b))");
    check_shape("!ispresent(x) and y", "((not ispresent<x>) and y)");
    check_shape("a && b || c", "((a and b) or c)");
    check_shape("NOT a AND b OR c", "(((not a) and b) or c)");
}

#[test]
fn comparisons() {
    check_shape("a == b", "(a = b)");
    check_shape("a <> b", "(a != b)");
    check_shape("a + 1 >= b * 2", "((a + 1) >= (b * 2))");
    check_shape("a like 'x' and b", "((a like \"x\") and b)");
    check_shape("a not like /x|y/ or b", "((a not like /x|y/) or b)");
    check_shape("a =~ /x/", "(a like /x/)");
    check_shape("a =~ 'x/y'", "(a like /x\\/y/)");
    check_shape("a like concat(b, '-')", "(a like concat<b, \"-\">)");
    check_shape("a in [1, 'b', c + 1]", "(a in [1, \"b\", (c + 1)])");
    check_shape("a not in [1] and b", "((a not in [1]) and b)");
    check_shape("(a = 1) = b", "((a = 1) = b)");
    check_shape("a / b > c / d", "((a / b) > (c / d))");
}

#[test]
fn values() {
    check_shape("a.b.0.c = 1", "(a.b.0.c = 1)");
    check_shape(
        "r.messages[0].role = 'user'",
        "(r.messages[0].role = \"user\")",
    );
    check_shape(
        "jsonParse(@message).a[1].b = 1",
        "(jsonParse<@message>··· = 1)",
    );
    check_shape("r[0].1.5m.x = 1", "(r[0].1.5m.x = 1)");
    check_shape("`a-b` = 1", "(`a-b` = 1)");
    check_shape("`a.b`.c = `abc`", "(`a.b`.c = abc)");
    check_shape("@`x:y` = @@z", "(@`x:y` = @@z)");
    check_shape("event.by.in = 1", "(event.by.in = 1)");
    check_shape("`by` = desc", "(`by` = desc)");
    check_shape("a = TRUE", "(a = true)");
    check_shape("count = 1", "(count = 1)");
    check_shape("a - 5m", "(a - 5m)");
    check_shape("toupper([1, 2])", "toupper<[1, 2]>");
}

/// A query and how it is written.
fn check_text(text: &str, expected: &str) {
    let found = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(found.to_string(), expected, "{text}");
}

#[test]
fn commands_are_written_in_one_way() {
    check_text("FIELDS a  AS b,c", "fields a as b, c");
    check_text("| where a = 'x' | head 5", "filter a = \"x\"\n| limit 5");
    check_text(
        "filter a=1#c\n|\n#d\nlimit any 5",
        "filter a = 1\n| limit any 5",
    );
    check_text("sort by a asc, b DESC", "sort a, b desc");
    check_text("order a", "sort a");
    check_text(
        "stats COUNT( * ) , sum(a) as s by bin (5m), b as c offset 1hr",
        "stats COUNT( * ), sum(a) as s by bin (5m), b as c offset 1h",
    );
    check_text("stats max(a # why\n + 1)", "stats max(a + 1)");
    check_text(
        "fields a as `b c`, d as \"e f\"",
        "fields a as `b c`, d as `e f`",
    );
    check_text("dedup a, b.c", "dedup a, b.c");
    check_text(
        "pattern @message | diff PREVIOUSday | anomaly",
        "pattern @message\n| diff previousDay\n| anomaly",
    );
    check_text("unmask @message, a as b", "unmask @message, a as b");
    check_text(
        "unnest a.b into c | expand d",
        "unnest a.b into c\n| expand d",
    );
    check_text("estimate", "estimate");
    check_text("logcompare timeshift 7d", "logcompare timeshift 7d");
    check_text("countFrequent a, b", "countFrequent a, b");
}

#[test]
fn parse_takes_many_patterns() {
    check_text("parse \"a *\" as b", "parse \"a *\" as b");
    check_text("parse a '\"x\":\"*\"' as @b", "parse a '\"x\":\"*\"' as @b");
    check_text("parse /(?<a>x|y)/", "parse /(?<a>x|y)/");
    check_text(
        "parse concat(a, b) /(.)(.)/ as c, d multi",
        "parse concat(a, b) /(.)(.)/ as c, d multi",
    );
    check_text("parse a LOGFMT as b", "parse a logfmt as b");
    check_text("parse logfmt as b", "parse logfmt as b");
    check_text("parse logfmt \"*\" as b", "parse logfmt \"*\" as b");
    check_text("parse csv as a, b", "parse csv as a, b");
    check_text("parse x XML '/a/b' as c", "parse x xml \"/a/b\" as c");
    check_text("parse XML '/a'", "parse xml \"/a\"");
    check_text("json field=a.b \"c.d\" as e", "json field=a.b \"c.d\" as e");
}

#[test]
fn groups_get_the_names_they_have_or_are_given() {
    let check = |text: &str, expected: &[(usize, &str)]| {
        let CommandKind::Parse(parse) = only(text) else {
            panic!("no parse");
        };
        assert!(!matches!(parse.pattern, ParsePattern::Logfmt { .. }));
        let found = parse.captures();
        let found: Vec<_> = found
            .iter()
            .map(|(at, name)| (*at, name.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    check("parse 'a * b *' as x, y", &[(1, "x"), (2, "y")]);
    check("parse /(H|h)(?<host>.)/", &[(2, "host")]);
    check(
        "parse /(a)(?<b>.)(c)/ as x, y",
        &[(1, "x"), (2, "b"), (3, "y")],
    );
    check("parse /(?<payload>.)/ as payload", &[(1, "payload")]);
    check("parse /(?<a>.)(.)/ as x, y", &[(1, "x"), (2, "y")]);
}

#[test]
fn tables_and_other_queries() {
    check_text(
        "lookup t a as b.c, d OUTPUT x, y",
        "lookup t a as b.c, d OUTPUT x, y",
    );
    check_text("lookup t a outputnew x", "lookup t a OUTPUTNEW x");
    check_text(
        "cidrlookup t ip as net output x",
        "cidrlookup t ip as net OUTPUT x",
    );
    check_text(
        "join left=a right=b where b.x=a.y (SOURCE 'g')",
        "join type=inner left=a right=b where a.y=b.x (SOURCE \"g\")",
    );
    check_text(
        "join type=left right=b left=a where a.y.z = b.x (SOURCE g | fields x)",
        "join type=left left=a right=b where a.y.z=b.x (SOURCE \"g\" | fields x)",
    );
    check_text(
        "appendcols max=5 override=true (limit 1)",
        "appendcols override=true max=5 (limit 1)",
    );
    check_text("appendcols max=10000 (limit 1)", "appendcols (limit 1)");
    check_text(
        "filter a in (SOURCE 'g' | fields x)",
        "filter a in (SOURCE \"g\" | fields x)",
    );
    check_text(
        "$A(n = 10, s=\"x\") | $`B c`()",
        "$A(n = 10, s = \"x\")\n| $`B c`()",
    );
}

#[test]
fn along_rows() {
    check_text(
        "relevantfields a, b where c = 1",
        "relevantfields a, b where c = 1",
    );
    check_text("relevantfields where c = 1", "relevantfields where c = 1");
    check_text("addtotals", "addtotals");
    check_text(
        "addtotals fieldname=Sum row=false col=true a b, c",
        "addtotals fieldname=Sum row=false col=true a b c",
    );
    check_text("addtotals row", "addtotals row");
    check_text("accum a as b", "accum a as b");
    check_text("autoregress a p=1-4", "autoregress a p=1-4");
    check_text("autoregress a as b p=2", "autoregress a as b p=2");
    check_text("filldown", "filldown");
    check_text(
        "filldown host cpu*, a.*.b `c d`*",
        "filldown host cpu* a.*.b `c d`*",
    );
    check_text("fillmissing", "fillmissing");
    check_text(
        "fillmissing with 0 for a, b, with",
        "fillmissing with 0 for a, 0 for b, 0 for with",
    );
    check_text(
        "fillmissing with -1 for a, 'x' for b",
        "fillmissing with -1 for a, \"x\" for b",
    );
    check_text("outlier a", "outlier a");
    check_text(
        "outlier action=remove param=3.0 uselower=true mark=true cpu memory",
        "outlier action=remove param=3.0 uselower=true mark=true cpu memory",
    );
    check_text(
        "sessionize a, b maxspan 1h as s",
        "sessionize a, b maxspan 1h as s",
    );
    check_text("sessionize a maxspan 30m as session_id", "sessionize a");
}

#[test]
fn sources() {
    check_text(
        "source 'a', \"b\" | limit 1",
        "SOURCE \"a\", \"b\"\n| limit 1",
    );
    check_text("SOURCE `l-g` | limit 1", "SOURCE \"l-g\"\n| limit 1");
    check_text(
        "SOURCE logGroups() | limit 1",
        "SOURCE logGroups()\n| limit 1",
    );
    check_text(
        "SOURCE logGroups(class:['STANDARD'], accountIdentifiers:['1'], namePrefix: ['a', 'b']) | limit 1",
        "SOURCE logGroups(namePrefix: [\"a\", \"b\"], accountIdentifier: [\"1\"], class: [\"STANDARD\"])\n| limit 1",
    );
    check_text(
        "SOURCE dataSource(['x.y']) logGroups(namePrefix: ['a']) | limit 5",
        "SOURCE dataSource([\"x.y\"]) logGroups(namePrefix: [\"a\"])\n| limit 5",
    );
    check_text(
        "SOURCE logGroupTags([{\"values\":[\"!a*\"], \"key\":\"k\"}]) | limit 1",
        "SOURCE logGroupTags([{\"key\": \"k\", \"values\": [\"!a*\"]}])\n| limit 1",
    );
    let CommandKind::Source(source) = only("SOURCE \"g\" START=1768800000000 END=1768803599999")
    else {
        panic!("no source");
    };
    assert_eq!(source.start, Some(TimeBound::Millis(1_768_800_000_000)));
    assert_eq!(source.end, Some(TimeBound::Millis(1_768_803_599_999)));
    check_text(
        "SOURCE lg start=-1d end=now | limit 1",
        "SOURCE \"lg\" START=-1d END=now\n| limit 1",
    );
}

#[test]
fn the_worst_queries_fit_a_small_stack() {
    let worst = [
        format!("filter {}a{}", "(".repeat(60), ")".repeat(60)),
        format!("filter {}a{} = 1", "abs(1+".repeat(30), ")".repeat(30)),
        format!(
            "filter a in (filter {}a{})",
            "coalesce(".repeat(60),
            ")".repeat(60)
        ),
        format!("filter {}a", "not ".repeat(60)),
        format!("filter a{}", "+a".repeat(120)),
    ];
    let read = move || {
        for text in worst {
            let query = parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let again = parse(&query.to_string()).unwrap();
            assert_eq!(again, query.clone());
            assert!(!format!("{query:?}").is_empty());
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    thread.spawn(read).unwrap().join().unwrap();
}

#[test]
fn what_a_client_puts_before_a_query_does_not_matter() {
    let before = "fields @timestamp,ltrim(@log) as __log__grafana_internal__|";
    let check = |text: &str| assert!(parse(&format!("{before}{text}")).is_ok(), "{text}");
    check("# mine\nfilter a = 1");
    check("\n\n filter a = 1");
    check("fields @timestamp, @message | sort @timestamp desc");
    check("stats count(*) by bin(1m)");
}

#[test]
fn fields_of_an_expression_are_found() {
    let check = |text: &str, expected: &[&str]| {
        let CommandKind::Filter(expr) = only(&format!("filter {text}")) else {
            panic!("no filter");
        };
        let mut found = Vec::new();
        expr.each_field(&mut |field| found.push(field.path()));
        assert_eq!(found, expected, "{text}");
    };
    check(
        "a = 1 and not (b like c or d in [e, 2])",
        &["a", "b", "c", "d", "e"],
    );
    check(
        "-concat(a.b, 'x') =~ /y/ or jsonParse(f).g[0] > [h]",
        &["a.b", "f", "h"],
    );
    check("a in (fields b)", &["a"]);
}

#[test]
fn subtracting_by_accident_is_warned_of() {
    let check = |text: &str, expected: &[&str]| {
        let found = read(text).unwrap().warnings;
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text}");
    };
    check(
        "filter cost-center = 1",
        &["`cost-center` subtracts one field from another"],
    );
    check("filter cost - center = 1", &[]);
    check("filter 5-a = 1", &[]);
}

#[test]
fn spans_name_the_bytes_of_each_part() {
    let text = "fields é | stats sum(a + b) as s by c";
    let query = parse(text).unwrap();
    assert_eq!(query.span.of(text), text);
    let CommandKind::Stats(stats) = &query.commands[1].kind else {
        panic!("no stats");
    };
    assert_eq!(
        query.commands[1].span.of(text),
        "stats sum(a + b) as s by c"
    );
    assert_eq!(stats.items[0].span.of(text), "sum(a + b) as s");
    assert_eq!(stats.items[0].expr.span.of(text), "sum(a + b)");
    let ExprKind::Call { args, .. } = &stats.items[0].expr.kind else {
        panic!("no call");
    };
    assert_eq!(args[0].span.of(text), "a + b");
    assert_eq!(stats.by[0].span.of(text), "c");
}
