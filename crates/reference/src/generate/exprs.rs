//! Expressions over the fields of the made-up events.

use super::dice::Dice;

pub(super) const TEXTS: [&str; 8] = [
    "modelId",
    "operation",
    "region",
    "identity.arn",
    "errorCode",
    "requestMetadata.team",
    "`requestMetadata.cost-center`",
    "mixed",
];

const NUMBERS: [&str; 7] = [
    "input.inputTokenCount",
    "output.outputTokenCount",
    "output.latencyMs",
    "mixed",
    "input.messages.0.n",
    "missing",
    "stream",
];

pub(super) const PERIODS: [&str; 7] = ["5m", "90s", "1h", "6h", "1d", "1w", "1mo"];

const LITERALS: [&str; 12] = [
    "0",
    "1",
    "7",
    "100",
    "2.5",
    "-3",
    "\"x\"",
    "\"alpha\"",
    "\"12\"",
    "\"\"",
    "true",
    "1000",
];

/// A condition; `depth` bounds how far it nests.
pub(super) fn condition(dice: &mut Dice, depth: u64) -> String {
    if depth > 0 && dice.chance(40) {
        let (left, right) = (condition(dice, depth - 1), condition(dice, depth - 1));
        return match dice.below(3) {
            0 => format!("({left} and {right})"),
            1 => format!("({left} or {right})"),
            _ => format!("not ({left})"),
        };
    }
    let field = field(dice);
    match dice.below(8) {
        0 => format!("ispresent({field})"),
        1 => format!(
            "{field} {} {}",
            dice.pick(&["like", "not like"]),
            dice.pick(&LIKES)
        ),
        2 => {
            let (one, other) = (dice.pick(&LITERALS), dice.pick(&LITERALS));
            format!("{field} {} [{one}, {other}]", dice.pick(&["in", "not in"]))
        }
        3 => format!("isempty({field})"),
        4 => format!("strcontains({field}, \"a\")"),
        _ => {
            let operator = dice.pick(&["=", "!=", "<", "<=", ">", ">="]);
            format!("{} {operator} {}", value(dice, depth), dice.pick(&LITERALS))
        }
    }
}

const LIKES: [&str; 8] = [
    "\"claude\"",
    "\"Claude\"",
    "\"%\"",
    "/(?i)CLAUDE/",
    "/^a.*[0-9]$/",
    "/\\d+/",
    "\"\"",
    "/team-[xy]|alpha/",
];

fn field(dice: &mut Dice) -> &'static str {
    if dice.chance(50) {
        dice.pick(&TEXTS)
    } else {
        dice.pick(&NUMBERS)
    }
}

/// Any value.
pub(super) fn value(dice: &mut Dice, depth: u64) -> String {
    if depth == 0 {
        return field(dice).to_owned();
    }
    let inner = |dice: &mut Dice| value(dice, depth - 1);
    match dice.below(16) {
        0 => {
            let operator = dice.pick(&["+", "-", "*", "/", "%"]);
            format!("({} {operator} {})", inner(dice), dice.pick(&NUMBERS))
        }
        1 => format!("coalesce({}, {})", inner(dice), dice.pick(&LITERALS)),
        2 => format!(
            "if({}, {}, {})",
            condition(dice, 0),
            inner(dice),
            dice.pick(&LITERALS)
        ),
        3 => format!("strlen({})", inner(dice)),
        4 => format!(
            "{}({})",
            dice.pick(&["toupper", "tolower", "trim", "isblank"]),
            inner(dice)
        ),
        5 => format!(
            "substr({}, {}, {})",
            inner(dice),
            dice.below(4),
            dice.below(6)
        ),
        6 => format!("concat({}, \"-\", {})", inner(dice), dice.pick(&TEXTS)),
        7 => format!(
            "{}({})",
            dice.pick(&["abs", "ceil", "floor", "round", "toNumber"]),
            inner(dice)
        ),
        8 => format!("greatest({}, {})", dice.pick(&NUMBERS), dice.below(50)),
        9 => format!("case({}, {}, \"else\")", condition(dice, 0), inner(dice)),
        10 => format!("datefloor(@timestamp, {})", dice.pick(&PERIODS)),
        11 => format!("replace({}, \"a\", \"A\")", inner(dice)),
        _ => field(dice).to_owned(),
    }
}

/// An aggregation whose result does not depend on the order of rows.
pub(super) fn aggregate(dice: &mut Dice) -> String {
    let number = dice.pick(&NUMBERS);
    let text = dice.pick(&TEXTS);
    match dice.below(13) {
        0 | 1 => "count(*)".to_owned(),
        2 => format!("count({})", field(dice)),
        3 => format!("count_distinct({text})"),
        4 => format!("sum({number})"),
        5 => format!("avg({number})"),
        6 => format!("{}({})", dice.pick(&["min", "max"]), field(dice)),
        7 => format!("{}({number})", dice.pick(&["stddev", "variance"])),
        8 => format!("pct({number}, {})", dice.pick(&["0", "50", "95", "99.9"])),
        9 => format!("{}({})", dice.pick(&["earliest", "latest"]), field(dice)),
        10 => format!("{}({text})", dice.pick(&["sortsFirst", "sortsLast"])),
        11 => format!("sum({})", condition(dice, 1)),
        _ => format!("values({text})"),
    }
}
