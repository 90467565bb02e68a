//! Our build commands: `cargo xtask run`, `test`, `check`, `codegen`, `layers`, `tidy`, `clients`, `bench`.

mod bench;
mod check;
mod clients;
mod codegen;
mod layers;
mod python;
mod run;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  run             builds Corelog, starts it with the demo provider, makes calls, leaves it running
  test            the whole gate: check, tests, real clients
  check           the quick gate: fmt, generated code, layers, tidy, clippy
  codegen         Rust from the service models; `--prune` takes the models from botocore anew
  layers          who imports whom, against layers.toml
  tidy            what no compiler checks: module lines, banned names, docs up to date
  clients [ARGS]  the tests with real clients alone; ARGS go to pytest
  bench gateway [--quick]   CPU, throughput and latency beside nginx and a bare relay
  bench import [--records N] a bucket of invocation logs into a log group, twice
  bench query [--records N] questions over a month of records, beside DuckDB and chDB
  bench anomaly [SERIES]    precision and recall of anomaly detection on labelled series
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["run", rest @ ..] => run::run(rest),
        ["test"] => test::test(),
        ["check"] => check::check(),
        ["codegen", rest @ ..] => codegen::codegen(rest),
        ["layers"] => layers::layers(),
        ["tidy"] => tidy::tidy(),
        ["clients", rest @ ..] => clients::clients(rest),
        ["bench", "gateway", rest @ ..] => bench::gateway(rest),
        ["bench", "import", rest @ ..] => bench::import(rest),
        ["bench", "query", rest @ ..] => bench::query(rest),
        ["bench", "anomaly", rest @ ..] => bench::anomaly(rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
