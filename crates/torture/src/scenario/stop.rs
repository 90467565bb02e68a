//! SIGTERM under load: what has begun is finished and delivered, and the next start goes on.

use super::Trial;
use crate::Error;
use crate::ask::Mix;
use crate::ledger::Seen;
use crate::oracle::{Demand, Verdict};

const MIX: Mix = Mix { large: 3, slow: 15 };
const ROUNDS: u32 = 3;

pub(super) async fn run(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    for _ in 0..ROUNDS {
        let gateway = rig.up().await?;
        let load = trial.load(&rig, &gateway, MIX, 0);
        trial.moment(300, 900).await;
        gateway.running.terminate()?;
        trial.finish(load).await;
        gateway.running.stopped().await?;
    }
    let cut = trial.ledger.count(|seen| seen == Seen::Cut);
    if cut > 0 {
        trial.violations.push(format!(
            "{cut} answers were cut by a shutdown that had time"
        ));
    }
    trial.judge(
        &rig,
        Demand {
            every_call: true,
            ..Demand::default()
        },
    )
}
