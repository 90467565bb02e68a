//! Functions of one row, by family.
//!
//! A missing argument makes a missing result, except for the functions that look at what is missing. Maps and lists
//! count as missing for functions of numbers, texts and times. Source for the second: the user guide's page of
//! structure types; the first is a decision.

use corelog_insights::{Function, Period};
use regex::Regex;

use crate::context::Context;
use crate::value::Value;

pub(crate) mod encoding;
pub(crate) mod ip;
pub(crate) mod json;
pub(crate) mod numeric;
mod text;
mod time;

/// Bytes of a text that a function makes; a longer one is missing, unless an argument is as long. Decision: the
/// service's log events are no longer, and a query that doubles a text again and again must not take all memory.
const TEXT_MAX: usize = 1 << 20;

/// The families of functions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Those that look at what is missing, and those about the event and the query; `eval` computes them.
    General,
    Numeric,
    Time,
    Json,
    Ip,
    Encoding,
    Text,
    /// Those that `stats` computes from groups.
    Aggregate,
}

fn family(function: Function) -> Family {
    use Function as F;
    match function {
        F::IsPresent
        | F::Coalesce
        | F::Case
        | F::If
        | F::IsNumeric
        | F::MessageSize
        | F::QueryStartTime
        | F::QueryEndTime
        | F::QueryTimeRange
        | F::Now
        | F::IsEmpty
        | F::IsBlank => Family::General,
        F::Abs
        | F::Ceil
        | F::Floor
        | F::Greatest
        | F::Least
        | F::Log
        | F::Round
        | F::Sqrt
        | F::Haversine
        | F::ToNumber
        | F::ToInt
        | F::ToLong
        | F::ToDouble => Family::Numeric,
        F::Bin
        | F::DateFloor
        | F::DateCeil
        | F::FromMillis
        | F::ToMillis
        | F::ParseDate
        | F::FormatDate => Family::Time,
        F::JsonParse | F::JsonStringify | F::JsonArraySize | F::JsonArrayContains => Family::Json,
        F::IsValidIp
        | F::IsValidIpV4
        | F::IsValidIpV6
        | F::Ipv4ToNumber
        | F::IsIpInSubnet
        | F::IsIpv4InSubnet
        | F::IsIpv6InSubnet
        | F::IsPrivateIp
        | F::IsPublicIp
        | F::IsReservedIp => Family::Ip,
        F::UrlEncode
        | F::UrlDecode
        | F::Base64Encode
        | F::Base64Decode
        | F::HexToAscii
        | F::HexToDec
        | F::DecToHex
        | F::Md5
        | F::Sha256 => Family::Encoding,
        F::Concat
        | F::Ltrim
        | F::Rtrim
        | F::Trim
        | F::Strlen
        | F::ToUpper
        | F::ToLower
        | F::Substr
        | F::Replace
        | F::RegexReplace
        | F::Split
        | F::StrContains
        | F::StartsWith
        | F::EndsWith => Family::Text,
        F::Count
        | F::CountDistinct
        | F::Sum
        | F::Avg
        | F::Min
        | F::Max
        | F::Stddev
        | F::Variance
        | F::Pct
        | F::Values
        | F::TopK
        | F::Earliest
        | F::Latest
        | F::SortsFirst
        | F::SortsLast
        | F::Rate
        | F::CountOverTime
        | F::SumOverTime
        | F::Histogram => Family::Aggregate,
    }
}

/// What a call says besides its values, made ready.
#[derive(Debug, Clone, Default)]
pub(crate) struct Syntax {
    /// The period among the arguments.
    pub(crate) period: Option<Period>,
    /// The regular expression, if it is known before there are rows.
    pub(crate) regex: Option<Regex>,
}

/// The value of a call of its arguments' values; those that are syntax are missing and `is_syntax`.
pub(crate) fn call<'a>(
    cx: &Context,
    function: Function,
    syntax: &Syntax,
    values: &[Value<'a>],
    is_syntax: impl Fn(usize) -> bool,
) -> Value<'a> {
    let family = family(function);
    let mut containers = false;
    for (at, value) in values.iter().enumerate() {
        if value.is_null() && !is_syntax(at) {
            return Value::Null;
        }
        containers |= value.is_container();
    }
    if containers && family != Family::Json {
        return Value::Null;
    }
    let value = match family {
        Family::Numeric => numeric::call(function, values),
        Family::Time => time::call(function, values, syntax.period),
        Family::Json => json::call(function, values),
        Family::Ip => ip::call(function, values),
        Family::Encoding => encoding::call(function, values),
        Family::Text => text::call(
            cx,
            function,
            values,
            syntax.regex.as_ref(),
            text_max(values),
        ),
        Family::Aggregate if function == Function::Histogram => match values {
            [value, width] => Some(numeric::bucket(value, width)),
            _ => None,
        },
        Family::General | Family::Aggregate => None,
    };
    match value {
        Some(Value::Text(text)) if text.len() > TEXT_MAX && text.len() > text_max(values) => {
            Value::Null
        }
        value => value.unwrap_or(Value::Null),
    }
}

/// How long a text may be that is made of these values.
fn text_max(values: &[Value<'_>]) -> usize {
    let longest = values.iter().map(Value::bytes).max();
    longest.unwrap_or(0).max(TEXT_MAX)
}

/// `1` or `0`, as functions that ask something give it.
pub(crate) fn flag(truth: bool) -> Value<'static> {
    Value::int(i64::from(truth))
}

#[cfg(test)]
mod tests {
    use corelog_insights::Function;

    use super::{Syntax, TEXT_MAX, call};
    use crate::context::Context;
    use crate::value::Value;

    #[test]
    fn texts_do_not_grow_without_bound() {
        let check = |function, args: &[&str], length: Option<usize>| {
            let values: Vec<Value> = args.iter().map(|arg| Value::text(*arg)).collect();
            let made = call(
                &Context::default(),
                function,
                &Syntax::default(),
                &values,
                |_| false,
            );
            let made = made.shown().map(|text| text.len());
            assert_eq!(made, length, "{function:?} of {} texts", args.len());
        };
        let (half, one) = ("a".repeat(TEXT_MAX / 2), "a".repeat(TEXT_MAX));
        let two = one.repeat(2);
        check(Function::Concat, &[&half, &half], Some(TEXT_MAX));
        check(Function::Concat, &[&half, &half, "a"], None);
        check(Function::ToUpper, &[&two], Some(2 * TEXT_MAX));
        check(Function::Base64Encode, &[&one], None);
        check(Function::Replace, &[&two, "a", "b"], Some(2 * TEXT_MAX));
        check(Function::Replace, &[&half, "aa", "bbbb"], Some(TEXT_MAX));
        check(Function::Replace, &[&half, "a", &half], None);
        check(
            Function::RegexReplace,
            &[&two, "a", "b"],
            Some(2 * TEXT_MAX),
        );
        check(Function::RegexReplace, &[&half, "a", &half], None);
        check(
            Function::RegexReplace,
            &[&half, "(?s).+", "$0$0"],
            Some(TEXT_MAX),
        );
        check(
            Function::RegexReplace,
            &[&half, "(?s).+", &"$0".repeat(10_000)],
            None,
        );
        check(
            Function::RegexReplace,
            &["aXbXc", "(.)X", "${1}$$"],
            Some(5),
        );
    }
}
