//! Alarms from outside: documents of scenarios, and what documents cannot say.

mod delivered;
mod model;
mod month;
mod requests;
mod restored;
mod rules;
mod scenarios;
mod windows;
