//! No room for records: the configured policy holds, and when there is room again everything goes on.
//!
//! First with a limit that no disk fulfils, which anyone can try; then on a real full disk, a small tmpfs,
//! where the system lets us mount one.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Trial;
use crate::Error;
use crate::ask::Mix;
use crate::ledger::Seen;
use crate::oracle::{Demand, Verdict};
use crate::rig::Gateway;

const MIX: Mix = Mix { large: 5, slow: 0 };
const NO_DISK_IS_ENOUGH: &str = "free_bytes_min = \"900TiB\"";
/// The gateway is to see the disk itself run full, not its own limit.
const TO_THE_LAST_BYTE: &str = "free_bytes_min = \"0B\"";
const RELAY: &str = "\non_full = \"relay\"";
const LOST: &str = "corelog_capture_lost_total";
/// How long calls may stay refused after there is room again.
const RECOVERY: Duration = Duration::from_secs(20);

pub(super) async fn run(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let mut all = Verdict::default();
    let mut part = trial.part("refuse");
    all.add(refused(&mut part).await?);
    trial.end(part);

    let mut part = trial.part("relay");
    all.add(relayed(&mut part).await?);
    trial.end(part);

    for (name, policy) in [("full-refuse", ""), ("full-relay", RELAY)] {
        let mut part = trial.part(name);
        match full(&mut part, policy).await? {
            Some(verdict) => all.add(verdict),
            None => part
                .left_out
                .push(format!("{name}: no tmpfs can be mounted here")),
        }
        trial.end(part);
    }
    Ok(all)
}

/// `refuse`: an error in the dialect, no upstream call, nothing in the spool.
async fn refused(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    rig.configure(NO_DISK_IS_ENOUGH)?;
    let gateway = rig.up().await?;
    let load = trial.load(&rig, &gateway, MIX, 0);
    trial.moment(300, 500).await;
    trial.finish(load).await;
    gateway.stop().await?;
    let other = trial.ledger.count(|seen| seen != Seen::Refused(503));
    if other > 0 {
        trial
            .violations
            .push(format!("{other} calls were not refused with 503"));
    }
    let called = rig.provider_calls().await?;
    if called > 0 {
        trial
            .violations
            .push(format!("{called} refused calls reached the provider"));
    }
    rig.configure("")?;
    let gateway = rig.up().await?;
    let load = trial.load(&rig, &gateway, MIX, 0);
    trial.moment(200, 400).await;
    trial.finish(load).await;
    gateway.stop().await?;
    trial.judge(
        &rig,
        Demand {
            every_call: true,
            ..Demand::default()
        },
    )
}

/// `relay`: every call is answered, and every missing record is counted.
async fn relayed(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    rig.configure(&format!("{NO_DISK_IS_ENOUGH}{RELAY}"))?;
    let gateway = rig.up().await?;
    let load = trial.load(&rig, &gateway, MIX, 0);
    trial.moment(300, 500).await;
    trial.finish(load).await;
    let uncounted = lost(&gateway).await?;
    gateway.stop().await?;
    let complete = trial.ledger.count(|seen| matches!(seen, Seen::Complete(_)));
    let other = trial
        .ledger
        .count(|seen| !matches!(seen, Seen::Complete(_)));
    if other > 0 {
        trial.violations.push(format!(
            "{other} calls were not answered though they are relayed"
        ));
    }
    if uncounted != complete {
        let gap = format!("{complete} answers without a record, {uncounted} counted");
        trial.violations.push(gap);
    }
    trial.judge(
        &rig,
        Demand {
            uncounted,
            ..Demand::default()
        },
    )
}

/// A disk that is full to the last byte for a while.
async fn full(trial: &mut Trial<'_>, policy: &str) -> Result<Option<Verdict>, Error> {
    let data = trial.dir.join("data");
    std::fs::create_dir_all(&data).map_err(Error::file("create", &data))?;
    let Some(mount) = Mount::tmpfs(&data) else {
        return Ok(None);
    };
    let rig = trial.rig().await?;
    rig.configure(&format!("{TO_THE_LAST_BYTE}{policy}"))?;
    let gateway = rig.up().await?;
    let load = trial.load(&rig, &gateway, MIX, 0);
    trial.moment(200, 400).await;
    let ballast = Ballast::fill(mount.dir.join("ballast"), Duration::from_millis(1_500)).await?;
    ballast.remove()?;
    let complete = |seen| matches!(seen, Seen::Complete(_));
    let before = trial.ledger.count(complete);
    let until = Instant::now() + RECOVERY;
    while trial.ledger.count(complete) < before + 50 {
        if Instant::now() > until {
            let seconds = RECOVERY.as_secs();
            trial.violations.push(format!(
                "{seconds} s after there was room, calls fail still"
            ));
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    trial.finish(load).await;
    let uncounted = lost(&gateway).await?;
    gateway.stop().await?;
    trial.settle(&rig).await?;
    let uncounted = if policy == RELAY { uncounted } else { 0 };
    let verdict = trial.judge(
        &rig,
        Demand {
            uncounted,
            cut_by_disk: true,
            ..Demand::default()
        },
    )?;
    drop(rig);
    Ok(Some(verdict))
}

async fn lost(gateway: &Gateway) -> Result<u64, Error> {
    let lost = gateway.metric(LOST).await?;
    // A count of calls of less than a second: exact in a float.
    Ok(format!("{lost:.0}").parse().unwrap_or(0))
}

/// A small file system in memory; gone when dropped.
struct Mount {
    dir: PathBuf,
}

impl Mount {
    fn tmpfs(dir: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "corelog-torture"])
            .arg(dir)
            .stderr(Stdio::null())
            .status();
        let is_mounted = mount.is_ok_and(|status| status.success());
        is_mounted.then(|| Self {
            dir: dir.to_owned(),
        })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a child that is still ending must not keep it.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(&self.dir)
            .stderr(Stdio::null())
            .status();
    }
}

/// A file that takes all the room there is.
struct Ballast {
    path: PathBuf,
}

impl Ballast {
    /// Takes what becomes free, again and again, for `time`.
    async fn fill(path: PathBuf, time: Duration) -> Result<Self, Error> {
        let mut file = File::create(&path).map_err(Error::file("create", &path))?;
        let until = Instant::now() + time;
        while Instant::now() < until {
            for piece in [64 << 10, 4 << 10, 512] {
                while file.write_all(&vec![0; piece]).is_ok() {}
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(Self { path })
    }

    fn remove(self) -> Result<(), Error> {
        std::fs::remove_file(&self.path).map_err(Error::file("remove", &self.path))
    }
}
