//! Notices from an outbox to real receivers on this machine, and back what became of them.

mod delivery;
mod mail;
mod receiver;
mod scene;
mod shapes;
