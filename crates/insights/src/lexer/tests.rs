//! Texts and the tokens they are made of.

use super::{Lexer, Token};
use crate::diagnostic::Problem;

/// Tokens as one line: names with `·` between segments, strings in `«»`.
fn check(text: &str, expected: &str) {
    let mut lexer = Lexer::new(text);
    let mut found = Vec::new();
    loop {
        match lexer.token() {
            Ok((Token::End, _)) => break,
            Ok((Token::Name { segments, bare }, _)) => {
                found.push(format!(
                    "{}{}",
                    segments.join("·"),
                    if bare { "" } else { "`" }
                ));
            }
            Ok((Token::Number(text), _)) => found.push(format!("#{text}")),
            Ok((Token::Period(period), _)) => found.push(format!("~{period}")),
            Ok((Token::Text(text), _)) => found.push(format!("«{text}»")),
            Ok((Token::Symbol(symbol), _)) => found.push(symbol.to_owned()),
            Err(fault) => {
                found.push(format!("ERROR {}", fault.located(text)));
                break;
            }
        }
    }
    assert_eq!(found.join(" "), expected, "{text}");
}

#[test]
fn names() {
    check("a.b.0.c", "a·b·0·c");
    check("@@x @timestamp __log__", "@@x @timestamp __log__");
    check("`detail-type`", "detail-type`");
    check("a.`b-c`.d", "a·b-c·d`");
    check("@`aws.tag.aws:x`", "@aws.tag.aws:x`");
    check("event.name x.by", "event·name x·by");
    check("foo-bar", "foo - bar");
    check("größe.名", "größe·名");
    check("a. b", "a . b");
    check("x.*", "x . *");
}

#[test]
fn names_that_are_none() {
    check(
        "@ ",
        "ERROR unexpected symbol found @ at line 1 and position 0",
    );
    check(
        "``",
        "ERROR unexpected symbol found `` at line 1 and position 0",
    );
    check(
        "`abc",
        "ERROR name in backticks without an end at line 1 and position 0",
    );
    check(
        "h.\"user-agent\"",
        "ERROR unexpected symbol found \" at line 1 and position 2",
    );
}

#[test]
fn numbers_and_periods() {
    check("1 1.5 1e6 1.5E-3 .5", "#1 #1.5 #1e6 #1.5E-3 #.5");
    check("12345678901234567890", "#12345678901234567890");
    check("5m 30days 1MO 250ms", "~5m ~30d ~1mo ~250ms");
    check("1-4", "#1 - #4");
    check("1.x", "#1 . x");
    check("a[0].5", "a [ #0 ] . #5");
    check("5parsecs", "ERROR unknown unit of time `parsecs`");
    check(
        "1.5h",
        "ERROR unexpected symbol found 1.5h at line 1 and position 0",
    );
}

#[test]
fn strings() {
    check(r#""a b" 'c'"#, "«a b» «c»");
    check(r#""a\"b" 'it\'s' "\\" "\d""#, r#"«a"b» «it's» «\» «\d»"#);
    check(r#"'"name":"*"'"#, r#"«"name":"*"»"#);
    check("'a|b # c'", "«a|b # c»");
    check("\"a\nb\"", "«a\nb»");
    check(
        "'abc",
        "ERROR string without an end at line 1 and position 0",
    );
    check(
        "'abc\\",
        "ERROR string without an end at line 1 and position 0",
    );
}

#[test]
fn symbols_and_comments() {
    check("a||b |c", "a || b | c");
    check("a<=b<>c!=d=~e", "a <= b <> c != d =~ e");
    check("# only\n a # more\n| b", "a | b");
    check("#end", "");
    check(
        "a ; b",
        "a ERROR unexpected symbol found ; at line 1 and position 2",
    );
    check(
        "{{ name }}",
        "ERROR the placeholder `{{name}}` belongs in a saved query",
    );
    check("[{\"a\":1}]", "[ { «a» : #1 } ]");
}

#[test]
fn regular_expressions_end_where_they_end() {
    let check = |text: &str, expected: Result<(&str, &str), Problem>| {
        let mut lexer = Lexer::new(text);
        let found = lexer.regex(0).map(|regex| (regex.text, lexer.rest()));
        let expected = expected.map(|(regex, rest)| (regex.to_owned(), rest));
        assert_eq!(
            found.map_err(|fault| fault.located(text).problem),
            expected,
            "{text}"
        );
    };
    check("/a|b#c/ | x", Ok(("a|b#c", " | x")));
    check(r"/a\/[/]b/|x", Ok((r"a\/[/]b", "|x")));
    check("//", Ok(("", "")));
    let symbol = "i".to_owned();
    check("/a/i", Err(Problem::Unexpected { symbol }));
    let what = "regular expression";
    check("/a", Err(Problem::Unterminated { what }));
}
