//! What an answer says, as far as drift is looked for: its text, whether it refuses, its language.
//!
//! Decision: both are guesses by words, the same guess every day. Drift compares days: what is guessed wrong is guessed
//! wrong on both sides.

use serde_json::Value;

/// Of a text, no more is looked at.
const CHARS_MAX: usize = 2_000;
/// Refusals say so at their beginning.
const OPENING_CHARS: usize = 120;
const LETTERS_MIN: usize = 20;
const WORDS_MIN: usize = 3;

/// What an answer says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// Whether it refuses, where there is a text.
    pub(crate) is_refusal: Option<bool>,
    pub(crate) language: Option<&'static str>,
}

/// Reads an answer's body.
pub(crate) fn read(body: &[u8]) -> Said {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Said::default();
    };
    let mut text = String::new();
    let mut refuses = false;
    collect(&body, &mut text, &mut refuses);
    if text.is_empty() {
        return Said {
            is_refusal: refuses.then_some(true),
            language: None,
        };
    }
    Said {
        is_refusal: Some(refuses || opens_as_a_refusal(&text)),
        language: language(&text),
    }
}

/// Whether a provider's word for why an answer ended means that it refuses.
///
/// Source: the stop reasons of Anthropic, `OpenAI`, Bedrock and Gemini.
pub(crate) fn is_refused(stop_reason: &str) -> bool {
    matches!(
        stop_reason,
        "refusal"
            | "content_filter"
            | "content_filtered"
            | "guardrail_intervened"
            | "SAFETY"
            | "PROHIBITED_CONTENT"
            | "BLOCKLIST"
            | "SPII"
    )
}

/// The members that lead to the text of an answer, in every dialect.
const LEAD: [&str; 9] = [
    "choices",
    "message",
    "content",
    "output",
    "candidates",
    "parts",
    "messages",
    "results",
    "generation",
];

/// Adds the text of a part of an answer, and notes a refusal that says that it is one.
fn collect(value: &Value, text: &mut String, refuses: &mut bool) {
    match value {
        Value::Array(parts) => {
            for part in parts {
                collect(part, text, refuses);
            }
        }
        Value::Object(members) => {
            let kind = members.get("type").and_then(Value::as_str);
            if matches!(kind, Some("thinking" | "redacted_thinking" | "reasoning")) {
                return;
            }
            *refuses |=
                kind == Some("refusal") || members.get("refusal").is_some_and(Value::is_string);
            for name in ["text", "outputText", "completion", "refusal"] {
                add(members.get(name), text);
            }
            for name in LEAD {
                match members.get(name) {
                    Some(lead @ Value::String(_)) => add(Some(lead), text),
                    Some(lead) => collect(lead, text, refuses),
                    None => {}
                }
            }
        }
        _ => {}
    }
}

fn add(value: Option<&Value>, text: &mut String) {
    let Some(more) = value.and_then(Value::as_str) else {
        return;
    };
    let left = CHARS_MAX.saturating_sub(text.len());
    text.push_str(&more[..more.floor_char_boundary(left)]);
    if left > 0 {
        text.push('\n');
    }
}

fn opens_as_a_refusal(text: &str) -> bool {
    const PHRASES: [&str; 14] = [
        "i can't help",
        "i cannot help",
        "i can't assist",
        "i cannot assist",
        "i can't provide",
        "i cannot provide",
        "i can't comply",
        "i cannot comply",
        "i'm unable to",
        "i am unable to",
        "i'm not able to",
        "i won't",
        "i must decline",
        "i'm sorry, but i can",
    ];
    let opening: String = text.chars().take(OPENING_CHARS).collect();
    let opening = opening.to_lowercase().replace('’', "'");
    PHRASES.iter().any(|phrase| opening.contains(phrase))
}

/// The language of a text by its script and, where many share that, by its small words; `None` where that does not
/// tell.
fn language(text: &str) -> Option<&'static str> {
    let (mut letters, mut latin) = (0_usize, 0_usize);
    let mut scripts = [0_usize; SCRIPTS.len()];
    for letter in text.chars().filter(|letter| letter.is_alphabetic()) {
        letters += 1;
        latin += usize::from(u32::from(letter) < 0x250);
        let code = u32::from(letter);
        let script = SCRIPTS.iter().position(|(_, ranges)| {
            ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&code))
        });
        if let Some(script) = script {
            scripts[script] += 1;
        }
    }
    if letters < LETTERS_MIN {
        return None;
    }
    if 2 * latin > letters {
        return by_words(text);
    }
    let kana = scripts[0];
    if 5 * kana > letters {
        return Some("ja");
    }
    let (found, count) = scripts
        .iter()
        .enumerate()
        .max_by_key(|(_, count)| **count)?;
    (2 * count > letters).then_some(SCRIPTS[found].0)
}

/// Scripts that tell a language, nearly: kana first.
const SCRIPTS: [(&str, &[(u32, u32)]); 10] = [
    ("ja", &[(0x3040, 0x30ff)]),
    ("zh", &[(0x3400, 0x4dbf), (0x4e00, 0x9fff)]),
    ("ko", &[(0x1100, 0x11ff), (0xac00, 0xd7af)]),
    ("ru", &[(0x0400, 0x04ff)]),
    ("el", &[(0x0370, 0x03ff)]),
    ("ar", &[(0x0600, 0x06ff)]),
    ("he", &[(0x0590, 0x05ff)]),
    ("hi", &[(0x0900, 0x097f)]),
    ("th", &[(0x0e00, 0x0e7f)]),
    ("bn", &[(0x0980, 0x09ff)]),
];

