//! What providers say, read through the public surface.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod requests;
