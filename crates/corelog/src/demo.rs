//! `corelog demo`: the built-in provider alone.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use corelog_cli::DemoArgs;
use corelog_demo::{Config, Demo, Script};
use corelog_runtime::Shutdown;

/// Exchanges kept for a test to look at.
const RING: usize = 256;

/// Serves until a signal.
pub(crate) fn serve(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let mut config = Config::default();
    if let Some(path) = &args.script {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the script `{}`", path.display()))?;
        config.script = Script::parse(&text)?;
    }
    if args.record_ring {
        config.exchanges_kept = RING;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let demo = Demo::bind(args.listen, config).await?;
        let address = demo.address();
        let stop = crate::serve::stop_signal()?;
        write_address(args.addr_file.as_deref(), &address.to_string())?;
        eprintln!("demo provider on http://{address}");
        let shutdown = Shutdown::new();
        let running = demo.run(shutdown.child());
        tokio::pin!(running);
        tokio::select! {
            () = &mut running => {}
            () = stop => {
                shutdown.request();
                running.await;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Tells whoever waits for it where we listen: whole or not at all.
pub(crate) fn write_address(path: Option<&Path>, address: &str) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let draft = path.with_extension("draft");
    std::fs::write(&draft, address)
        .and_then(|()| std::fs::rename(&draft, path))
        .with_context(|| format!("cannot write the address to `{}`", path.display()))
}
