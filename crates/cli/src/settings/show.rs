//! The effective configuration as TOML, each key with where its value came from.

use std::fmt::Write as _;

use super::Loaded;
use super::problem::Origin;
use super::reader::{Effective, section_info};
use super::schema::Form;

impl Loaded {
    /// The configuration as TOML, secrets masked; a comment names the source of each value that is no default.
    pub fn show(&self) -> String {
        let mut out = String::new();
        let mut header = None;
        for entry in &self.effective {
            let here = (entry.section, entry.block);
            if header != Some(here) {
                header = Some(here);
                push_header(&mut out, entry);
            }
            push_entry(&mut out, entry);
        }
        self.push_built_in(&mut out);
        out
    }

    /// Says what is there without a block.
    fn push_built_in(&self, out: &mut String) {
        let named = |section: &str, name: &str| {
            let shown = format!("\"{name}\"");
            self.effective.iter().any(|e| {
                e.section == section && e.key == "name" && e.shown.as_ref() == Some(&shown)
            })
        };
        let settings = &self.settings;
        let providers = settings
            .providers
            .iter()
            .filter(|p| !named("provider", p.name.as_str()));
        let providers =
            providers.map(|p| format!("# built in: provider {}, {}", p.name, p.upstream()));
        let destinations = settings
            .destinations
            .iter()
            .filter(|d| !named("destination", d.name.as_str()));
        let destinations =
            destinations.map(|d| format!("# built in: destination {}, {}", d.name, d.place()));
        for (index, line) in providers.chain(destinations).enumerate() {
            out.push_str(if index == 0 { "\n" } else { "" });
            out.push_str(&line);
            out.push('\n');
        }
    }
}

fn push_header(out: &mut String, entry: &Effective) {
    let line = match section_info(entry.section).form {
        Form::Root => return,
        Form::Table => format!("\n[{}]", entry.section),
        Form::Named | Form::Listed => format!("\n[[{}]]", entry.section),
    };
    out.push_str(&line);
    out.push('\n');
}

fn push_entry(out: &mut String, entry: &Effective) {
    let key = entry.key;
    let line = match (&entry.shown, &entry.origin) {
        (None, _) => format!("# {key} ="),
        (Some(shown), Origin::Default) => format!("{key} = {shown}"),
        (Some(shown), Origin::File(place)) => {
            format!("{key} = {shown}  # {}:{}", place.file, place.line)
        }
        (Some(shown), origin) => format!("{key} = {shown}  # {origin}"),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{line}");
}