/// The words that each language says most.
const WORDS: [(&str, &[&str]); 9] = [
    (
        "en",
        &[
            "the", "and", "of", "to", "is", "in", "you", "that", "it", "for", "with", "this", "are",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "und", "das", "ist", "nicht", "ein", "eine", "zu", "den", "mit", "sie",
            "für", "auf",
        ],
    ),
    (
        "fr",
        &[
            "le", "la", "les", "et", "des", "est", "une", "pour", "dans", "vous", "que", "qui",
            "pas", "sur",
        ],
    ),
    (
        "es",
        &[
            "el", "los", "las", "y", "es", "una", "para", "con", "por", "que", "del", "su", "como",
            "más",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "e", "é", "uma", "para", "com", "não", "que", "do", "da", "em", "você",
            "mais",
        ],
    ),
    (
        "it",
        &[
            "il", "gli", "e", "è", "una", "per", "con", "non", "che", "di", "della", "sono", "più",
            "nel",
        ],
    ),
    (
        "nl",
        &[
            "de", "het", "een", "en", "van", "is", "niet", "dat", "op", "met", "voor", "je",
            "zijn", "aan",
        ],
    ),
    (
        "pl",
        &[
            "i", "w", "na", "jest", "nie", "się", "do", "to", "że", "z", "dla", "jak", "są", "oraz",
        ],
    ),
    (
        "sv",
        &[
            "och", "att", "det", "är", "som", "en", "på", "för", "inte", "av", "med", "den",
            "till", "kan",
        ],
    ),
];

fn by_words(text: &str) -> Option<&'static str> {
    let mut hits = [0_usize; WORDS.len()];
    for word in text.split(|letter: char| !letter.is_alphabetic()) {
        let word = word.to_lowercase();
        for (hits, (_, words)) in hits.iter_mut().zip(WORDS) {
            *hits += usize::from(words.contains(&word.as_str()));
        }
    }
    let (best, most) = hits.iter().enumerate().max_by_key(|(_, hits)| **hits)?;
    let others = hits.iter().enumerate().filter(|(at, _)| *at != best);
    let second = others.map(|(_, hits)| *hits).max().unwrap_or(0);
    (*most >= WORDS_MIN && *most > second).then_some(WORDS[best].0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: &Value, is_refusal: Option<bool>, language: Option<&str>) {
        let said = read(body.to_string().as_bytes());
        assert_eq!(
            (said.is_refusal, said.language),
            (is_refusal, language),
            "{body}"
        );
    }

    #[test]
    fn texts_are_found_in_every_dialect() {
        const TEXT: &str = "The answer is in the second of the files that you have.";
        let en = Some("en");
        check(
            &json!({"choices": [{"message": {"content": TEXT}}]}),
            Some(false),
            en,
        );
        check(&json!({"choices": [{"text": TEXT}]}), Some(false), en);
        check(
            &json!({"content": [{"type": "text", "text": TEXT}]}),
            Some(false),
            en,
        );
        check(
            &json!({"output": {"message": {"content": [{"text": TEXT}]}}}),
            Some(false),
            en,
        );
        check(
            &json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": TEXT}]}]}),
            Some(false),
            en,
        );
        check(
            &json!({"candidates": [{"content": {"parts": [{"text": TEXT}]}}]}),
            Some(false),
            en,
        );
        check(
            &json!({"messages": [{"parts": [{"content": TEXT}]}]}),
            Some(false),
            en,
        );
    }

    #[test]
    fn thoughts_and_tools_are_no_text() {
        let thought = json!({"type": "thinking", "thinking": "x", "text": "the and of to is"});
        check(&json!({"content": [thought]}), None, None);
        check(
            &json!({"content": [{"type": "tool_use", "input": {"text": "x"}}]}),
            None,
            None,
        );
        assert_eq!(read(b"\xff"), Said::default());
    }

    #[test]
    fn refusals_say_so() {
        let of = |text: &str| json!({"content": [{"type": "text", "text": text}]});
        check(
            &of("I’m sorry, but I can’t help with that."),
            Some(true),
            None,
        );
        check(&of("Sure. Here it is."), Some(false), None);
        let marked = json!({"choices": [{"message": {"content": null, "refusal": "No."}}]});
        check(&marked, Some(true), None);
        let unmarked = json!({"choices": [{"message": {"content": "Yes.", "refusal": null}}]});
        check(&unmarked, Some(false), None);
        assert!(is_refused("SAFETY"));
        assert!(!is_refused("end_turn"));
    }

    #[test]
    fn languages_are_told_by_scripts_and_words() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(language(text), expected, "{text}");
        check(
            "Die Antwort ist nicht auf der ersten Seite, sie ist auf der zweiten.",
            Some("de"),
        );
        check(
            "La réponse est dans le second des fichiers que vous avez.",
            Some("fr"),
        );
        check(
            "La respuesta es para los que vienen con una pregunta.",
            Some("es"),
        );
        check(
            "答えは二番目のファイルにあります。それを開いて確認してください。",
            Some("ja"),
        );
        check(
            "答案在第二个文件中请打开它并检查其中的内容是否正确谢谢你的耐心",
            Some("zh"),
        );
        check("Ответ находится во втором файле, откройте его.", Some("ru"));
        check("fn main() { println!(\"{}\", x + y); return; }", None);
        check("Ja.", None);
    }
}
