//! The interpreter from outside: documents, the questions of the language's description, properties.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod questions;
