//! A provider's bill, read from the CSV that it exports.
//!
//! Columns are found by their names, whatever their order and whatever else there is:
//! - AWS Cost and Usage Report, with the names of the report (`lineItem/UnblendedCost`) or those of Athena
//!   (`line_item_unblended_cost`); lines of Bedrock's usage alone, without taxes, credits and refunds.
//! - `OpenAI`'s export of costs, a line for each day and line item (`gpt-4o-2024-08-06, input`).
//! - Anthropic's export of costs, a line for each day, model and kind of token.
//!
//! Source: <https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html>,
//! <https://platform.openai.com/docs/api-reference/usage/costs>, <https://platform.claude.com/docs/en/api/usage-cost-api>

use std::collections::BTreeMap;

use crate::failure::Failure;

/// What a bill says of a day and a model, in 10⁻¹² of its currency: corrections may be negative.
pub(super) type Lines = BTreeMap<(String, String), i128>;

/// Whose bill it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Biller {
    Aws,
    OpenAi,
    Anthropic,
}

impl Biller {
    /// The list of prices, and the dialect of calls, that its bills are for.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Aws => "bedrock",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}

/// A bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) biller: Biller,
    pub(super) lines: Lines,
    pub(super) currency: Option<String>,
    /// Lines that are for something else.
    pub(super) passed_over: u64,
}

/// The columns of one biller's export, by the names that they may have.
struct Columns {
    biller: Biller,
    amount: &'static [&'static str],
    day: &'static [&'static str],
    model: &'static [&'static str],
    currency: &'static [&'static str],
}

const BILLERS: [Columns; 3] = [
    Columns {
        biller: Biller::Aws,
        amount: &["lineitem/unblendedcost", "line_item_unblended_cost"],
        day: &["lineitem/usagestartdate", "line_item_usage_start_date"],
        // The resource is the model or profile, where resources are in the report.
        model: &[
            "lineitem/resourceid",
            "line_item_resource_id",
            "lineitem/usagetype",
            "line_item_usage_type",
        ],
        currency: &["lineitem/currencycode", "line_item_currency_code"],
    },
    Columns {
        biller: Biller::Anthropic,
        amount: &["cost_usd", "cost (usd)"],
        day: &["usage_date_utc", "date_utc", "date"],
        model: &["model", "model_version"],
        currency: &[],
    },
    Columns {
        biller: Biller::OpenAi,
        amount: &["amount_value", "amount"],
        day: &["start_time_iso", "start_time", "date"],
        model: &["line_item", "model"],
        currency: &["amount_currency", "currency"],
    },
];

/// No line of a bill is larger, in 10⁻¹²: a million million, so that sums of lines have room.
const LINE_PICOS_MAX: i128 = 1_000_000_000_000_000_000_000_000;

/// Names of Bedrock among the products of AWS; models of others are products of the marketplace.
const BEDROCK: [&str; 2] = ["amazonbedrock", "bedrock"];

/// Reads a bill.
///
/// # Errors
/// What kept it from being read, for people.
pub(super) fn read(text: &str) -> Result<Bill, Failure> {
    let mut rows = csv_rows(text.strip_prefix('\u{feff}').unwrap_or(text)).into_iter();
    let head = rows
        .next()
        .ok_or_else(|| Failure::new("the bill is empty"))?;
    let names: Vec<String> = head.iter().map(|name| name.trim().to_lowercase()).collect();
    let place = |wanted: &[&str]| {
        wanted
            .iter()
            .find_map(|name| names.iter().position(|known| known == name))
    };
    let found = BILLERS.iter().find_map(|columns| {
        let (amount, day) = (place(columns.amount)?, place(columns.day)?);
        let model = columns.model.iter().filter_map(|name| place(&[name]));
        let model: Vec<usize> = model.collect();
        (!model.is_empty()).then_some((columns, amount, day, model))
    });
    let Some((columns, amount, day, model)) = found else {
        let failure = Failure::new(
            "the file is no bill that is known: its first line names no cost, day and model",
        );
        return Err(failure.hint(
            "export costs, not usage: AWS's Cost and Usage Report, or the costs of OpenAI's or Anthropic's console, as CSV",
        ));
    };
    let currency = place(columns.currency);
    let mut bill = Bill {
        biller: columns.biller,
        lines: Lines::new(),
        currency: currency.is_none().then(|| "USD".to_owned()),
        passed_over: 0,
    };
    for (at, row) in rows.enumerate() {
        let cell = |column: usize| row.get(column).map_or("", |cell| cell.trim());
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let wrong = |what: &str| {
            let line = at + 2;
            Failure::new(format!(
                "row {line} of the bill has no {what} that can be read"
            ))
        };
        if columns.biller == Biller::Aws && !is_usage_of_bedrock(&names, &row) {
            bill.passed_over += 1;
            continue;
        }
        let cost = picos(cell(amount)).ok_or_else(|| wrong("cost"))?;
        let day = day_of(cell(day)).ok_or_else(|| wrong("day"))?;
        let said = model.iter().map(|column| cell(*column));
        let model = said.into_iter().find(|it| !it.is_empty()).unwrap_or("");
        let model = match columns.biller {
            // `gpt-4o-2024-08-06, cached input`
            Biller::OpenAi => model.split(',').next().unwrap_or(model),
            _ => model,
        };
        *bill
            .lines
            .entry((day, model.trim().to_owned()))
            .or_default() += cost;
        if let Some(column) = currency {
            bill.currency
                .get_or_insert_with(|| cell(column).to_uppercase());
        }
    }
    Ok(bill)
}

