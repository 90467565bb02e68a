//! The measuring bench of the gateway: a mock upstream, a bare relay, a load, and the run that compares.
//!
//! `cargo xtask bench gateway` builds this and runs `corelog-bench gateway`; docs/bench.md says how it measures.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts, bytes and nanoseconds here stay far below 2^52"
)]

mod framing;
mod gateway;
mod load;
mod measure;
mod mock;
mod percentile;
mod poller;
mod process;
mod relay;
mod report;
mod target;
mod workload;

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::load::{Pace, Plan};
use crate::workload::Workload;

#[derive(Debug, Parser)]
#[command(about = "Measures the gateway beside a mock, a bare relay and nginx")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole comparison.
    Gateway(gateway::GatewayArgs),
    /// A mock upstream; writes its address and serves until it is ended.
    Mock {
        /// Address to serve on.
        #[arg(default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// A relay without recording; writes its address and serves until it is ended.
    Relay {
        /// Where it relays to.
        upstream: http::uri::Authority,
        /// Address to serve on.
        #[arg(default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// A load on a server that is there already.
    Load(LoadArgs),
}

#[derive(Debug, Args)]
struct LoadArgs {
    /// The server, in front of a mock.
    address: SocketAddr,
    /// The path to ask for.
    #[arg(long, default_value = "/openai/v1/chat/completions")]
    path: String,
    /// What is asked.
    #[arg(long, default_value = "small")]
    workload: Workload,
    /// Exchanges a second; left out, as many as the server can do.
    #[arg(long)]
    rate: Option<u32>,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Gateway(args) => gateway::run(&args),
        Command::Mock { listen } => mock::serve(listen, say_address),
        Command::Relay { upstream, listen } => relay::serve(listen, upstream, say_address),
        Command::Load(args) => one_load(&args),
    }
}

fn say_address(address: SocketAddr) {
    say(&address.to_string());
}

/// Writes a line to stdout; whoever closed it does not want it.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn one_load(args: &LoadArgs) -> anyhow::Result<()> {
    let plan = Plan {
        address: args.address,
        path: args.path.clone(),
        workload: args.workload,
        connections: args.connections,
        pace: args
            .rate
            .map_or(Pace::Closed, |per_second| Pace::Open { per_second }),
        warmup: Duration::from_secs(1),
        duration: Duration::from_secs(args.seconds),
    };
    let outcome = load::run(&plan, &mut |_| Ok(()))?;
    say(&format!("{outcome:?}"));
    Ok(())
}
