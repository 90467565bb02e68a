//! What calls cost, against tables worked out by hand from the prices in `table/`. Amounts in the comments are in
//! millionths of a dollar: tokens times the price of a million.

#![expect(
    clippy::unwrap_used,
    reason = "what a test relies on and does not get is a failure of the test"
)]

mod anthropic;
mod bedrock;
mod custom;
mod gemini;
mod openai;
mod setup;
