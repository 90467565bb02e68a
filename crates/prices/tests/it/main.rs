//! What calls cost, against tables worked out by hand from the prices in `table/`. Amounts in the comments are in
//! millionths of a dollar: tokens times the price of a million.

mod anthropic;
mod bedrock;
mod custom;
mod gemini;
mod openai;
mod setup;
