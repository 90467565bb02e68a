//! Trees of any shape are written so that they are read again as they were.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::functions::Function;
use crate::period::{Period, UNITS};
use crate::regex::Regex;
use crate::span::Span;
use crate::tree::{
    BinaryOp, Command, CommandKind, Direction, Expr, ExprKind, Field, InSet, Item, LikePattern,
    Limit, Lookup, LookupKey, Number, OnExisting, Parse, ParsePattern, Query, Segment, SortKey,
    Stats, Text, UnaryOp,
};

const OPS: [BinaryOp; 12] = [
    BinaryOp::Eq,
    BinaryOp::Ne,
    BinaryOp::Lt,
    BinaryOp::Le,
    BinaryOp::Gt,
    BinaryOp::Ge,
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Mul,
    BinaryOp::Div,
    BinaryOp::Rem,
    BinaryOp::Pow,
];

const REGEXES: [&str; 6] = [
    "",
    "a|b#c",
    r"\/x[/|]\/",
    r"(?i)(?<n>.+?)\s",
    r#"{"a":"(.*)"}"#,
    "[^\"']",
];

/// Any name that backticks can hold, with a share of those that must have them or look like something else.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_@][a-zA-Z0-9_@]{0,6}",
        "[^`]{1,8}",
        prop::sample::select(vec![
            "and", "AS", "true", "in", "0", "5m", "desc", "a.b", "@x:y", "limit", "é"
        ])
        .prop_map(str::to_owned),
    ]
    .prop_filter("more than at signs", |key| {
        !key.trim_start_matches('@').is_empty()
    })
}

fn steps() -> impl Strategy<Value = Vec<Segment>> {
    let step =
        prop_oneof![3 => key().prop_map(Segment::Key), 1 => any::<u32>().prop_map(Segment::Index)];
    vec(step, 0..3)
}

fn field() -> impl Strategy<Value = Field> {
    (key(), steps()).prop_map(|(first, rest)| {
        let mut segments = vec![Segment::Key(first)];
        segments.extend(rest);
        Field {
            segments,
            span: Span::default(),
        }
    })
}

fn period() -> impl Strategy<Value = Period> {
    let unit = prop::sample::select(UNITS.map(|(unit, _)| unit).to_vec());
    (any::<u64>(), unit).prop_map(|(count, unit)| Period { count, unit })
}

fn regex() -> impl Strategy<Value = Regex> {
    let text = prop::sample::select(REGEXES.to_vec());
    text.prop_map(|text| Regex::new(text.to_owned(), Span::default()).unwrap())
}

fn expr() -> impl Strategy<Value = Expr> {
    let of = |kind| Expr {
        kind,
        span: Span::default(),
    };
    let leaf = prop_oneof![
        "[0-9]{1,20}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?"
            .prop_map(|text| ExprKind::Number(Number::new(text))),
        any::<String>().prop_map(ExprKind::Text),
        any::<bool>().prop_map(ExprKind::Bool),
        period().prop_map(ExprKind::Period),
        field().prop_map(ExprKind::Field),
        field().prop_map(ExprKind::Field),
    ];
    leaf.prop_map(of)
        .prop_recursive(4, 24, 4, move |inner| kinds(inner).prop_map(of))
}

fn kinds(inner: impl Strategy<Value = Expr> + Clone + 'static) -> impl Strategy<Value = ExprKind> {
    let boxed = || inner.clone().prop_map(Box::new);
    let some = |range| vec(inner.clone(), range);
    let functions = vec![Function::Concat, Function::Coalesce, Function::Greatest];
    let no_field = |of: &Expr| !matches!(of.kind, ExprKind::Field(_));
    let pattern = prop_oneof![
        boxed().prop_map(LikePattern::Text),
        regex().prop_map(LikePattern::Regex)
    ];
    let path = steps().prop_filter("at least one", |path| !path.is_empty());
    let signs = prop::sample::select(vec![UnaryOp::Minus, UnaryOp::Plus]);
    prop_oneof![
        some(1..3).prop_map(ExprKind::List),
        (prop::sample::select(functions), some(1..4))
            .prop_map(|(function, args)| ExprKind::Call { function, args }),
        (
            inner
                .clone()
                .prop_filter("no field", no_field)
                .prop_map(Box::new),
            path
        )
            .prop_map(|(of, path)| ExprKind::Member { of, path }),
        (signs, boxed()).prop_map(|(op, of)| ExprKind::Unary { op, of }),
        (prop::sample::select(OPS.to_vec()), boxed(), boxed())
            .prop_map(|(op, left, right)| ExprKind::Binary { op, left, right }),
        boxed().prop_map(ExprKind::Not),
        some(2..4).prop_map(ExprKind::And),
        some(2..4).prop_map(ExprKind::Or),
        (boxed(), pattern, any::<bool>()).prop_map(|(of, pattern, negated)| ExprKind::Like {
            of,
            pattern,
            negated
        }),
        (boxed(), some(1..3), any::<bool>()).prop_map(|(of, all, negated)| ExprKind::In {
            of,
            set: InSet::List(all),
            negated
        }),
    ]
}

