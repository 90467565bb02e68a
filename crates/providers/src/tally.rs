//! Turns the numbers a provider says into [`Usage`], which counts cached tokens one way for everybody.

use corelog_types::{Count, Usage};

/// The numbers as they were said; the last one said wins.
///
/// Providers differ on whether cached tokens are inside the input number and reasoning inside the output
/// number, so the two ways have fields of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) input: Option<u64>,
    /// More input, outside of `input` (Gemini's tool-use prompt).
    pub(crate) input_extra: Option<u64>,
    pub(crate) cached_inside: Option<u64>,
    pub(crate) written_inside: Option<u64>,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_write: Option<u64>,
    /// Of what is written to the cache, what stays there for an hour.
    pub(crate) cache_write_1h: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) reasoning_inside: Option<u64>,
    pub(crate) reasoning_outside: Option<u64>,
    pub(crate) input_audio: Option<u64>,
    pub(crate) output_audio: Option<u64>,
    pub(crate) input_image: Option<u64>,
    pub(crate) output_image: Option<u64>,
    pub(crate) total: Option<u64>,
    /// What was billed, used where the tokens themselves are not said (Cohere).
    pub(crate) billed_input: Option<u64>,
    pub(crate) billed_output: Option<u64>,
    /// What the serving platform measured (Bedrock's invocation metrics and headers), trusted over the body.
    pub(crate) measured: Measured,
}

/// See [`Tally::measured`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Measured {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_write: Option<u64>,
}

impl Tally {
    /// The counts in the record's terms.
    pub(crate) fn usage(&self) -> Usage {
        let reported = |value: Option<u64>| value.map(Count::reported);
        let mut usage = Usage {
            input: self.whole_input().map(|input| self.uncached(input)),
            output: self.whole_output(),
            cache_read: reported(self.cache_read.or(self.cached_inside)),
            cache_write: reported(self.cache_write.or(self.written_inside)),
            cache_write_1h: reported(self.cache_write_1h),
            reasoning: reported(self.reasoning_outside.or(self.reasoning_inside)),
            input_audio: reported(self.input_audio),
            output_audio: reported(self.output_audio),
            input_image: reported(self.input_image),
            output_image: reported(self.output_image),
            total: reported(self.total),
        };
        let measured = [
            (self.measured.input, &mut usage.input),
            (self.measured.output, &mut usage.output),
            (self.measured.cache_read, &mut usage.cache_read),
            (self.measured.cache_write, &mut usage.cache_write),
        ];
        for (value, count) in measured {
            *count = reported(value).or(*count);
        }
        usage
    }

    fn whole_input(&self) -> Option<Count> {
        let input = self.input.or(self.billed_input)?;
        Some(match self.input_extra {
            None | Some(0) => Count::reported(input),
            Some(extra) => Count::derived(input.saturating_add(extra)),
        })
    }

    /// Takes out the cached tokens where they are inside. More cached tokens than there is input means that the
    /// provider does not count them inside after all; then the number stays as it was said.
    fn uncached(&self, input: Count) -> Count {
        let read = self.cached_inside.unwrap_or(0);
        let cached = read.saturating_add(self.written_inside.unwrap_or(0));
        match input.value.checked_sub(cached) {
            Some(rest) if cached > 0 => Count::derived(rest),
            _ => input,
        }
    }

    fn whole_output(&self) -> Option<Count> {
        match (
            self.output.or(self.billed_output),
            self.reasoning_outside.filter(|reasoning| *reasoning > 0),
        ) {
            (Some(output), None) => Some(Count::reported(output)),
            (output, Some(reasoning)) => Some(Count::derived(
                output.unwrap_or(0).saturating_add(reasoning),
            )),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_come_out_of_an_input_that_holds_them() {
        let tally = Tally {
            input: Some(100),
            cached_inside: Some(60),
            written_inside: Some(10),
            output: Some(7),
            ..Tally::default()
        };
        let usage = tally.usage();
        assert_eq!(usage.input, Some(Count::derived(30)));
        assert_eq!(usage.cache_read, Some(Count::reported(60)));
        assert_eq!(usage.cache_write, Some(Count::reported(10)));
        assert_eq!(usage.output, Some(Count::reported(7)));
        assert_eq!(usage.reasoning, None);
    }

    #[test]
    fn nothing_to_take_out_leaves_the_reported_number() {
        let tally = Tally {
            input: Some(100),
            cached_inside: Some(0),
            ..Tally::default()
        };
        assert_eq!(tally.usage().input, Some(Count::reported(100)));
        let odd = Tally {
            input: Some(10),
            cached_inside: Some(60),
            ..Tally::default()
        };
        assert_eq!(odd.usage().input, Some(Count::reported(10)));
    }

    #[test]
    fn reasoning_outside_is_added_to_the_output() {
        let tally = Tally {
            input: Some(20),
            input_extra: Some(5),
            output: Some(4),
            reasoning_outside: Some(9),
            ..Tally::default()
        };
        let usage = tally.usage();
        assert_eq!(usage.input, Some(Count::derived(25)));
        assert_eq!(usage.output, Some(Count::derived(13)));
        assert_eq!(usage.reasoning, Some(Count::reported(9)));
    }

    #[test]
    fn measured_counts_win_and_absent_stays_absent() {
        let tally = Tally {
            input: Some(1),
            measured: Measured {
                input: Some(2),
                ..Measured::default()
            },
            ..Tally::default()
        };
        assert_eq!(tally.usage().input, Some(Count::reported(2)));
        assert_eq!(Tally::default().usage(), Usage::default());
    }
}
