//! What calls in flight say, as one text for people.
//!
//! One call is shown as it comes. What the others say meanwhile waits until it is a line or long enough, and is then
//! shown as a block, with which its call takes the place of the one before.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

use crate::printer::cell::{ABSENT, bytes, safe, safe_lines, text_at};
use crate::printer::{Printer, Style, note};

/// What waits is shown once it is this long.
const BLOCK_CHARS: usize = 200;
/// Of an id, this much tells one call from another.
const SHORT_CHARS: usize = 6;

/// What is on the screen, and what waits to be.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// The call that is shown as it comes.
    shown: Option<String>,
    is_line_open: bool,
    calls: BTreeMap<String, Call>,
}

#[derive(Debug, Default)]
struct Call {
    /// What it is; gone once that was shown.
    head: Option<String>,
    /// What the text that was shown last is.
    kind: Kind,
    waiting: Vec<(Kind, String)>,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Text,
    Reasoning,
    ToolInput,
    /// Stands for something that was not seen.
    Gap,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "answer",
            Self::Reasoning => "reasoning",
            Self::ToolInput => "tool input",
            Self::Gap => "",
        }
    }
}

impl Screen {
    /// Takes a line of the server's answer.
    pub(super) fn line(&mut self, printer: &mut Printer, line: &str) -> anyhow::Result<()> {
        let Ok(sight) = serde_json::from_str::<Value>(line) else {
            note("warning: a line of the server's is no JSON");
            return Ok(());
        };
        if let Some(missed) = sight.get("missedBytes").and_then(Value::as_u64) {
            let missed = bytes(missed);
            note(&format!(
                "{missed} of streams went by faster than they were read"
            ));
            return Ok(());
        }
        let Some(id) = text_at(&sight, "/id") else {
            return Ok(());
        };
        if let Some(exchange) = sight.get("began") {
            let head = Some(head_of(&id, exchange));
            let call = Call {
                head,
                ..Call::default()
            };
            self.calls.insert(id, call);
            return Ok(());
        }
        if sight.get("ended").is_some() {
            return Ok(self.end(printer, &id)?);
        }
        let call = self.calls.entry(id.clone()).or_default();
        call.waiting.extend(piece_of(&sight));
        let is_free = self.shown.as_ref().is_none_or(|shown| *shown == id);
        if is_free || call.is_block() {
            self.show(printer, &id)?;
        }
        Ok(())
    }

    fn end(&mut self, printer: &mut Printer, id: &str) -> io::Result<()> {
        let has_more = |call: &Call| call.head.is_some() || !call.waiting.is_empty();
        if self.calls.get(id).is_some_and(has_more) {
            self.show(printer, id)?;
        }
        self.calls.remove(id);
        if self.shown.as_deref() != Some(id) {
            return Ok(());
        }
        self.close_line(printer)?;
        self.shown = None;
        // Whoever has waited most is next.
        let next = self.calls.iter().max_by_key(|(_, call)| call.chars());
        let next = next.filter(|(_, call)| call.chars() > 0);
        match next.map(|(id, _)| id.clone()) {
            Some(id) => self.show(printer, &id),
            None => Ok(()),
        }
    }

    /// Shows what waits of a call, which is then the one that is shown as it comes.
    fn show(&mut self, printer: &mut Printer, id: &str) -> io::Result<()> {
        let is_shown = self.shown.as_deref() == Some(id);
        let call = self.calls.entry(id.to_owned()).or_default();
        let (head, waiting) = (call.head.take(), std::mem::take(&mut call.waiting));
        let mut kind = call.kind;
        if !is_shown {
            self.close_line(printer)?;
            let again = || format!("… {}", short(id));
            printer.line(&printer.styled(Style::Label, &head.unwrap_or_else(again)))?;
            self.shown = Some(id.to_owned());
            kind = Kind::Text;
        }
        for (next, text) in waiting {
            if next == Kind::Gap {
                printer.part(&printer.styled(Style::Warn, "[something is missing here]"))?;
                self.is_line_open = true;
                continue;
            }
            if next != kind {
                kind = next;
                self.close_line(printer)?;
                printer.part(&printer.styled(Style::Label, &format!("{}: ", kind.name())))?;
            }
            let is_answer = kind == Kind::Text;
            self.is_line_open = !text.ends_with('\n');
            let text = if is_answer {
                text
            } else {
                printer.styled(Style::Label, &text)
            };
            printer.part(&text)?;
        }
        if let Some(call) = self.calls.get_mut(id) {
            call.kind = kind;
        }
        Ok(())
    }

    /// Ends the line that is open.
    pub(super) fn close_line(&mut self, printer: &mut Printer) -> io::Result<()> {
        if std::mem::take(&mut self.is_line_open) {
            printer.part("\n")?;
        }
        Ok(())
    }
}

impl Call {
    fn chars(&self) -> usize {
        self.waiting
            .iter()
            .map(|(_, text)| text.chars().count())
            .sum()
    }

