//! `corelog up`, `corelog demo` and `corelog torture`: their arguments. The binary does the rest.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::environment::Environment;
use crate::settings::{FlagValue, Loaded, Problems, Settings, find_config};

/// Arguments of `corelog up`.
#[derive(Debug, Clone, clap::Args)]
pub struct UpArgs {
    /// The configuration.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Writes the address to this file once the gateway listens there; of use with port 0.
    #[arg(long, value_name = "PATH")]
    pub addr_file: Option<PathBuf>,
}

/// Arguments of `corelog demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// Address to serve on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9100")]
    pub listen: SocketAddr,
    /// Writes the address to this file once the demo provider listens there.
    #[arg(long, value_name = "PATH")]
    pub addr_file: Option<PathBuf>,
    /// JSON lines of prompts and answers to answer from.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Keeps the last exchanges for a test to look at.
    #[arg(long)]
    pub record_ring: bool,
}

/// The names of torture's scenarios.
pub const SCENARIOS: [&str; 6] = ["kill", "hang-up", "stop", "outage", "disk", "query"];

/// Arguments of `corelog torture`.
#[derive(Debug, Clone, clap::Args)]
pub struct TortureArgs {
    /// How many times the gateway is started and killed.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub rounds: u32,
    /// Repeats a run by the seed that it printed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Only this one; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = SCENARIOS)]
    pub scenario: Vec<String>,
    /// Calls a second in `query`, while questions are asked.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// How long `query` asks before it breaks anything, in seconds; it breaks more where it asks longer.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// Where to work; kept when the test ends [default: a temporary directory, kept when anything is found].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The configuration, for every command that reads it.
#[derive(Debug, Clone, clap::Args)]
pub struct SettingsArgs {
    /// Configuration file [default: `CORELOG_CONFIG`, `./corelog.toml`, `~/.config/corelog/corelog.toml`].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address to serve on.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Directory of the spool and the state.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Sets any key, such as `spool.durability=relaxed`.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write KEY=VALUE, such as `spool.durability=relaxed`".to_owned()),
    }
}

impl SettingsArgs {
    /// The file that is read, if any.
    pub fn file(&self, env: &Environment) -> Option<PathBuf> {
        find_config(self.config.as_deref(), env)
    }

    /// The keys that flags set.
    pub fn flags(&self) -> Vec<FlagValue> {
        let named = [("listen", &self.listen), ("data", &self.data)];
        let named = named.into_iter().filter_map(|(key, value)| {
            let value = value.clone()?;
            Some(FlagValue {
                flag: format!("--{key}"),
                key: key.to_owned(),
                value,
            })
        });
        let set = self.set.iter().map(|(key, value)| FlagValue {
            flag: "--set".to_owned(),
            key: key.clone(),
            value: value.clone(),
        });
        set.chain(named).collect()
    }

    /// Reads the configuration; again on each call, so that a reload is another call.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self, env: &Environment) -> Result<Loaded, Problems> {
        Settings::load(self.file(env).as_deref(), env, &self.flags())
    }
}
