//! A lookout over a real spool.

#[cfg(test)]
mod follow;
