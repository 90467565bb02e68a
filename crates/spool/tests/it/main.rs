//! The spool from outside: its promises on a real disk, on a faulty one, and against a model.

mod basics;
mod fixture;
