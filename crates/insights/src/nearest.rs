//! The known word that an unknown one most likely meant.

/// The candidate nearest to `word`, if it is near enough to be meant; `key` is how a candidate is compared.
pub(crate) fn nearest(
    word: &str,
    candidates: impl Iterator<Item = &'static str>,
    key: impl Fn(&str) -> String,
) -> Option<&'static str> {
    if word.len() > 40 {
        return None;
    }
    let allowed = match word.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    candidates
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(word, &key(candidate)),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The name nearest to `name` among those that exist.
pub(crate) fn nearest_of<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    if name.len() > 40 || name.len() < 3 {
        return None;
    }
    let distance =
        |known: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase());
    let known = names.iter().filter(|known| known.len() <= 60);
    let near = known
        .map(|known| (distance(known), *known))
        .filter(|(distance, _)| *distance <= 2);
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_near_is_meant() {
        let check = |word: &str, expected| {
            let known = ["filter", "fields", "sort"].into_iter();
            assert_eq!(nearest(word, known, str::to_owned), expected, "{word}");
        };
        check("fitler", Some("filter"));
        check("feilds", Some("fields"));
        check("srot", Some("sort"));
        check("so", None);
        check("select", None);
    }
}
