//! Cuts files out of Converse content.
