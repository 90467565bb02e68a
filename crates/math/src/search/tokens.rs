//! Names cut into tokens, and what it means that one is in another.
//!
//! A token ends where a small letter is followed by a capital, where digits begin or end, before the last of several
//! capitals that is followed by a small letter, and at whatever is neither letter nor digit: `SDBFailure` is `SDB` and
//! `Failure`, `Project2-trial333` is `Project`, `2`, `trial` and `333`. Beside these, a text is one token as a whole, in
//! small letters and without what is neither letter nor digit.
//!
//! A term of one token is found in a name that has this token, in whatever letters. A term of several has to be found as
//! tokens in a row. There, what the user guide says is two things: `Count1` finds `CustomCount1` and `count1` does not,
//! but `network-errors` finds `Network-Errors-2`. So letters count within a word (`Count1`), and not for a word of one
//! token.

/// A term that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partial {
    tokens: Vec<Wanted>,
    whole: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    token: String,
    /// Whether its word has others.
    is_of_several: bool,
}

impl Partial {
    /// The term of a text.
    pub(super) fn new(text: &str) -> Self {
        let mut wanted = Vec::new();
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let tokens = tokens(word);
            let is_of_several = tokens.len() > 1;
            wanted.extend(tokens.into_iter().map(|token| Wanted {
                token: token.to_owned(),
                is_of_several,
            }));
        }
        Self {
            tokens: wanted,
            whole: whole(text),
        }
    }

    /// Whether it is found in a name. A term without letters and digits is found nowhere.
    pub(super) fn is_in(&self, name: &str) -> bool {
        if self.tokens.is_empty() {
            return false;
        }
        let found = tokens(name);
        let in_a_row = found.windows(self.tokens.len()).any(|window| {
            let mut pairs = self.tokens.iter().zip(window);
            pairs.all(|(wanted, token)| wanted.is(token))
        });
        in_a_row || whole(name) == self.whole
    }
}

impl Wanted {
    fn is(&self, token: &str) -> bool {
        if self.is_of_several {
            self.token == token
        } else {
            is_same(&self.token, token)
        }
    }
}

/// Whether two texts are the same in small letters.
fn is_same(left: &str, right: &str) -> bool {
    let small = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    left.eq_ignore_ascii_case(right) || (!left.is_ascii() && small(left) == small(right))
}

fn whole(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begins = 0;
    let mut chars = text.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, c)) = chars.next() {
        let behind = chars.peek().map(|(_, c)| *c);
        if let Some(before) = before
            && is_edge(before, c, behind)
        {
            found.push(&text[begins..at]);
            begins = at;
        }
        before = Some(c);
    }
    found.push(&text[begins..]);
    found.retain(|token| token.chars().all(char::is_alphanumeric) && !token.is_empty());
    found
}

/// Whether a token ends between two characters.
fn is_edge(before: char, c: char, behind: Option<char>) -> bool {
    if before.is_alphanumeric() != c.is_alphanumeric() {
        return true;
    }
    let is_hump = before.is_lowercase() && c.is_uppercase();
    let is_last_capital =
        before.is_uppercase() && c.is_uppercase() && behind.is_some_and(char::is_lowercase);
    before.is_numeric() != c.is_numeric() || is_hump || is_last_capital
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the user guide's table.
    #[test]
    fn names_are_cut_as_documented() {
        let check = |text: &str, all: &str, expected: &[&str]| {
            let cut: Vec<String> = tokens(text).into_iter().map(whole).collect();
            assert_eq!(cut, expected, "{text}");
            assert_eq!(whole(text), all);
        };
        check("CustomCount1", "customcount1", &["custom", "count", "1"]);
        check("SDBFailure", "sdbfailure", &["sdb", "failure"]);
        let project = ["project", "2", "trial", "333"];
        check("Project2-trial333", "project2trial333", &project);
        check(
            "Network-Errors_2",
            "networkerrors2",
            &["network", "errors", "2"],
        );
        check("couNT", "count", &["cou", "nt"]);
        check("--", "", &[]);
        check("", "", &[]);
        check("größeÜber", "größeüber", &["größe", "über"]);
    }

    #[test]
    fn terms_are_found_as_documented() {
        let check = |term: &str, name: &str, expected: bool| {
            assert_eq!(Partial::new(term).is_in(name), expected, "{term} in {name}");
        };
        for term in ["count", "Count", "COUNT", "CustomCount", "Count1", "1"] {
            check(term, "CustomCount1", true);
        }
        for term in ["customcount", "count1", "Custom1", "unt", "", "-"] {
            check(term, "CustomCount1", false);
        }
        check("customcount1", "CustomCount1", true);
        for term in [
            "network/errors",
            "network+errors",
            "network-errors",
            "Network_Errors",
        ] {
            check(term, "Network-Errors-2", true);
            check(term, "NetworkErrors2", true);
        }
        check("micro", "t2.micro", true);
        check("AWS", "AWS/EC2", true);
        check("AWS", "MyApp", false);
    }
}
