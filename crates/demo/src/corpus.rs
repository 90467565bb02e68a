//! The texts that answers are made of, and the chance that is none.

const LANGUAGES: [&str; 5] = [
    include_str!("../corpus/english.md"),
    include_str!("../corpus/dutch.md"),
    include_str!("../corpus/spanish.md"),
    include_str!("../corpus/japanese.md"),
    include_str!("../corpus/greek.md"),
];
const BYTES_MAX: usize = 6_000;
const BYTES_MIN: usize = 200;

/// The next number after `state`: `SplitMix64`.
///
/// Source: <https://prng.di.unimi.it/splitmix64.c>
pub(crate) fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number below `bound`, chosen by `seed`.
fn below(seed: u64, bound: usize) -> usize {
    usize::try_from(mix(seed) % bound as u64).unwrap_or(0)
}

/// An answer of 0.2 to 6 kB of Markdown, in a language and at a length that the seed decides.
pub(crate) fn text(seed: u64) -> String {
    let wanted = BYTES_MIN + below(seed ^ 0xa5a5, BYTES_MAX - BYTES_MIN - 1_500);
    text_of_size(seed, wanted)
}

/// Paragraphs of one language until there are `bytes` of them.
pub(crate) fn text_of_size(seed: u64, bytes: usize) -> String {
    // English twice as often: most people reading a demo can read it.
    let language = LANGUAGES[below(seed, LANGUAGES.len() + 1) % LANGUAGES.len()];
    let blocks: Vec<_> = language.trim_end().split("\n---\n").collect();
    let mut text = String::with_capacity(bytes + 1_500);
    let mut at = below(seed ^ 1, blocks.len());
    while text.len() < bytes {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(blocks[at % blocks.len()].trim());
        at += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_to_their_size_and_come_in_every_language() {
        let mut languages = std::collections::BTreeSet::new();
        for seed in 0..400 {
            let text = text(seed);
            assert!(
                (BYTES_MIN..=BYTES_MAX).contains(&text.len()),
                "{}",
                text.len()
            );
            let words = ["the ", "het ", "puerto", "港", "λιμ"];
            languages.extend(words.into_iter().filter(|word| text.contains(word)));
        }
        assert_eq!(languages.len(), 5);
        assert!(text_of_size(1, 1_000_000).len() >= 1_000_000);
    }
}
