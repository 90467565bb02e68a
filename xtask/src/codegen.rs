//! Rust from service models: prunes a model to the operations we serve, and writes its shapes and its table.

mod model;
mod shapes;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use self::model::Model;
use crate::clients;
use crate::shell::root;

/// A service: what botocore calls it, the version of its API, and the module that holds it.
struct Source {
    service: &'static str,
    version: &'static str,
    module: &'static str,
    /// What stands before the `#` of its exceptions' types, which no model says. Only services that began with the
    /// query protocol show it.
    type_namespace: &'static str,
}

const SOURCES: [Source; 2] = [
    Source {
        service: "logs",
        version: "2014-03-28",
        module: "logs",
        type_namespace: "",
    },
    Source {
        service: "cloudwatch",
        version: "2010-08-01",
        module: "cloudwatch",
        type_namespace: "com.amazonaws.cloudwatch.v2010_08_01",
    },
];

impl Source {
    fn model(&self) -> PathBuf {
        models(&format!("{}-{}.json", self.module, self.version))
    }

    fn generated(&self, name: &str) -> PathBuf {
        let module = Path::new("crates/wire/src").join(self.module);
        root().join(module).join(name)
    }

    /// What the model gives, file by file.
    fn generate(&self) -> anyhow::Result<[(PathBuf, String); 2]> {
        let text = std::fs::read_to_string(self.model())
            .with_context(|| format!("no model of `{}`", self.service))?;
        let model = Model::parse(&text)?;
        Ok([
            (
                self.generated("shapes.rs"),
                formatted(&shapes::write(&model)?)?,
            ),
            (
                self.generated("table.rs"),
                formatted(&table::write(&model, self.type_namespace)?)?,
            ),
        ])
    }

    /// Takes the model from botocore and leaves out what is not served.
    fn prune(&self) -> anyhow::Result<()> {
        let list = models(&format!("{}-operations.txt", self.module));
        let served = std::fs::read_to_string(list)?;
        let script = format!(
            "import json, botocore, botocore.loaders as l; \
             m = l.Loader().load_service_model('{}', 'service-2', '{}'); \
             print(json.dumps(dict(m, source='botocore ' + botocore.__version__)))",
            self.service, self.version
        );
        let python = clients::environment()?;
        let output = Command::new(python).args(["-c", &script]).output()?;
        if !output.status.success() {
            bail!("botocore: {}", String::from_utf8_lossy(&output.stderr));
        }
        let whole = serde_json::from_slice(&output.stdout)?;
        let pruned = model::prune(&whole, &served.lines().collect::<Vec<_>>())?;
        let text = serde_json::to_string_pretty(&pruned)? + "\n";
        Ok(std::fs::write(self.model(), text)?)
    }
}

fn models(name: &str) -> PathBuf {
    root().join("crates/wire/models").join(name)
}

/// Writes the generated files; with `--prune`, takes the models from botocore first.
pub(crate) fn codegen(args: &[&str]) -> anyhow::Result<()> {
    for source in &SOURCES {
        match args {
            [] => {}
            ["--prune"] => source.prune()?,
            _ => bail!("codegen takes `--prune` or nothing"),
        }
        for (path, text) in source.generate()? {
            if let Some(dir) = path.parent() {
                std::fs::create_dir_all(dir)?;
            }
            std::fs::write(path, text)?;
        }
    }
    Ok(())
}

/// Fails where a generated file is not what its model gives.
pub(crate) fn check() -> anyhow::Result<()> {
    for source in &SOURCES {
        for (path, text) in source.generate()? {
            if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
                let shown = path.display();
                bail!("`{shown}` is not what its model gives: run `cargo xtask codegen`");
            }
        }
    }
    Ok(())
}

fn formatted(text: &str) -> anyhow::Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt is needed")?;
    let mut stdin = child.stdin.take().context("rustfmt reads")?;
    let text = text.to_owned();
    // Beside it, because neither side reads all before it writes.
    let writing =
        std::thread::spawn(move || std::io::Write::write_all(&mut stdin, text.as_bytes()));
    let output = child.wait_with_output()?;
    let written = writing
        .join()
        .map_err(|_| anyhow::anyhow!("rustfmt was not fed"))?;
    written?;
    if !output.status.success() {
        bail!("rustfmt did not like the generated code");
    }
    Ok(String::from_utf8(output.stdout)?)
}
