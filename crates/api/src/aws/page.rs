//! Tokens of paged answers: where a list goes on, opaque to whoever carries it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Fault;

/// Longer ones are not of our making: names in them have 512 characters.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// The place of the last item of a page, in the list of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<const N: usize>(pub(crate) [String; N]);

impl<const N: usize> Token<N> {
    /// The token's text. It says which operation it is of, so that another does not take it.
    pub(crate) fn write(&self, operation: &str) -> String {
        let mut parts = vec![operation];
        parts.extend(self.0.iter().map(String::as_str));
        URL_SAFE_NO_PAD.encode(parts.join("\n"))
    }

    /// The place in a token that came back.
    pub(crate) fn read(operation: &str, text: Option<&str>) -> Result<Option<Self>, Fault> {
        let Some(text) = text else {
            return Ok(None);
        };
        let invalid = || Fault::invalid_parameter("The specified nextToken is invalid.");
        if text.len() > TOKEN_BYTES_MAX {
            return Err(invalid());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let text = String::from_utf8(bytes).map_err(|_| invalid())?;
        // The last part may hold line feeds, others are of our own making.
        let mut parts = text.splitn(N + 1, '\n');
        if parts.next() != Some(operation) {
            return Err(invalid());
        }
        let parts: Vec<String> = parts.map(str::to_owned).collect();
        let parts = parts.try_into().map_err(|_| invalid())?;
        Ok(Some(Self(parts)))
    }
}

/// Cuts a list that was read with one more than its limit, and makes the token for what follows.
pub(crate) fn cut<T, const N: usize>(
    list: &mut Vec<T>,
    limit: usize,
    operation: &str,
    place: impl Fn(&T) -> [String; N],
) -> Option<String> {
    if list.len() <= limit {
        return None;
    }
    list.truncate(limit);
    let token = Token(place(list.last()?));
    Some(token.write(operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_the_place_to_its_own_operation_alone() {
        let token = Token(["12".to_owned(), "a\nb".to_owned()]);
        let text = token.write("List");
        assert_eq!(Token::read("List", Some(&text)), Ok(Some(token)));
        assert!(Token::<2>::read("Describe", Some(&text)).is_err());
        assert!(
            Token::<3>::read("List", Some(&text)).is_ok(),
            "line feeds end parts"
        );
        assert_eq!(Token::<2>::read("List", None), Ok(None));
        for other in ["", "%%%", "TGlzdA", &"A".repeat(20_000)] {
            let fault = Token::<2>::read("List", Some(other)).unwrap_err();
            assert_eq!(fault.code(), "InvalidParameterException", "{other}");
        }
    }

    #[test]
    fn a_list_is_cut_where_its_page_ends() {
        let mut list = vec!["a", "b", "c"];
        let place = |item: &&str| [(*item).to_owned()];
        assert_eq!(cut(&mut list, 3, "List", place), None);
        let token = cut(&mut list, 2, "List", place).unwrap();
        assert_eq!(list, ["a", "b"]);
        assert_eq!(
            Token::read("List", Some(&token)),
            Ok(Some(Token(["b".to_owned()])))
        );
    }
}
