//! Every command of the language in one table: its word, how it looks, a line of help. Decision: those that the service
//! has for log groups of the standard class only are for all.
//!
//! Source: the user guide's list of commands,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>.

use crate::functions::loose;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordHelp {
    /// The word as we write it.
    pub name: &'static str,
    /// How the command looks.
    pub usage: &'static str,
    /// What it does, in a line.
    pub doc: &'static str,
}

macro_rules! words {
    ($($variant:ident $name:literal $usage:literal $doc:literal)*) => {
        /// The word a command begins with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Word {
            $(#[doc = concat!("`", $usage, "`: ", $doc)] $variant,)*
        }

        /// Every command's word, in the order of the table.
        pub const COMMANDS: &[Word] = &[$(Word::$variant),*];

        impl Word {
            /// Its row of the table.
            pub const fn help(self) -> WordHelp {
                match self {
                    $(Self::$variant => WordHelp { name: $name, usage: $usage, doc: $doc },)*
                }
            }
        }
    };
}

words! {
    Fields "fields" "fields expr [as name], ..." "adds columns"
    Display "display" "display expr [as name], ..." "says which columns the result has"
    Filter "filter" "filter condition" "keeps the rows for which the condition holds"
    FilterIndex "filterIndex" "filterIndex field = value" "filters, and reads only log groups that index the field"
    Stats "stats" "stats aggregate [as name], ... [by expr [as name], ... [offset period]]" "computes from groups of rows"
    Sort "sort" "sort expr [asc|desc], ..." "orders the rows"
    Limit "limit" "limit [any] count" "keeps the first rows"
    Parse "parse" "parse [field] \"glob *\" as name, ... | /(?<name>regex)/ | logfmt | csv | xml" "takes fields out of a text"
    Json "json" "json field=name \"path\" as name" "takes a field out of JSON text"
    Dedup "dedup" "dedup field, ..." "keeps the first row of each combination of values"
    Pattern "pattern" "pattern field" "groups similar texts"
    Diff "diff" "diff [previousDay|previousWeek|previousMonth]" "compares patterns with those of an earlier time"
    Anomaly "anomaly" "anomaly" "finds what is unusual among patterns"
    Unmask "unmask" "unmask field, ..." "shows text that data protection masks"
    Unnest "unnest" "unnest list into name" "makes a row of each element of a list"
    Expand "expand" "expand field" "makes a row of each element of a JSON array"
    Lookup "lookup" "lookup table column [as field], ... OUTPUT|OUTPUTNEW column, ..." "adds columns from a lookup table"
    CidrLookup "cidrlookup" "cidrlookup table field [as column] OUTPUT|OUTPUTNEW column, ..." "adds columns from a lookup table of subnets"
    Join "join" "join [type=inner|left] left=a right=b where a.x=b.y (SOURCE ...)" "adds the matching rows of another query"
    AppendCols "appendcols" "appendcols [override=true|false] [max=count] (query)" "puts the rows of another query beside these"
    Source "SOURCE" "SOURCE \"group\", ... | SOURCE logGroups(namePrefix: [...])" "says which log groups are queried"
    RelevantFields "relevantfields" "relevantfields [field, ...] where condition" "finds the fields that tell some rows from the rest"
    AddTotals "addtotals" "addtotals [fieldname=name] [row=true|false] [col=true|false] [field ...]" "adds sums of rows or columns"
    Accum "accum" "accum field [as name]" "sums up in the order of rows"
    AutoRegress "autoregress" "autoregress field [as name] [p=lag|from-to]" "adds the values of earlier rows"
    FillDown "filldown" "filldown [field|prefix* ...]" "fills gaps with the last value"
    FillMissing "fillmissing" "fillmissing [with value for field, ...]" "adds rows for empty time bins"
    Outlier "outlier" "outlier [action=transform|remove] [param=2.5] [uselower=false] [mark=false] field ..." "clamps or removes extreme values"
    Sessionize "sessionize" "sessionize field, ... [maxspan period] [as name]" "numbers sessions that a gap in time ends"
    CountFrequent "countFrequent" "countFrequent field, ..." "counts values approximately"
    LogCompare "logcompare" "logcompare timeshift period" "compares with the same query at an earlier time"
    Estimate "estimate" "estimate" "says what the query would read, and runs nothing"
    Saved "$" "$name(parameter = value, ...)" "runs a saved query"
}

/// Other words for the same command.
///
/// `order` and `head` appear in the service's error texts and in no documentation.
const SYNONYMS: [(&str, Word); 3] = [
    ("where", Word::Filter),
    ("order", Word::Sort),
    ("head", Word::Limit),
];

/// What people coming from other languages type.
const MEANT: [(&str, &str); 8] = [
    ("select", "fields"),
    ("project", "fields"),
    ("extend", "fields"),
    ("eval", "fields"),
    ("summarize", "stats"),
    ("take", "limit"),
    ("top", "sort ... | limit"),
    ("search", "filter @message like"),
];

impl Word {
    /// The command of a word: case and underscores do not count.
    pub fn named(name: &str) -> Option<Self> {
        let name = loose(name);
        let own = COMMANDS.iter().find(|known| loose(known.as_str()) == name);
        let other = || SYNONYMS.iter().find(|(synonym, _)| *synonym == name);
        own.copied().or_else(|| other().map(|(_, word)| *word))
    }

    /// The word as we write it.
    pub fn as_str(self) -> &'static str {
        self.help().name
    }

    /// The word that an unknown one may have meant.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = loose(name);
        if let Some((_, meant)) = MEANT.iter().find(|(foreign, _)| *foreign == name) {
            return Some(meant);
        }
        let words = COMMANDS.iter().map(|word| word.as_str());
        let others = SYNONYMS.iter().map(|(synonym, _)| *synonym);
        crate::nearest::nearest(&name, words.chain(others), loose)
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, Word};

    #[test]
    fn words_are_found_in_every_spelling() {
        let check = |name: &str, word| assert_eq!(Word::named(name), word, "{name}");
        check("FIELDS", Some(Word::Fields));
        check("where", Some(Word::Filter));
        check("filterindex", Some(Word::FilterIndex));
        check("count_frequent", Some(Word::CountFrequent));
        check("source", Some(Word::Source));
        check("order", Some(Word::Sort));
        check("tail", None);
        for word in COMMANDS {
            assert_eq!(Word::named(word.as_str()), Some(*word));
        }
    }

    #[test]
    fn typos_and_foreign_words_are_understood() {
        let check = |name: &str, meant| assert_eq!(Word::nearest(name), meant, "{name}");
        check("fitler", Some("filter"));
        check("summarize", Some("stats"));
        check("banana", None);
    }
}
