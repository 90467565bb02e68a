//! Alarms as `CloudWatch` has them: what data points, results of queries and other alarms make of their states, and what
//! follows.
//!
//! A request is checked into a [`Definition`]; [`Alarms`] holds the definitions and states of an account, says which
//! alarms are due and which data points they need, takes these, and gives back [`Effects`]: what to store, whom to
//! notify. The caller brings the time, the data points and the disk:
//!
//! ```text
//! for name in alarms.due(now) {
//!     let window = alarms.window(&name, now);
//!     let points = /* the series between window.start() and window.end(), a point per period */;
//!     let effects = alarms.evaluate(&name, &points, now);
//!     /* in one transaction: store alarms.get() of effects.changed, effects.history, effects.notices */
//! }
//! let effects = alarms.tick(now);
//! ```
//!
//! Log alarms are told what their queries answered, each at its turn ([`Alarms::queries_due`], [`Alarms::take_answer`]).
//!
//! A transition makes each of its notices once; what stores them with the states can send them at least once, and no
//! crash makes them twice. [`document`] writes what a notice delivers.
//!
//! Absent here: I/O, clocks, tokio, the computing of statistics and expressions.

mod alarms;
mod definition;
pub mod document;
mod effects;
mod error;
mod evaluate;
mod graph;
mod moment;
mod mute;
mod reason;
mod request;
mod results;
mod rule;
mod state;
mod statistic;
mod suppress;
mod window;
mod zone;

pub use alarms::{Account, Alarm, Alarms};
pub use definition::{
    Actions, Comparison, CompositeAlarm, Definition, Kind, Limit, LogAlarm, LowSamples, Metric,
    MetricAlarm, MissingData, Query, ScheduledQuery, Source, Suppressor, Term, WarmUp, WindowKind,
    name_in,
};
pub use effects::{
    ConfigurationChange, ConfigurationOperation, Effects, HistoryItem, HistoryKind, Notice,
    Transition,
};
pub use error::{Error, ErrorKind};
pub use evaluate::{Band, Point};
pub use mute::{MuteRule, MuteRuleRequest, MuteStatus};
pub use request::{
    CompositeAlarmRequest, LogAlarmRequest, MetricAlarmRequest, MetricStatRequest, QueryRequest,
    ScheduledQueryRequest, WarmUpRequest, WindowRequest, detector_queries,
};
pub use results::{Answered, CONTRIBUTORS_MAX, Contribution, LINE_CHARS_MAX, QueryResult};
pub use rule::{
    RULE_ALARMS_MAX, RULE_CHARS_MAX, RULE_ELEMENTS_MAX, Rule, RuleError, Share, parse as parse_rule,
};
pub use state::{Problem, State, StateValue, SuppressedBy};
pub use statistic::Statistic;
pub use suppress::Phase;
pub use window::Window;
pub use zone::Zone;
