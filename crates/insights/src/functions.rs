//! Every function of the language in one table: its name, where it may stand, its arguments, a line of help.
//!
//! The table is long because it is the only one: the parser checks against it, help and completion print it, and
//! whoever evaluates matches on [`Function`] and is told by the compiler what is missing.
//!
//! Source: the user guide's pages of operations and functions, stats functions and time-series functions,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html>.

/// Where a function may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In any expression; computes from one row.
    Scalar,
    /// Among what `stats` computes, from the rows of a group.
    Aggregate,
    /// Among what `stats` computes or what it groups by.
    Grouping,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionHelp {
    /// The name as we write it.
    pub name: &'static str,
    /// Where it may stand.
    pub place: Place,
    /// The fewest arguments.
    pub args_min: usize,
    /// The most arguments; `None` for any number.
    pub args_max: Option<usize>,
    /// How a call looks.
    pub usage: &'static str,
    /// What it gives, in a line.
    pub doc: &'static str,
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

macro_rules! functions {
    ($($variant:ident $name:literal $place:ident $min:literal $max:tt $usage:literal $doc:literal)*) => {
        /// A function of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Function {
            $(#[doc = concat!("`", $usage, "`: ", $doc)] $variant,)*
        }

        /// Every function, in the order of the table.
        pub const FUNCTIONS: &[Function] = &[$(Function::$variant),*];

        impl Function {
            /// Its row of the table.
            pub const fn help(self) -> FunctionHelp {
                match self {
                    $(Self::$variant => FunctionHelp {
                        name: $name,
                        place: Place::$place,
                        args_min: $min,
                        args_max: if $max == MANY { None } else { Some($max) },
                        usage: $usage,
                        doc: $doc,
                    },)*
                }
            }
        }
    };
}

functions! {
    // Numbers
    Abs "abs" Scalar 1 1 "abs(a)" "the absolute value"
    Ceil "ceil" Scalar 1 1 "ceil(a)" "the smallest integer not below a"
    Floor "floor" Scalar 1 1 "floor(a)" "the largest integer not above a"
    Greatest "greatest" Scalar 1 MANY "greatest(a, b, ...)" "the largest of the numbers"
    Least "least" Scalar 1 MANY "least(a, b, ...)" "the smallest of the numbers"
    Log "log" Scalar 1 1 "log(a)" "the natural logarithm"
    Round "round" Scalar 1 2 "round(a[, digits])" "a rounded, to a number of decimals"
    Sqrt "sqrt" Scalar 1 1 "sqrt(a)" "the square root"
    Haversine "haversine" Scalar 4 4 "haversine(lat1, lon1, lat2, lon2)" "the distance of two points on Earth in km"
    ToNumber "toNumber" Scalar 1 1 "toNumber(a)" "a as a number, or nothing"
    ToInt "toInt" Scalar 1 1 "toInt(a)" "a as a 32-bit integer, cut towards zero"
    ToLong "toLong" Scalar 1 1 "toLong(a)" "a as a 64-bit integer, cut towards zero"
    ToDouble "toDouble" Scalar 1 1 "toDouble(a)" "a as a floating-point number"
    // Time
    Bin "bin" Scalar 1 1 "bin(period)" "@timestamp cut down to a period, in UTC"
    DateFloor "datefloor" Scalar 2 2 "datefloor(time, period)" "a time cut down to a period"
    DateCeil "dateceil" Scalar 2 2 "dateceil(time, period)" "a time rounded up to a period"
    FromMillis "fromMillis" Scalar 1 1 "fromMillis(n)" "a time from milliseconds since the epoch"
    ToMillis "toMillis" Scalar 1 1 "toMillis(time)" "milliseconds since the epoch"
    Now "now" Scalar 0 0 "now()" "seconds since the epoch when the query started"
    ParseDate "parseDate" Scalar 2 3 "parseDate(text, pattern[, zone])" "a text read by a Java date pattern, as milliseconds since the epoch"
    FormatDate "formatDate" Scalar 2 3 "formatDate(time, format[, zone])" "a time written by a strftime format"
    // General
    IsPresent "ispresent" Scalar 1 1 "ispresent(field)" "1 if the field exists, else 0"
    Coalesce "coalesce" Scalar 1 MANY "coalesce(a, b, ...)" "the first that exists"
    Case "case" Scalar 2 21 "case(condition1, value1, ..., [default])" "the value of the first condition that holds, of at most ten"
    If "if" Scalar 3 3 "if(condition, then, else)" "one of two values"
    IsNumeric "isNumeric" Scalar 1 1 "isNumeric(a)" "1 if a is a number, else 0"
    MessageSize "messageSize" Scalar 0 1 "messageSize()" "the size of the event's message"
    QueryStartTime "queryStartTime" Scalar 0 0 "queryStartTime()" "the start of the queried time range in ms"
    QueryEndTime "queryEndTime" Scalar 0 0 "queryEndTime()" "the end of the queried time range in ms"
    QueryTimeRange "queryTimeRange" Scalar 0 0 "queryTimeRange()" "the length of the queried time range in ms"
    // JSON
    JsonParse "jsonParse" Scalar 1 1 "jsonParse(text)" "JSON text as a map or a list"
    JsonStringify "jsonStringify" Scalar 1 1 "jsonStringify(value)" "a map or a list as JSON text"
    JsonArraySize "jsonArraySize" Scalar 1 1 "jsonArraySize(text)" "how many elements a JSON array has"
    JsonArrayContains "jsonArrayContains" Scalar 2 2 "jsonArrayContains(text, value)" "1 if a JSON array has the value, else 0"
    // IP addresses
    IsValidIp "isValidIp" Scalar 1 1 "isValidIp(a)" "1 if a is an IPv4 or IPv6 address, else 0"
    IsValidIpV4 "isValidIpV4" Scalar 1 1 "isValidIpV4(a)" "1 if a is an IPv4 address, else 0"
    IsValidIpV6 "isValidIpV6" Scalar 1 1 "isValidIpV6(a)" "1 if a is an IPv6 address, else 0"
    IsIpInSubnet "isIpInSubnet" Scalar 2 2 "isIpInSubnet(a, cidr)" "1 if an address is in a subnet, else 0"
    IsIpv4InSubnet "isIpv4InSubnet" Scalar 2 2 "isIpv4InSubnet(a, cidr)" "1 if an IPv4 address is in a subnet, else 0"
    IsIpv6InSubnet "isIpv6InSubnet" Scalar 2 2 "isIpv6InSubnet(a, cidr)" "1 if an IPv6 address is in a subnet, else 0"
    Ipv4ToNumber "ipv4ToNumber" Scalar 1 1 "ipv4ToNumber(a)" "an IPv4 address as a number"
    IsPrivateIp "isPrivateIP" Scalar 1 1 "isPrivateIP(a)" "1 if an address is private, else 0"
    IsPublicIp "isPublicIP" Scalar 1 1 "isPublicIP(a)" "1 if an address is public, else 0"
    IsReservedIp "isReservedIP" Scalar 1 1 "isReservedIP(a)" "1 if an address is reserved, else 0"
    // Text
    IsEmpty "isempty" Scalar 1 1 "isempty(field)" "1 if the field is missing or empty, else 0"
    IsBlank "isblank" Scalar 1 1 "isblank(field)" "1 if the field is missing, empty or white space, else 0"
    Concat "concat" Scalar 1 MANY "concat(a, b, ...)" "the texts joined"
    Ltrim "ltrim" Scalar 1 2 "ltrim(text[, chars])" "the text without white space, or these characters, at its start"
    Rtrim "rtrim" Scalar 1 2 "rtrim(text[, chars])" "the text without white space, or these characters, at its end"
    Trim "trim" Scalar 1 2 "trim(text[, chars])" "the text without white space, or these characters, at both ends"
    Strlen "strlen" Scalar 1 1 "strlen(text)" "how many code points the text has"
    ToUpper "toupper" Scalar 1 1 "toupper(text)" "the text in upper case"
    ToLower "tolower" Scalar 1 1 "tolower(text)" "the text in lower case"
    Substr "substr" Scalar 2 3 "substr(text, start[, length])" "a part of the text, counted from 0"
    Replace "replace" Scalar 3 3 "replace(text, find, by)" "the text with every occurrence replaced"
    RegexReplace "regexReplace" Scalar 3 3 "regexReplace(text, regex, by)" "the text with every match replaced"
    StrContains "strcontains" Scalar 2 3 "strcontains(text, part)" "1 if the text has the part, else 0"
    StartsWith "startsWith" Scalar 2 2 "startsWith(text, part)" "1 if the text starts with the part, else 0"
    EndsWith "endsWith" Scalar 2 2 "endsWith(text, part)" "1 if the text ends with the part, else 0"
    UrlEncode "urlencode" Scalar 1 1 "urlencode(text)" "the text percent-encoded"
    UrlDecode "urldecode" Scalar 1 1 "urldecode(text)" "the text percent-decoded"
    Base64Encode "base64encode" Scalar 1 1 "base64encode(text)" "the text as Base64"
    Base64Decode "base64decode" Scalar 1 1 "base64decode(text)" "Base64 as text"
    Split "split" Scalar 2 2 "split(text, separator)" "the parts of the text as a list"
    HexToAscii "hexToAscii" Scalar 1 1 "hexToAscii(text)" "hexadecimal bytes as text"
    HexToDec "hexToDec" Scalar 1 1 "hexToDec(text)" "a hexadecimal number as a number"
    DecToHex "decToHex" Scalar 1 1 "decToHex(a)" "a number in hexadecimal, 0x first"
    Md5 "md5" Scalar 1 1 "md5(text)" "the MD5 of the text"
    Sha256 "sha256" Scalar 1 1 "sha256(text)" "the SHA-256 of the text"
    // Aggregations
    Count "count" Aggregate 0 1 "count(*) or count(field)" "how many rows, or how many that have the field"
    CountDistinct "count_distinct" Aggregate 1 1 "count_distinct(field)" "how many different values"
    Sum "sum" Aggregate 1 1 "sum(a)" "the sum"
    Avg "avg" Aggregate 1 1 "avg(a)" "the mean"
    Min "min" Aggregate 1 1 "min(a)" "the smallest value"
    Max "max" Aggregate 1 1 "max(a)" "the largest value"
    Stddev "stddev" Aggregate 1 1 "stddev(a)" "the standard deviation"
    Variance "variance" Aggregate 1 1 "variance(a)" "the variance of the population"
    Pct "pct" Aggregate 2 2 "pct(a, percent)" "the percentile, from 0 to 100"
    Values "values" Aggregate 1 1 "values(field)" "the different values as a list"
    TopK "topk" Aggregate 2 2 "topk(k, field)" "the k most frequent values; alone, without by"
    Earliest "earliest" Aggregate 1 1 "earliest(field)" "the value of the earliest event"
    Latest "latest" Aggregate 1 1 "latest(field)" "the value of the latest event"
    SortsFirst "sortsFirst" Aggregate 1 1 "sortsFirst(field)" "the value that sorts first"
    SortsLast "sortsLast" Aggregate 1 1 "sortsLast(field)" "the value that sorts last"
    Rate "rate" Aggregate 2 2 "rate(a, period)" "the change per period"
    CountOverTime "count_over_time" Aggregate 0 1 "count_over_time(field)" "how many events in a time bin"
    SumOverTime "sum_over_time" Aggregate 1 1 "sum_over_time(a)" "the sum in a time bin"
    Histogram "histogram" Grouping 2 2 "histogram(a, width)" "how often values fall in ranges of a width"
}

/// Names a function also has; other spellings differ in case and underscores only.
const SYNONYMS: [(&str, Function); 2] = [
    ("strftime", Function::FormatDate),
    ("collectvalues", Function::Values),
];

/// What people coming from other languages type.
const MEANT: [(&str, &str); 16] = [
    ("lower", "tolower"),
    ("upper", "toupper"),
    ("lcase", "tolower"),
    ("ucase", "toupper"),
    ("length", "strlen"),
    ("len", "strlen"),
    ("contains", "strcontains"),
    ("substring", "substr"),
    ("median", "pct(a, 50)"),
    ("percentile", "pct"),
    ("quantile", "pct"),
    ("isnotnull", "ispresent"),
    ("exists", "ispresent"),
    ("distinct", "count_distinct"),
    ("dcount", "count_distinct"),
    ("first", "earliest"),
];

impl Function {
    /// The function of a name: case and underscores do not count.
    pub fn named(name: &str) -> Option<Self> {
        let name = loose(name);
        let own = FUNCTIONS.iter().find(|known| loose(known.name()) == name);
        let other = || SYNONYMS.iter().find(|(synonym, _)| *synonym == name);
        own.copied()
            .or_else(|| other().map(|(_, function)| *function))
    }

    /// The name as we write it.
    pub fn name(self) -> &'static str {
        self.help().name
    }

    /// Whether it computes from many rows, and so belongs in `stats`.
    pub fn is_aggregate(self) -> bool {
        self.help().place != Place::Scalar
    }

    /// The name that an unknown one may have meant.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = loose(name);
        if let Some((_, meant)) = MEANT.iter().find(|(foreign, _)| *foreign == name) {
            return Some(meant);
        }
        let names = FUNCTIONS.iter().map(|function| function.name());
        crate::nearest::nearest(&name, names, loose)
    }
}