fn is_usage_of_bedrock(names: &[String], row: &[String]) -> bool {
    let cell = |wanted: [&str; 2]| {
        let column = names
            .iter()
            .position(|name| wanted.contains(&name.as_str()));
        column.and_then(|at| row.get(at)).map_or("", String::as_str)
    };
    let kind = cell(["lineitem/lineitemtype", "line_item_line_item_type"]);
    let is_usage = kind.is_empty() || kind.ends_with("Usage");
    let product = cell(["lineitem/productcode", "line_item_product_code"]).to_lowercase();
    let name = cell(["product/productname", "product_product_name"]).to_lowercase();
    let resource = cell(["lineitem/resourceid", "line_item_resource_id"]);
    let is_bedrock = BEDROCK.contains(&product.as_str())
        || name.contains("bedrock")
        || resource.starts_with("arn:aws:bedrock:");
    is_usage && is_bedrock
}

/// The day of a time: `2026-11-20T00:00:00Z`, `2026-11-20 00:00:00`, `2026-11-20`, or seconds since 1970.
fn day_of(text: &str) -> Option<String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(corelog_types::Timestamp::from_unix_ms(seconds.checked_mul(1_000)?).day());
    }
    let shaped = |text: &str| {
        let bytes = text.as_bytes();
        let digit = |at: usize| bytes[at].is_ascii_digit();
        bytes.len() == 10
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digit)
    };
    let day = text.get(..10)?;
    shaped(day).then(|| day.to_owned())
}

/// An amount such as `12.5`, `-0.003` or `1.2E-5`, in 10⁻¹²; what is finer is rounded half away from zero.
fn picos(text: &str) -> Option<i128> {
    let text = text.trim_start_matches('$').replace(',', "");
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !plain(whole) || !plain(decimals) {
        return None;
    }
    let number: i128 = format!("{whole}{decimals}").parse().ok()?;
    let scale = exponent.checked_add(12)? - i32::try_from(decimals.len()).ok()?;
    let power = 10i128.checked_pow(scale.unsigned_abs());
    let picos = match (scale >= 0, power) {
        (true, Some(power)) => number.checked_mul(power)?,
        (true, None) => (number == 0).then_some(0)?,
        (false, Some(power)) => number.checked_add(power / 2)? / power,
        (false, None) => 0,
    };
    let picos = (picos <= LINE_PICOS_MAX).then_some(picos)?;
    Some(if negative { -picos } else { picos })
}

