//! Metric math from outside: documents of expressions and searches, and what documents cannot say.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod properties;
