//! The three states of an alarm, and what is told of the one it is in.

use std::fmt;

use corelog_types::Timestamp;

/// What an alarm says of what it watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateValue {
    /// Within its limit.
    Ok,
    /// Outside of it.
    Alarm,
    /// Not known: just created, or without data.
    InsufficientData,
}

impl StateValue {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// The state of this name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData]
            .into_iter()
            .find(|value| value.as_str() == text)
    }
}

impl fmt::Display for StateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the actions of a composite alarm wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressedBy {
    /// It waits whether its suppressor goes into `ALARM`.
    WaitPeriod,
    /// Its suppressor left `ALARM` a short while ago.
    ExtensionPeriod,
    /// Its suppressor is in `ALARM`.
    Alarm,
}

impl SuppressedBy {
    /// `WaitPeriod`, `ExtensionPeriod` or `Alarm`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaitPeriod => "WaitPeriod",
            Self::ExtensionPeriod => "ExtensionPeriod",
            Self::Alarm => "Alarm",
        }
    }

    /// What `ActionsSuppressedReason` says.
    pub fn reason(self) -> String {
        format!("Actions suppressed by {}", self.as_str())
    }
}

/// What is wrong with the evaluation of an alarm, whose state stays as it is meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// There are more values than are looked at.
    PartialData,
    /// Something of ours, which passes.
    Failure,
    /// Something in the definition, which somebody has to change.
    Error,
}

impl Problem {
    /// `PARTIAL_DATA`, `EVALUATION_FAILURE` or `EVALUATION_ERROR`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PartialData => "PARTIAL_DATA",
            Self::Failure => "EVALUATION_FAILURE",
            Self::Error => "EVALUATION_ERROR",
        }
    }

    /// The problem of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::PartialData, Self::Failure, Self::Error]
            .into_iter()
            .find(|problem| problem.as_str() == text)
    }
}

/// The state of an alarm as `DescribeAlarms` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The state.
    pub value: StateValue,
    /// Why, for people: at most 1,023 characters.
    pub reason: String,
    /// Why, as JSON of at most 4,000 characters; absent until the alarm was evaluated.
    pub reason_data: Option<String>,
    /// When anything of this changed last.
    pub updated: Timestamp,
    /// When `value` changed last.
    pub transitioned: Timestamp,
    /// What holds the actions of a composite alarm back.
    pub suppressed_by: Option<SuppressedBy>,
    /// Whether the alarm is in its warm-up period and not evaluated yet.
    pub in_warm_up: bool,
    /// What is wrong with the evaluation itself.
    pub problem: Option<Problem>,
    /// Log events that show why, as many as a log alarm asks for.
    pub log_lines: Vec<String>,
}

impl State {
    /// The state of an alarm that was just made.
    ///
    /// Source: `DescribeAlarms` after `PutMetricAlarm`.
    pub(crate) fn initial(now: Timestamp) -> Self {
        Self {
            value: StateValue::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            reason_data: None,
            updated: now,
            transitioned: now,
            suppressed_by: None,
            in_warm_up: false,
            problem: None,
            log_lines: Vec::new(),
        }
    }

    /// What `EvaluationState` says, if anything.
    pub fn evaluation_state(&self) -> Option<&'static str> {
        if self.in_warm_up {
            return Some("IN_WARM_UP");
        }
        self.problem.map(Problem::as_str)
    }
}
