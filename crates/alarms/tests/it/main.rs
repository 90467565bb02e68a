//! Alarms from outside: documents of scenarios, and what documents cannot say.

#[cfg(test)]
mod delivered;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod model;
#[cfg(test)]
mod month;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod windows;
