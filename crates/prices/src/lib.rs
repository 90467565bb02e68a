//! What a call to a model costs: a table of prices with a version, and exact arithmetic over token counts.
//!
//! A [`Table`] is read from TOML (`table/*.toml` are in the binary; an operator's own file goes on top). It has *lists*,
//! one for each party that sends bills (`anthropic`, `openai`, `bedrock`, …), which know the upstreams that they bill
//! for, and *prices* of models in a list. Every price says where it was read, when, and whether that place is the
//! biller's own page. A price may begin on a day, so that a call is priced by what held on its own day.
//!
//! [`Table::cost`] answers with a [`Cost`], line by line, or with the reason why there is none ([`Absent`]). A cost is
//! whole or absent: a call with tokens of a kind that the model has no price for has no cost, rather than a smaller one.
//!
//! Money is counted in whole 10⁻¹² of the currency, which every price per million tokens with up to six decimals divides
//! into; factors (a batch's half, a region's 1.1) are fractions, and rounding happens once for each line, half up.
//!
//! Absent here: I/O, clocks, and everything that a bill has beside calls (storage of caches, seats, taxes, free tiers).

mod amount;
mod call;
mod cost;
mod error;
mod factor;
mod kind;
mod model;
mod price;
mod read;
mod table;

pub use amount::Amount;
pub use call::{Call, Images, Many};
pub use cost::{Absent, Cost, Line};
pub use error::Error;
pub use kind::Kind;
pub use price::Evidence;
pub use table::Table;