/// Rows of CSV. Source: RFC 4180; a quote that never ends, ends with the text.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bill: &Bill) -> Vec<(&str, &str, i128)> {
        let lines = bill.lines.iter();
        lines
            .map(|((day, model), picos)| (day.as_str(), model.as_str(), *picos))
            .collect()
    }

    #[test]
    fn a_cost_and_usage_report() {
        let text = "\u{feff}identity/LineItemId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UnblendedCost,lineItem/CurrencyCode,lineItem/ResourceId\r\n\
            1,Usage,2026-11-20T00:00:00Z,AmazonBedrock,USE1-NovaPro-input-tokens,0.008,USD,\r\n\
            2,Usage,2026-11-20T01:00:00Z,AmazonBedrock,USE1-NovaPro-input-tokens,1.2E-5,USD,\r\n\
            3,Usage,2026-11-20T01:00:00Z,AmazonS3,Requests,9,USD,\r\n\
            4,Tax,2026-11-20T01:00:00Z,AmazonBedrock,,1,USD,\r\n\
            5,Usage,2026-11-21T01:00:00Z,6abcd,x,0.5,USD,arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0\r\n";
        let bill = read(text).unwrap();
        assert_eq!(bill.biller, Biller::Aws);
        assert_eq!(bill.currency.as_deref(), Some("USD"));
        assert_eq!(bill.passed_over, 2);
        assert_eq!(
            lines(&bill),
            [
                ("2026-11-20", "USE1-NovaPro-input-tokens", 8_012_000_000),
                (
                    "2026-11-21",
                    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                    500_000_000_000
                ),
            ]
        );
        let athena = "line_item_usage_start_date,line_item_product_code,line_item_usage_type,line_item_unblended_cost\n\
            2026-11-20 00:00:00.000,AmazonBedrock,USE1-NovaLite-output-tokens,2\n";
        assert_eq!(
            lines(&read(athena).unwrap()),
            [(
                "2026-11-20",
                "USE1-NovaLite-output-tokens",
                2_000_000_000_000
            )]
        );
    }

    #[test]
    fn costs_of_openai() {
        let text = "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id\n\
            1795132800,1795219200,2026-11-20T00:00:00+00:00,2026-11-21T00:00:00+00:00,0.25,usd,\"gpt-4o-2024-08-06, input\",p\n\
            1795132800,1795219200,2026-11-20T00:00:00+00:00,2026-11-21T00:00:00+00:00,0.5,usd,\"gpt-4o-2024-08-06, output\",p\n";
        let bill = read(text).unwrap();
        assert_eq!(bill.biller, Biller::OpenAi);
        assert_eq!(bill.currency.as_deref(), Some("USD"));
        assert_eq!(
            lines(&bill),
            [("2026-11-20", "gpt-4o-2024-08-06", 750_000_000_000)]
        );
    }

    #[test]
    fn costs_of_anthropic() {
        let text = "usage_date_utc,model,workspace,usage_type,context_window,token_type,cost_usd\n\
            2026-11-20,claude-sonnet-4-5-20250929,Default,message,\u{2264} 200k,input_no_cache,1.5\n\
            2026-11-20,claude-sonnet-4-5-20250929,Default,message,\u{2264} 200k,output,-0.5\n";
        let bill = read(text).unwrap();
        assert_eq!(bill.biller, Biller::Anthropic);
        assert_eq!(
            lines(&bill),
            [(
                "2026-11-20",
                "claude-sonnet-4-5-20250929",
                1_000_000_000_000
            )]
        );
    }

    #[test]
    fn amounts_are_exact() {
        for (text, expected) in [
            ("12.5", Some(12_500_000_000_000)),
            ("-0.003", Some(-3_000_000_000)),
            ("1.2E-5", Some(12_000_000)),
            ("$1,234.5", Some(1_234_500_000_000_000)),
            ("0.0000000000006", Some(1)),
            ("0E-10", Some(0)),
            ("1e-999999", Some(0)),
            ("0e99999999", Some(0)),
            ("1e12", Some(LINE_PICOS_MAX)),
            ("1000000000000.01", None),
            ("1e99", None),
            ("", None),
            ("-", None),
            ("abc", None),
            ("1e99999999999", None),
        ] {
            assert_eq!(picos(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_bill_is_said() {
        assert!(read("").is_err());
        assert!(read("date,model,input_tokens\n2026-11-20,m,5\n").is_err());
        let odd = "usage_date_utc,model,cost_usd\n2026-11-20,m,much\n";
        assert!(read(odd).unwrap_err().message().contains("row 2"));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "(cost_usd,date,model\n)?.{0,200}", amount in ".{0,24}") {
            let _ = read(&text);
            let _ = picos(&amount);
            let _ = day_of(&amount);
        }
    }
}
