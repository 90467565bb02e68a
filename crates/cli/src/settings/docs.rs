//! `docs/config.md`, made of the key tables.

use std::fmt::Write as _;

use super::reload::is_read_at_start;
use super::schema::{Form, Key, SECTIONS, SectionInfo};

const HEAD: &str = "\
# Configuration

This page is made of the tables in `crates/cli/src/settings/schema.rs`; a test fails when it is stale. To write it anew: `CORELOG_BLESS=1 cargo test -p corelog-cli config_md`.

One TOML file, found by `--config FILE`, else `CORELOG_CONFIG`, else `./corelog.toml`, else `corelog/corelog.toml` in `$XDG_CONFIG_HOME` or `~/.config`. No file at all is fine: every key has a default.

- **Precedence**: a flag beats the environment, the environment the file, the file the default. `--set KEY=VALUE` is a flag for every key: `--set spool.durability=relaxed`, `--set provider.openai.base_url=http://127.0.0.1:9100/v1`.
- **Environment**: the key in upper case after `CORELOG_`, dots as `_`; in blocks, the block's name goes between, with `-` as `_`. A variable of a block that the file does not have adds the block: `CORELOG_PROVIDER_LOCAL_DIALECT=openai` and `CORELOG_PROVIDER_LOCAL_BASE_URL=http://127.0.0.1:8000/v1` add the provider `local`. Lists are separated by commas. An empty variable counts as not set. A variable that begins so and sets no key is refused, unless a secret is named by it (`env:CORELOG_…`) or Kubernetes made it for a service called `corelog`.
- **Secrets** are `env:NAME` or `file:PATH`. One that is written out works, with a warning.
- **Sizes** are a whole number and `B`, `kB`, `MB`, `GB`, `TB` (thousands) or `KiB`, `MiB`, `GiB`, `TiB` (1024); **durations** a whole number and `ms`, `s`, `m`, `h` or `d`.
- **Unknown keys** are refused, with the nearest known name. `corelog config check` names line and reason, `corelog config show` prints the effective values and where each came from.
- **Reload**: SIGHUP reads the file again without dropping a call. A file with something wrong in it changes nothing. Keys marked *at start* are read at the start only: where they differ from what runs, a warning names them, `corelog doctor` too, and all else is put in force. Certificates are read at the start as well, so a renewed one needs a restart.
";

/// The text of `docs/config.md`.
pub fn config_markdown() -> String {
    let mut out = HEAD.to_owned();
    for section in &SECTIONS {
        push_section(&mut out, section);
    }
    out
}

fn push_section(out: &mut String, section: &SectionInfo) {
    let path = section.path;
    let title = match section.form {
        Form::Root => "Top level".to_owned(),
        Form::Table => format!("`[{path}]`"),
        Form::Named | Form::Listed => format!("`[[{path}]]`"),
    };
    // Writing to a string cannot fail.
    let _ = write!(out, "\n## {title}\n\n{}\n\n", joined(section.docs));
    out.push_str(
        "| key | what it is | type | default | environment |\n| --- | --- | --- | --- | --- |\n",
    );
    for key in section.keys {
        push_key(out, section, key);
    }
}

fn push_key(out: &mut String, section: &SectionInfo, key: &Key) {
    let Key {
        name,
        kind,
        default,
        docs,
    } = key;
    let default = default.map_or_else(|| "–".to_owned(), |text| format!("`{text}`"));
    let id = match section.form {
        Form::Root | Form::Table => None,
        Form::Named => Some("{NAME}"),
        Form::Listed => Some("{NUMBER}"),
    };
    let env = section.env_name(id, name);
    let at_start = if is_read_at_start(section.path, name) {
        " *At start.*"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "| `{name}` | {}{at_start} | {kind} | {default} | `{env}` |",
        joined(docs)
    );
}

fn joined(docs: &[&str]) -> String {
    docs.iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join(" ")
}
