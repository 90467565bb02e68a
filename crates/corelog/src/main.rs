//! The corelog binary: reads the command line, and joins the components where a command needs a server.

mod activity;
mod alarms;
mod anomalies;
mod attempts;
mod configure;
mod defaults;
mod demo;
mod destinations;
mod events;
mod exports;
mod front;
mod logging;
#[cfg(feature = "query")]
mod lookups;
mod metrics;
mod notices;
#[cfg(feature = "query")]
mod questions;
#[cfg(feature = "query")]
mod recent;
mod recorder;
mod reported;
mod serve;
mod sinks;
mod status;
mod subscriptions;
mod tables;
mod torture;
mod transfer;

use std::process::ExitCode;

use corelog_cli::environment::Environment;
use corelog_cli::{Cli, Command};

/// An exchange makes hundreds of short-lived values on one thread and hands a few to others. The C library's
/// allocator grows and shrinks its arenas for that with every batch of exchanges, at a system call each.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let Cli { global, command } = corelog_cli::parse();
    let env = Environment::of_process();
    corelog_cli::exit(match command {
        Command::Up(args) => serve::up(&args, &env),
        Command::Demo(args) => demo::serve(&args),
        Command::Torture(args) => torture::run(args),
        Command::Import(args) => transfer::import(&args, &env),
        Command::Export(args) => transfer::export(&args, &env),
        Command::Client(command) => corelog_cli::execute(command, &global, &env),
    })
}
