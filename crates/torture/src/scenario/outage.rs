//! The destination goes away under load and comes back: the spool holds, delivery catches up, and a kill in
//! the middle of either changes nothing.

use std::fs;
use std::path::PathBuf;

use rand::Rng as _;
use rustix::fs::{CWD, RenameFlags, renameat_with};

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
        let away = Away::begin(rig.bucket())?;
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

/// A file is in the place of a directory, and the directory elsewhere: permissions would not stop root.
pub(super) struct Away {
    place: PathBuf,
    kept: PathBuf,
}

impl Away {
    pub(super) fn begin(place: PathBuf) -> Result<Self, Error> {
        let kept = place.with_extension("away");
        fs::write(&kept, "not a directory").map_err(Error::file("write", &kept))?;
        let away = Self { place, kept };
        away.exchange()?;
        Ok(away)
    }

    pub(super) fn end(self) -> Result<(), Error> {
        self.exchange()?;
        fs::remove_file(&self.kept).map_err(Error::file("remove", &self.kept))
    }

    /// At once: where there is nothing for a moment, somebody would make a directory anew.
    fn exchange(&self) -> Result<(), Error> {
        renameat_with(CWD, &self.place, CWD, &self.kept, RenameFlags::EXCHANGE)
            .map_err(|error| Error::file("exchange", &self.place)(error.into()))
    }
}
