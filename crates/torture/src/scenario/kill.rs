//! `kill -9` under load, again and again on the same data; sometimes before the gateway even listens.
//!
//! The system survives, and with it what was written and not synced: that a machine may die too is for the
//! spool's own tests, which lose what no sync had made durable.

use rand::Rng as _;

use super::Trial;
use crate::Error;
use crate::ask::Mix;
use crate::oracle::{Demand, Verdict};

const MIX: Mix = Mix { large: 3, slow: 5 };
const HANG_UPS: u32 = 10;
/// Of a hundred rounds, so many kill a start as well.
const KILLED_STARTS: u32 = 20;

pub(super) async fn run(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    for _ in 0..trial.options.rounds {
        if trial.rng.random_range(0..100) < KILLED_STARTS {
            let starting = rig.spawn()?;
            trial.moment(0, 60).await;
            starting.kill()?;
        }
        let gateway = rig.up().await?;
        let load = trial.load(&rig, &gateway, MIX, HANG_UPS);
        trial.moment(30, 600).await;
        gateway.running.kill()?;
        trial.finish(load).await;
    }
    trial.settle(&rig).await?;
    // An exchange that the process took with it comes back as a record that says so.
    let demand = Demand {
        every_call: true,
        ..Demand::default()
    };
    trial.judge(&rig, demand)
}
