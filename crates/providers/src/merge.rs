//! Merges the parts of a stream.
