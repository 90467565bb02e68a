//! `cargo xtask run`: Corelog on embedded defaults, with the demo provider behind it and some calls made.

mod calls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::shell::{cargo, root, target_dir};

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A program that ends with us.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds, starts, calls, prints, and stays until interrupted. `--once` ends after the calls.
pub(crate) fn run(args: &[&str]) -> anyhow::Result<()> {
    let began = Instant::now();
    // Not optimised: with the query engine that takes several times as long, and the tests need these artefacts too.
    cargo(&["build", "--locked", "-p", "corelog"])?;
    let built = began.elapsed();
    let corelog = target_dir().join("debug/corelog");
    let dir = target_dir().join("run");
    std::fs::create_dir_all(&dir)?;

    let demo_at = dir.join("demo.addr");
    let _demo = start(
        Command::new(&corelog)
            .args(["demo", "--listen", "127.0.0.1:0", "--addr-file"])
            .arg(&demo_at),
        &demo_at,
    )?;
    let demo = address(&demo_at)?;
    let config = dir.join("corelog.toml");
    std::fs::write(&config, configuration(demo))?;

    let (listen, gateway_at) = (free_or_any(), dir.join("gateway.addr"));
    let data = dir.join("data");
    let gateway = start(
        Command::new(&corelog)
            .arg("up")
            .arg("--config")
            .arg(&config)
            .args(["--listen", listen, "--data"])
            .arg(&data)
            .arg("--addr-file")
            .arg(&gateway_at),
        &gateway_at,
    )?;
    let address = address(&gateway_at)?;
    let (made, failed) = calls::make(address)?;
    print(&corelog, address, &data, (made, failed), built);
    if args.contains(&"--once") {
        return Ok(());
    }
    wait(gateway)
}

/// The default port where it is free, else any.
fn free_or_any() -> &'static str {
    const DEFAULT: &str = "127.0.0.1:4600";
    if std::net::TcpListener::bind(DEFAULT).is_ok() {
        DEFAULT
    } else {
        "127.0.0.1:0"
    }
}

fn configuration(demo: SocketAddr) -> String {
    let mut text = String::from("# Every dialect's provider is the built-in demo.\n");
    for (name, base) in [
        ("openai", "/v1"),
        ("anthropic", ""),
        ("bedrock", ""),
        ("ollama", ""),
    ] {
        let dialect = if name == "ollama" { "generic" } else { name };
        let block = format!(
            "\n[[provider]]\nname = \"{name}\"\ndialect = \"{dialect}\"\nbase_url = \"http://{demo}{base}\"\n"
        );
        text.push_str(&block);
    }
    text
}

/// Starts a program that says where it listens.
fn start(command: &mut Command, addr_file: &Path) -> anyhow::Result<Started> {
    let _ = std::fs::remove_file(addr_file);
    let child = command
        .current_dir(root())
        .spawn()
        .context("cannot start the built binary")?;
    let mut started = Started(child);
    let deadline = Instant::now() + START_TIMEOUT;
    while !addr_file.exists() {
        if let Some(status) = started.0.try_wait()? {
            bail!("it ended at once: {status}");
        }
        if Instant::now() > deadline {
            bail!("it does not listen after {START_TIMEOUT:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(started)
}

fn address(file: &Path) -> anyhow::Result<SocketAddr> {
    let text = std::fs::read_to_string(file)?;
    text.trim()
        .parse()
        .with_context(|| format!("`{text}` is no address"))
}

fn print(
    corelog: &Path,
    address: SocketAddr,
    data: &Path,
    (made, failed): (usize, usize),
    built: Duration,
) {
    let binary: PathBuf = corelog.to_owned();
    let here = std::env::current_dir().unwrap_or_default();
    let shown = binary.strip_prefix(&here).unwrap_or(&binary).display();
    let bucket = data.join("bucket");
    eprintln!(
        "
Corelog listens on http://{address}  (built in {built:.0?}; the provider behind it is the built-in demo)
{made} calls were made, {failed} of them answered with the errors that the demo was asked for.

Point an application at it:
  export OPENAI_BASE_URL=http://{address}/openai/v1
  export ANTHROPIC_BASE_URL=http://{address}/anthropic
  export AWS_ENDPOINT_URL=http://{address}
  export CORELOG_URL=http://{address}

See what was recorded:
  {shown} tail -n 10
  {shown} get ID
  {shown} query 'stats count(*) as calls, sum(output.outputTokenCount) as tokens by modelId | sort calls desc'
  {shown} query 'filter ispresent(errorCode) | fields @timestamp, modelId, errorCode'
  {shown} ps
  {shown} doctor
  find {bucket} -name '*.json.gz' | xargs zcat | head -n 1        (batches come every 30 s)
  ls {table}        (a Delta Lake table, for DuckDB, pandas, Spark; rows come every 10 s)
  curl -s http://{address}/metrics

Ctrl-C stops it.
",
        bucket = bucket.display(),
        table = data.join("tables/events").display(),
    );
}

/// Waits for the gateway, which gets the terminal's Ctrl-C itself.
fn wait(mut gateway: Started) -> anyhow::Result<()> {
    let status = gateway.0.wait()?;
    if !status.success() {
        bail!("the gateway ended: {status}");
    }
    Ok(())
}
