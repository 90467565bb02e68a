//! The destination goes away under load and comes back: the spool holds, delivery catches up, and a kill in
//! the middle of either changes nothing.

use std::fs;
use std::path::PathBuf;

use rand::Rng as _;

use super::Trial;
use crate::Error;
use crate::ask::Mix;
use crate::load::Load;
use crate::oracle::{Demand, Verdict};
use crate::rig::{Gateway, Rig};

const MIX: Mix = Mix { large: 3, slow: 0 };
const ROUNDS_MIN: u32 = 4;

pub(super) async fn run(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    for round in 0..ROUNDS_MIN.max(trial.options.rounds / 10) {
        let gateway = rig.up().await?;
        let load = trial.load(&rig, &gateway, MIX, 0);
        trial.moment(100, 500).await;
        let away = Away::begin(&rig)?;
        trial.moment(200, 700).await;
        // Every other round the gateway dies and starts while the store is away.
        let (gateway, load) = if round % 2 == 0 {
            killed(trial, &rig, gateway, load).await?
        } else {
            (gateway, load)
        };
        away.end()?;
        trial.moment(50, 600).await;
        if trial.rng.random() {
            gateway.running.kill()?;
            trial.finish(load).await;
        } else {
            trial.finish(load).await;
            gateway.stop().await?;
        }
    }
    trial.settle(&rig).await?;
    let demand = Demand {
        every_call: true,
        ..Demand::default()
    };
    trial.judge(&rig, demand)
}

async fn killed(
    trial: &mut Trial<'_>,
    rig: &Rig,
    gateway: Gateway,
    load: Load,
) -> Result<(Gateway, Load), Error> {
    gateway.running.kill()?;
    trial.finish(load).await;
    let gateway = rig.up().await?;
    let load = trial.load(rig, &gateway, MIX, 0);
    trial.moment(100, 400).await;
    Ok((gateway, load))
}

/// The bucket's directory is elsewhere, and a file is in its place: permissions would not stop root.
struct Away {
    bucket: PathBuf,
    kept: PathBuf,
}

impl Away {
    fn begin(rig: &Rig) -> Result<Self, Error> {
        let bucket = rig.bucket();
        let kept = bucket.with_extension("away");
        fs::rename(&bucket, &kept).map_err(Error::file("move", &bucket))?;
        fs::write(&bucket, "not a directory").map_err(Error::file("write", &bucket))?;
        Ok(Self { bucket, kept })
    }

    fn end(self) -> Result<(), Error> {
        fs::remove_file(&self.bucket).map_err(Error::file("remove", &self.bucket))?;
        fs::rename(&self.kept, &self.bucket).map_err(Error::file("move", &self.kept))
    }
}
