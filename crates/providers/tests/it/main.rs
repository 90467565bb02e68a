//! What providers say, read through the public surface.

#[cfg(test)]
mod answers;
mod quirks;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod requests;