    /// Whether what waits is a line, or as long as one.
    fn is_block(&self) -> bool {
        let has_line = self.waiting.iter().any(|(_, text)| text.contains('\n'));
        has_line || self.chars() >= BLOCK_CHARS
    }
}

fn piece_of(sight: &Value) -> Option<(Kind, String)> {
    let kinds = [
        ("text", Kind::Text),
        ("reasoning", Kind::Reasoning),
        ("toolInput", Kind::ToolInput),
    ];
    for (name, kind) in kinds {
        if let Some(text) = sight.get(name).and_then(Value::as_str) {
            // A line's end may come in two pieces.
            return Some((kind, safe_lines(&text.replace('\r', ""))));
        }
    }
    sight.get("gap").map(|_| (Kind::Gap, String::new()))
}

fn head_of(id: &str, exchange: &Value) -> String {
    let of = |name: &str| text_at(exchange, name).unwrap_or_else(|| ABSENT.to_owned());
    format!(
        "{id}  {}  {}  {}  {}",
        of("/provider"),
        of("/operation"),
        of("/modelId"),
        of("/caller")
    )
}

fn short(id: &str) -> String {
    let count = id.chars().count();
    safe(
        &id.chars()
            .skip(count.saturating_sub(SHORT_CHARS))
            .collect::<String>(),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::printer::Format;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const ONE: &str = "01939b5e-7c1a-7000-8000-00000000000a";
    const TWO: &str = "01939b5e-7c1a-7000-8000-00000000000b";

    fn began(id: &str) -> Value {
        json!({"id": id, "began": {"provider": "p", "operation": "Chat", "modelId": "m", "caller": "me"}})
    }

    fn text(id: &str, text: &str) -> Value {
        json!({"id": id, "text": text})
    }

    /// What is on the paper after these sights.
    fn shown(sights: &[Value]) -> String {
        let paper = Paper::default();
        let mut printer = Printer::of_buffer(Format::Table, Box::new(paper.clone()));
        let mut screen = Screen::default();
        for sight in sights {
            screen.line(&mut printer, &sight.to_string()).unwrap();
        }
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_call_is_shown_as_it_comes() {
        let mut sights = vec![began(ONE), text(ONE, "To be,"), text(ONE, " or not")];
        let head = format!("{ONE}  p  Chat  m  me\n");
        assert_eq!(shown(&sights), format!("{head}To be, or not"));
        sights.push(json!({"id": ONE, "ended": true}));
        assert_eq!(shown(&sights), format!("{head}To be, or not\n"));
    }

    #[test]
    fn kinds_and_gaps_are_named_and_nothing_steers_the_terminal() {
        let sights = [
            began(ONE),
            json!({"id": ONE, "reasoning": "hm"}),
            text(ONE, "a\u{1b}[2Jb\r\nc"),
            json!({"id": ONE, "gap": true}),
            text(ONE, "d"),
            json!({"id": ONE, "toolInput": "{"}),
            json!({"missedBytes": 7}),
            json!({"id": ONE, "ended": true}),
        ];
        let expected = format!(
            "{ONE}  p  Chat  m  me\nreasoning: hm\nanswer: a\u{fffd}[2Jb\nc[something is missing here]d\ntool input: {{\n"
        );
        // The first kind is named too, for it is none of the answer.
        assert_eq!(shown(&sights), expected);
    }

    #[test]
    fn of_two_calls_the_second_comes_in_blocks() {
        let (head, other) = (
            format!("{ONE}  p  Chat  m  me\n"),
            format!("{TWO}  p  Chat  m  me\n"),
        );
        let mut sights = vec![
            began(ONE),
            text(ONE, "one "),
            began(TWO),
            text(TWO, "two "),
            text(ONE, "one "),
        ];
        assert_eq!(shown(&sights), format!("{head}one one "));
        sights.push(text(TWO, "lines\nand"));
        let so_far = format!("{head}one one \n{other}two lines\nand");
        assert_eq!(shown(&sights), so_far);
        // It goes on as it comes, and now the first one waits.
        sights.extend([text(ONE, "x"), text(TWO, " more")]);
        assert_eq!(shown(&sights), format!("{so_far} more"));
        sights.push(text(ONE, &"x".repeat(BLOCK_CHARS - 1)));
        let block = "x".repeat(BLOCK_CHARS);
        let so_far = format!("{so_far} more\n… 00000a\n{block}");
        assert_eq!(shown(&sights), so_far);
        sights.extend([text(TWO, "end"), json!({"id": ONE, "ended": true})]);
        assert_eq!(shown(&sights), format!("{so_far}\n… 00000b\nend"));
    }

    #[test]
    fn a_call_that_says_nothing_is_seen_too() {
        let sights = [began(ONE), json!({"id": ONE, "ended": true})];
        assert_eq!(shown(&sights), format!("{ONE}  p  Chat  m  me\n"));
    }
}
