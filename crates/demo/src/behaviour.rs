//! What a model's name asks the demo provider to do; the names are listed at the top of the crate.

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Behaviour {
    pub(crate) fault: Option<Fault>,
    pub(crate) source: Source,
    pub(crate) ending: Ending,
    pub(crate) slow: bool,
    pub(crate) guardrail: bool,
}

/// An error instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Too many requests.
    Throttle,
    /// A request that makes no sense.
    Validation,
    /// Any HTTP error status.
    Status(u16),
}

impl Fault {
    /// The HTTP status, where a dialect has no number of its own for it.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Throttle => 429,
            Self::Validation => 400,
            Self::Status(status) => status,
        }
    }
}

/// Where the text of the answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Source {
    #[default]
    Corpus,
    Huge,
    Echo,
    /// The script's row, or its first row with the prompt.
    Script(Option<usize>),
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ending {
    #[default]
    Clean,
    /// The connection is cut.
    Cut,
    /// An error event is the last.
    Error,
}

impl Behaviour {
    /// Reads it out of a model's name. A name that says nothing gets an ordinary answer.
    pub(crate) fn of(model: &str) -> Self {
        let mut behaviour = Self::default();
        let Some((_, word)) = model.split_once("demo-") else {
            return behaviour;
        };
        let number = |prefix: &str| -> Option<u64> {
            let rest = word.strip_prefix(prefix)?.strip_prefix('-')?;
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            rest[..end].parse().ok()
        };
        if word.starts_with("throttle") {
            behaviour.fault = Some(Fault::Throttle);
        } else if word.starts_with("validation") {
            behaviour.fault = Some(Fault::Validation);
        } else if word.starts_with("error") {
            let status = number("error").and_then(|status| u16::try_from(status).ok());
            let status = status.filter(|status| (400..=599).contains(status));
            behaviour.fault = Some(Fault::Status(status.unwrap_or(500)));
        } else if word.starts_with("slow") {
            behaviour.slow = true;
        } else if word.starts_with("broken") {
            behaviour.ending = Ending::Cut;
        } else if word.starts_with("midstream-error") {
            behaviour.ending = Ending::Error;
        } else if word.starts_with("guardrail") {
            behaviour.guardrail = true;
        } else if word.starts_with("huge") {
            behaviour.source = Source::Huge;
        } else if word.starts_with("echo") {
            behaviour.source = Source::Echo;
        } else if word.starts_with("script") {
            let row = number("script").and_then(|row| usize::try_from(row).ok());
            behaviour.source = Source::Script(row);
        }
        behaviour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(model: &str, expected: Behaviour) {
        assert_eq!(Behaviour::of(model), expected, "{model}");
    }

    #[test]
    fn names_say_what_happens() {
        let plain = Behaviour::default();
        check("gpt-4o", plain);
        check("demo-model", plain);
        let fault = |fault| Behaviour {
            fault: Some(fault),
            ..plain
        };
        check("anthropic.demo-throttle-v1:0", fault(Fault::Throttle));
        check("demo-validation", fault(Fault::Validation));
        check("meta.demo-error-503-v1:0", fault(Fault::Status(503)));
        check("demo-error", fault(Fault::Status(500)));
        check("demo-error-200", fault(Fault::Status(500)));
        check("demo-error-99999", fault(Fault::Status(500)));
        let source = |source| Behaviour { source, ..plain };
        check("demo-echo", source(Source::Echo));
        check("anthropic.demo-script-17", source(Source::Script(Some(17))));
        check("demo-script", source(Source::Script(None)));
        let ending = |ending| Behaviour { ending, ..plain };
        check("demo-broken", ending(Ending::Cut));
        check("demo-midstream-error", ending(Ending::Error));
    }
}
