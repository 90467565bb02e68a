//! Answers given beforehand: a file of prompts and what to answer to each.

use std::collections::HashMap;

use serde_json::Value;

/// Prompts and their answers, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Script {
    rows: Vec<Row>,
    first_by_prompt: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Row {
    prompt: String,
    response: String,
}

/// A line of a script is not an object with texts `prompt` and `response`.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the script is no object with texts `prompt` and `response`")]
pub struct InvalidScript {
    /// The line, from 1.
    pub line: usize,
}

impl Script {
    /// Reads JSON lines, each an object with `prompt` and `response`; other members do not matter.
    ///
    /// # Errors
    /// [`InvalidScript`] for the first line that is something else.
    pub fn parse(lines: &str) -> Result<Self, InvalidScript> {
        let mut script = Self::default();
        for (index, line) in lines.lines().enumerate() {
            let invalid = || InvalidScript { line: index + 1 };
            let row: Value = serde_json::from_str(line).map_err(|_| invalid())?;
            let text = |member: &str| row[member].as_str().map(str::to_owned).ok_or_else(invalid);
            let row = Row {
                prompt: text("prompt")?,
                response: text("response")?,
            };
            script
                .first_by_prompt
                .entry(row.prompt.clone())
                .or_insert(script.rows.len());
            script.rows.push(row);
        }
        Ok(script)
    }

    /// The answer to `prompt`: that of `row`, or of the first row with that prompt.
    ///
    /// Nothing if the row has another prompt, so that a prompt that was changed on its way is noticed.
    pub(crate) fn answer(&self, row: Option<usize>, prompt: &str) -> Option<&str> {
        let index = row.or_else(|| self.first_by_prompt.get(prompt).copied())?;
        let row = self.rows.get(index)?;
        (row.prompt == prompt).then_some(row.response.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_answer_their_own_prompt_only() {
        let lines =
            "{\"prompt\":\"p\",\"response\":\"a\"}\n{\"prompt\":\"p\",\"response\":\"b\"}\n";
        let script = Script::parse(lines).unwrap();
        assert_eq!(script.answer(None, "p"), Some("a"));
        assert_eq!(script.answer(Some(1), "p"), Some("b"));
        assert_eq!(script.answer(Some(1), "q"), None);
        assert_eq!(script.answer(Some(2), "p"), None);
        assert_eq!(Script::parse("{\"prompt\":\"p\"}").unwrap_err().line, 1);
    }
}
