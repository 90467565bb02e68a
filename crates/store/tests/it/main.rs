//! The table as its users see it: what was appended is there, once, after any number of repeats and restarts.

mod appending;
mod compacting;
mod fixture;
mod letting_go;
