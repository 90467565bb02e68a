//! Serves the demo provider: `serve ADDRESS [ADDRESS_FILE [SCRIPT]]`.

use std::error::Error;
use std::net::SocketAddr;

use corelog_demo::{Config, Demo, Script};
use corelog_runtime::Shutdown;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:9100".into());
    let listen: SocketAddr = listen.parse()?;
    let address_file = arguments.next();
    let script = match arguments.next() {
        Some(path) => Script::parse(&std::fs::read_to_string(path)?)?,
        None => Script::default(),
    };
    let config = Config {
        exchanges_kept: 64,
        script,
        ..Config::default()
    };
    let demo = Demo::bind(listen, config).await?;
    if let Some(path) = address_file {
        std::fs::write(path, demo.address().to_string())?;
    }
    eprintln!("demo provider on http://{}", demo.address());
    let shutdown = Shutdown::new();
    let stop = shutdown.clone();
    let serving = demo.run(shutdown);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        _ = tokio::signal::ctrl_c() => {
            stop.request();
            serving.await;
        }
    }
    Ok(())
}
