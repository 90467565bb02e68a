//! What this machine shows: configuration, disk, and whether anyone answers where calls and records go.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use corelog_types::ByteSize;

use super::{Finding, State, spool};
use crate::commands::SettingsArgs;
use crate::environment::Environment;
use crate::printer::cell::bytes;
use crate::settings::{Destination, Provider, Settings, StoreUrl};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A file that is made and removed again, to see whether a directory can be written to.
const PROBE: &str = ".corelog-doctor";

/// Looks at everything; also says where the spool of this configuration is, where there is one.
pub(super) fn look(args: &SettingsArgs, env: &Environment) -> (Vec<Finding>, Option<PathBuf>) {
    let file = args
        .file(env)
        .map_or("defaults, no file".to_owned(), |path| {
            path.display().to_string()
        });
    let loaded = match args.load(env) {
        Ok(loaded) => loaded,
        Err(problems) => {
            let refused = problems.0.iter().map(|problem| {
                let message = format!("{} ({})", problem.reason, problem.origin);
                let finding = Finding::new("configuration", State::Fail, message);
                match &problem.hint {
                    Some(hint) => finding.hint(hint),
                    None => finding,
                }
            });
            return (refused.collect(), None);
        }
    };
    let mut findings = vec![Finding::new("configuration", State::Ok, file)];
    for warning in &loaded.warnings {
        let finding = Finding::new(
            "configuration",
            State::Warn,
            format!("{} ({})", warning.reason, warning.origin),
        );
        findings.push(warning.hint.iter().fold(finding, Finding::hint));
    }
    let settings = &loaded.settings;
    findings.push(directory(
        "data directory",
        &settings.data,
        settings.spool.free_bytes_min,
    ));
    findings.extend(spool::look(&settings.spool_dir()));
    findings.extend(
        settings
            .destinations
            .iter()
            .map(|destination| store(destination, settings)),
    );
    findings.extend(
        settings
            .providers
            .iter()
            .map(|provider| upstream(provider, settings)),
    );
    (findings, Some(settings.spool_dir()))
}

/// Whether a directory, or the one it will be made in, can be written to and has room.
fn directory(check: &str, path: &Path, free_min: ByteSize) -> Finding {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(existing) = absolute.ancestors().find(|ancestor| ancestor.exists()) else {
        return Finding::new(check, State::Fail, format!("{} is nowhere", path.display()));
    };
    let probe = existing.join(PROBE);
    let written = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = written {
        let message = format!("{} cannot be written to: {error}", existing.display());
        return Finding::new(check, State::Fail, message)
            .hint("give this user the right to write there, or name another directory");
    }
    let free = rustix::fs::statvfs(existing)
        .map_or(u64::MAX, |stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    let place = if existing == absolute {
        format!("{}", path.display())
    } else {
        format!("{} (not there yet)", path.display())
    };
    let message = format!("{place}, {} free", bytes(free));
    if free < free_min.bytes() {
        let hint = format!(
            "free some: below {free_min} the spool counts as full (`spool.free_bytes_min`)"
        );
        return Finding::new(check, State::Fail, message).hint(hint);
    }
    Finding::new(check, State::Ok, message)
}

fn store(destination: &Destination, settings: &Settings) -> Finding {
    let check = format!("destination {}", destination.name);
    match &destination.url {
        None => reach(
            &check,
            destination.service(),
            State::Fail,
            &destination.place(),
        ),
        Some(StoreUrl::File(path)) => directory(&check, path, ByteSize::from_bytes(0)),
        Some(StoreUrl::S3 { bucket, .. }) => {
            let region = settings.s3.region.as_deref().unwrap_or_default();
            let aws = format!("https://s3.{region}.amazonaws.com");
            let endpoint = settings
                .s3
                .endpoint
                .as_ref()
                .map_or(aws.as_str(), |endpoint| endpoint.as_str());
            reach(
                &check,
                endpoint,
                State::Fail,
                &format!("bucket {bucket} at {endpoint}"),
            )
        }
    }
}

fn upstream(provider: &Provider, settings: &Settings) -> Finding {
    let check = format!("provider {}", provider.name);
    let url = provider.upstream();
    let proxy = if url.starts_with("https:") {
        &settings.proxy.https
    } else {
        &settings.proxy.http
    };
    match proxy {
        Some(proxy) => reach(
            &check,
            proxy.as_str(),
            State::Warn,
            &format!("{url} by the proxy {proxy}"),
        ),
        None => reach(&check, url, State::Warn, url),
    }
}

/// Whether anyone accepts connections at a URL.
fn reach(check: &str, url: &str, otherwise: State, words: &str) -> Finding {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return Finding::new(check, State::Fail, format!("{words}: this is no URL"));
    };
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = uri
        .port_u16()
        .unwrap_or(if uri.scheme_str() == Some("http") {
            80
        } else {
            443
        });
    let connected = (host.as_str(), port)
        .to_socket_addrs()
        .and_then(|mut addresses| {
            let address = addresses
                .next()
                .ok_or_else(|| std::io::Error::other("the name has no address"))?;
            TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)
        });
    match connected {
        Ok(_) => Finding::new(check, State::Ok, format!("{words} accepts connections")),
        Err(error) => Finding::new(check, otherwise, format!("{words} is not reached: {error}"))
            .hint("check the address, the network, and whether it is running"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_yet_is_fine_and_one_without_room_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let later = dir.path().join("a/b");
        let finding = directory("d", &later, ByteSize::from_bytes(0));
        assert_eq!(finding.state, State::Ok, "{finding:?}");
        assert!(finding.message.contains("not there yet"), "{finding:?}");
        assert!(!later.exists() && !dir.path().join(PROBE).exists());
        assert_eq!(
            directory("d", dir.path(), ByteSize::from_bytes(u64::MAX)).state,
            State::Fail
        );
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(
            directory("d", &file, ByteSize::from_bytes(0)).state,
            State::Fail
        );
    }

    #[test]
    fn a_port_that_nobody_serves_is_found_out() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        assert_eq!(reach("p", &url, State::Warn, "p").state, State::Ok);
        drop(listener);
        assert_eq!(reach("p", &url, State::Warn, "p").state, State::Warn);
    }
}