/// Any alias: one with a backtick in it stands in quotes.
fn alias() -> impl Strategy<Value = Text> {
    let value = prop_oneof![3 => key(), 1 => "[^a]{1,6}"];
    value.prop_map(|value| Text::new(value, Span::default()))
}

fn item(expr: impl Strategy<Value = Expr>) -> impl Strategy<Value = Item> {
    (expr, option::of(alias())).prop_map(|(expr, alias)| {
        let name = match (&alias, &expr.kind) {
            (Some(alias), _) => alias.value.clone(),
            (None, ExprKind::Field(field)) => field.name(),
            (None, _) => expr.to_string(),
        };
        Item {
            expr,
            alias,
            name,
            span: Span::default(),
        }
    })
}

fn aggregate() -> impl Strategy<Value = Expr> {
    let functions = vec![Function::Sum, Function::Max, Function::CountDistinct];
    (prop::sample::select(functions), expr()).prop_map(|(function, arg)| {
        let args = vec![arg];
        Expr {
            kind: ExprKind::Call { function, args },
            span: Span::default(),
        }
    })
}

fn sort_key() -> impl Strategy<Value = SortKey> {
    let directions = vec![Direction::Ascending, Direction::Descending];
    (expr(), prop::sample::select(directions))
        .prop_map(|(expr, direction)| SortKey { expr, direction })
}

fn command() -> impl Strategy<Value = CommandKind> {
    let plain = || key().prop_map(|value| Text::new(value, Span::default()));
    let glob =
        (option::of(field()), "[^*]{0,4}", vec(alias(), 1..3)).prop_map(|(of, part, aliases)| {
            let glob = Text::new(format!("{part}*").repeat(aliases.len()), Span::default());
            let kind = |field| Expr {
                kind: ExprKind::Field(field),
                span: Span::default(),
            };
            CommandKind::Parse(Parse {
                of: of.map(kind),
                pattern: ParsePattern::Glob { glob, aliases },
            })
        });
    let lookup = (vec((plain(), field()), 1..3), vec(plain(), 1..3)).prop_map(|(keys, outputs)| {
        let keys = keys
            .into_iter()
            .map(|(column, field)| LookupKey { column, field });
        CommandKind::Lookup(Lookup {
            table: Text::new("t", Span::default()),
            keys: keys.collect(),
            on_existing: OnExisting::FillOnly,
            outputs,
        })
    });
    let stats = (
        item(aggregate()),
        vec(item(expr()), 0..2),
        option::of(period()),
    );
    prop_oneof![
        expr().prop_map(CommandKind::Filter),
        vec(item(expr()), 1..3).prop_map(CommandKind::Fields),
        vec(item(expr()), 1..3).prop_map(CommandKind::Display),
        vec(sort_key(), 1..3).prop_map(CommandKind::Sort),
        vec(field(), 1..3).prop_map(CommandKind::Dedup),
        vec(field(), 1..3).prop_map(CommandKind::CountFrequent),
        (1..=100_000_u32, any::<bool>())
            .prop_map(|(count, any)| CommandKind::Limit(Limit { count, any })),
        (field(), option::of(alias()))
            .prop_map(|(field, alias)| CommandKind::Accum { field, alias }),
        stats.prop_map(|(item, by, offset)| {
            let offset = offset.filter(|_| !by.is_empty());
            let items = vec![item];
            CommandKind::Stats(Stats { items, by, offset })
        }),
        glob,
        lookup,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_it_was(kind in command()) {
        let query = Query {
            commands: vec![Command { kind, span: Span::default() }],
            span: Span::default(),
        };
        let text = query.to_string();
        match crate::parse(&text) {
            Ok(again) => {
                prop_assert_eq!(&again.to_string(), &text);
                prop_assert_eq!(again, query, "{}", text);
            }
            // Names given twice are refused, and long ones exceed the length of a query; nothing else is.
            Err(error) => prop_assert!(
                matches!(error.problem, crate::Problem::Redefined { .. } | crate::Problem::TooLong { .. }),
                "{}\n{}", error, text
            ),
        }
    }
}
