//! What a model would answer: text, thinking, a tool call, token counts, and why it stopped.

use serde_json::Value;

use crate::ask::Ask;
use crate::behaviour::Source;
use crate::corpus;
use crate::script::Script;

/// What a guardrail puts in the place of an answer.
pub(crate) const WITHHELD: &str = "This request is not allowed.";
const HUGE_BYTES: usize = 1_000_000;
const THINKING: &str = "The question is about the harbour. I should look at what the tide table says first, and only then answer.";

/// One answer, not yet in any dialect.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) seed: u64,
    pub(crate) thinking: Option<&'static str>,
    pub(crate) text: String,
    pub(crate) tool: Option<Call>,
    pub(crate) tokens: Tokens,
    pub(crate) stop: Stop,
    /// How many words go into one chunk of a stream.
    words_a_chunk: usize,
}

/// A tool call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Value,
}

/// Token counts. `input` is without the cached ones; `output` includes `thinking`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) output: u64,
    pub(crate) thinking: u64,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    End,
    Limit,
    Tool,
    Guardrail,
}

/// The script has no answer to the prompt.
#[derive(Debug)]
pub(crate) struct NotInScript;

impl Answer {
    /// Answers. The same request always gets the same.
    pub(crate) fn to(ask: &Ask, script: &Script) -> Result<Self, NotInScript> {
        let mut answer = Self {
            seed: ask.seed,
            thinking: ask.thinking.then_some(THINKING),
            text: String::new(),
            tool: None,
            tokens: Tokens::default(),
            stop: Stop::End,
            words_a_chunk: 1,
        };
        match ask.behaviour.source {
            Source::Echo => answer.text.clone_from(&ask.prompt),
            Source::Script(row) => {
                script
                    .answer(row, &ask.prompt)
                    .ok_or(NotInScript)?
                    .clone_into(&mut answer.text);
                answer.words_a_chunk = 16;
            }
            Source::Huge => {
                answer.text = corpus::text_of_size(ask.seed, HUGE_BYTES);
                answer.words_a_chunk = 64;
            }
            Source::Corpus => {
                if let Some(tool) = &ask.tool {
                    answer.text.push_str("Let me check that.");
                    answer.tool = Some(Call {
                        name: tool.name.clone(),
                        arguments: tool.arguments.clone(),
                    });
                    answer.stop = Stop::Tool;
                } else {
                    answer.text = corpus::text(ask.seed);
                }
                answer.limit(ask.tokens_max);
            }
        }
        if ask.behaviour.guardrail {
            WITHHELD.clone_into(&mut answer.text);
            answer.tool = None;
            answer.thinking = None;
            answer.stop = Stop::Guardrail;
        }
        answer.count(ask);
        Ok(answer)
    }

    /// Cuts the text after a word, so that it has at most `tokens_max` tokens.
    fn limit(&mut self, tokens_max: Option<u64>) {
        let Some(most) = tokens_max.filter(|most| count(&self.text) > *most) else {
            return;
        };
        let bytes_max = usize::try_from(most.saturating_mul(4)).unwrap_or(usize::MAX);
        let mut kept = 0;
        for word in self.text.split_inclusive(char::is_whitespace) {
            if kept + word.len() > bytes_max {
                break;
            }
            kept += word.len();
        }
        self.text.truncate(kept);
        self.tool = None;
        self.stop = Stop::Limit;
    }

    fn count(&mut self, ask: &Ask) {
        let whole = (ask.bytes as u64).div_ceil(4).max(1);
        let tokens = &mut self.tokens;
        if ask.caches {
            tokens.cache_read = whole / 2;
            tokens.cache_write = whole / 4;
        }
        tokens.input = whole - tokens.cache_read - tokens.cache_write;
        tokens.thinking = self.thinking.map_or(0, count);
        let called = self.tool.as_ref().map_or(0, |call| {
            count(&call.name) + count(&call.arguments.to_string())
        });
        tokens.output = count(&self.text) + tokens.thinking + called;
        if self.stop == Stop::Guardrail {
            *tokens = Tokens::default();
        }
    }

    /// The text in the pieces a stream sends it in, cut at word boundaries; joined they are the text.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        pieces(&self.text, self.words_a_chunk)
    }

    /// A word of 24 hex digits that stands for an id in this answer; `part` tells ids apart.
    pub(crate) fn id(&self, part: u64) -> String {
        let high = corpus::mix(self.seed.wrapping_add(part));
        let low = corpus::mix(high) >> 32;
        format!("{high:016x}{low:08x}")
    }

    /// A time of day for `created` members: seconds since the epoch, the same for the same request.
    pub(crate) fn created(&self) -> u64 {
        1_790_000_000 + self.seed % 1_000_000
    }

    /// How long the model says it took, in milliseconds.
    pub(crate) fn latency_ms(&self) -> u64 {
        200 + self.seed % 1_800
    }
}

/// Tokens of a text: a quarter of its bytes, as a rule of thumb has it.
pub(crate) fn count(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

/// Cuts a text after every `words` words; joined the pieces are the text.
pub(crate) fn pieces(text: &str, words: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut end, mut held) = (0, 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        end += word.len();
        held += 1;
        if held == words {
            pieces.push(&text[start..end]);
            start = end;
            held = 0;
        }
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text() {
        for text in ["", "one", " lead", "a b\n\nc  d ", "日本語 の 文"] {
            for words in [1, 3] {
                assert_eq!(pieces(text, words).concat(), text);
            }
        }
        assert_eq!(pieces("a b c", 2), ["a b ", "c"]);
    }

    #[test]
    fn the_same_request_gets_the_same_answer() {
        let ask = |body: &[u8]| {
            let ask = Ask::new("demo", body, "hi".to_owned());
            Answer::to(&ask, &Script::default()).unwrap().text
        };
        assert_eq!(ask(b"{}"), ask(b"{}"));
        assert!((1..200_u8).any(|n| ask(&[n]) != ask(b"{}")));
    }

    #[test]
    fn limits_cut_after_a_word() {
        let ask = Ask {
            tokens_max: Some(10),
            ..Ask::new("demo", b"{}", "hi".to_owned())
        };
        let answer = Answer::to(&ask, &Script::default()).unwrap();
        assert_eq!(answer.stop, Stop::Limit);
        assert!(answer.text.len() <= 40 && answer.tokens.output <= 10);
    }

    #[test]
    fn an_echo_is_exact() {
        let ask = Ask::new("demo-echo", b"{}", " exact \n".to_owned());
        assert_eq!(
            Answer::to(&ask, &Script::default()).unwrap().text,
            " exact \n"
        );
    }
}
