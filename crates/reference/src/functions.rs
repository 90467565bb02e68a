//! Functions of one row, by family.
//!
//! A missing argument makes a missing result, except for the functions that look at what is missing. Maps and lists
//! count as missing for functions of numbers, texts and times. Source for the second: the user guide's page of
//! structure types; the first is a decision.

use corelog_insights::{Expr, ExprKind, Function, Period};

use crate::aggregates::bucket;
use crate::eval::{Scope, bin, eval};
use crate::row::Row;
use crate::value::Value;

mod encoding;
mod general;
pub(crate) mod ip;
pub(crate) mod json;
mod numeric;
mod text;
mod time;

/// The families of functions.
enum Family {
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

/// The value of a call.
pub(crate) fn call(scope: &Scope<'_>, row: &Row, function: Function, args: &[Expr]) -> Value {
    let family = family(function);
    if matches!(family, Family::General) {
        return general::call(scope, row, function, args);
    }
    if function == Function::Bin {
        return period_of(args).map_or(Value::Null, |period| bin(scope, row, period));
    }
    let values: Vec<Value> = args.iter().map(|arg| eval(scope, row, arg)).collect();
    let missing = |(arg, value): (&Expr, &Value)| value.is_null() && !is_syntax(arg);
    let containers = values.iter().any(Value::is_container);
    if args.iter().zip(&values).any(missing) || (containers && !matches!(family, Family::Json)) {
        return Value::Null;
    }
    let value = match family {
        Family::Numeric => numeric::call(function, &values),
        Family::Time => time::call(function, &values, period_of(args)),
        Family::Json => json::call(function, &values),
        Family::Ip => ip::call(function, &values),
        Family::Encoding => encoding::call(function, &values),
        Family::Text => text::call(function, &values, args),
        Family::Aggregate if function == Function::Histogram => {
            Some(bucket(&values[0], &values[1]))
        }
        Family::General | Family::Aggregate => None,
    };
    value.unwrap_or(Value::Null)
}

/// Periods and regular expressions are no values.
fn is_syntax(arg: &Expr) -> bool {
    matches!(arg.kind, ExprKind::Period(_) | ExprKind::Regex(_))
}

/// The period among the arguments.
pub(crate) fn period_of(args: &[Expr]) -> Option<Period> {
    args.iter().find_map(|arg| match arg.kind {
        ExprKind::Period(period) => Some(period),
        _ => None,
    })
}

/// `1` or `0`, as functions that ask something give it.
fn flag(truth: bool) -> Value {
    Value::int(i64::from(truth))
}
