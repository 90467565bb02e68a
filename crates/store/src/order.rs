//! The order of rows in a file: what is alike stands together.
//!
//! Compression stores what neighbours have in common once, and a page that is read for one row has others that are
//! likely wanted with it. Requests are alike from their beginning on: the turns of a conversation begin with the same
//! history, and prompts that a program makes of a template differ in numbers and dates first of all. So bodies are
//! ordered as texts, and digits do not count.

use std::cmp::Ordering;

/// The order of two bodies, as if they had no digits.
pub(crate) fn without_digits(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let same = common(a, b);
        (a, b) = (behind_digits(&a[same..]), behind_digits(&b[same..]));
        match (a.first(), b.first()) {
            (Some(of_a), Some(of_b)) if of_a == of_b => {}
            (of_a, of_b) => return of_a.cmp(&of_b),
        }
    }
}

/// How many bytes two texts have in common.
fn common(a: &[u8], b: &[u8]) -> usize {
    const AT_ONCE: usize = 64;
    let chunks = a.chunks_exact(AT_ONCE).zip(b.chunks_exact(AT_ONCE));
    let same = AT_ONCE * chunks.take_while(|(a, b)| a == b).count();
    let rest = a[same..].iter().zip(&b[same..]);
    same + rest.take_while(|(a, b)| a == b).count()
}

fn behind_digits(text: &[u8]) -> &[u8] {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    &text[digits.count()..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_template_keeps_its_texts_together() {
        let mut bodies = [
            "Case 7: a b",
            "Case 12: a",
            "Case 4: c",
            "Case 30: a",
            "Case 123: b",
        ];
        bodies.sort_by(|a, b| without_digits(a, b));
        assert_eq!(
            bodies,
            [
                "Case 12: a",
                "Case 30: a",
                "Case 7: a b",
                "Case 123: b",
                "Case 4: c"
            ]
        );
    }

    proptest! {
        #[test]
        fn it_is_the_order_of_texts_without_their_digits(
            same in "[a-c0-9]{0,150}",
            a in "[a-c0-9é]{0,10}",
            b in "[a-c0-9é]{0,10}",
        ) {
            let (a, b) = (format!("{same}{a}"), format!("{same}{b}"));
            let bare = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
            prop_assert_eq!(without_digits(&a, &b), bare(&a).cmp(&bare(&b)));
        }
    }
}