impl FunctionHelp {
    /// How many arguments it takes, in words.
    pub fn arity(&self) -> String {
        match (self.args_min, self.args_max) {
            (0, Some(0)) => "no arguments".to_owned(),
            (1, Some(1)) => "1 argument".to_owned(),
            (min, Some(max)) if min == max => format!("{min} arguments"),
            (min, Some(max)) if min + 1 == max => format!("{min} or {max} arguments"),
            (min, Some(max)) => format!("{min} to {max} arguments"),
            (min, None) => format!("{min} or more arguments"),
        }
    }
}

/// A name as it is looked up.
pub(crate) fn loose(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{FUNCTIONS, Function, Place};

    #[test]
    fn names_are_found_in_every_spelling() {
        let check = |name: &str, function| assert_eq!(Function::named(name), function, "{name}");
        check("ispresent", Some(Function::IsPresent));
        check("isPresent", Some(Function::IsPresent));
        check("countDistinct", Some(Function::CountDistinct));
        check("COUNT_DISTINCT", Some(Function::CountDistinct));
        check("regex_replace", Some(Function::RegexReplace));
        check("strftime", Some(Function::FormatDate));
        check("COLLECT_VALUES", Some(Function::Values));
        check("median", None);
        check("", None);
    }

    #[test]
    fn every_row_finds_itself_and_is_consistent() {
        for function in FUNCTIONS {
            let help = function.help();
            assert_eq!(Function::named(help.name), Some(*function));
            assert!(help.args_max.is_none_or(|max| help.args_min <= max));
            assert!(help.usage.starts_with(help.name), "{}", help.usage);
            assert!(!help.doc.ends_with('.'), "{}", help.doc);
        }
        assert_eq!(Function::Histogram.help().place, Place::Grouping);
    }

    #[test]
    fn typos_and_foreign_names_are_understood() {
        let check = |name: &str, meant| assert_eq!(Function::nearest(name), meant, "{name}");
        check("ispresnt", Some("ispresent"));
        check("lower", Some("tolower"));
        check("median", Some("pct(a, 50)"));
        check("wibblewobble", None);
    }
}
