//! Clients that close at a random byte: the record holds the whole answer all the same.

use super::Trial;
use crate::Error;
use crate::ask::Mix;
use crate::bucket::Bucket;
use crate::oracle::{Demand, Verdict};

const MIX: Mix = Mix { large: 3, slow: 40 };
const HANG_UPS: u32 = 60;
/// Longer than a slow answer, which takes a bit over a second.
const LOAD_MS: std::ops::Range<u64> = 2_500..3_000;

pub(super) async fn run(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    let gateway = rig.up().await?;
    let load = trial.load(&rig, &gateway, MIX, HANG_UPS);
    trial.moment(LOAD_MS.start, LOAD_MS.end).await;
    trial.finish(load).await;
    // What is still drained for callers that went is finished by this.
    gateway.stop().await?;
    let verdict = trial.judge(
        &rig,
        Demand {
            every_call: true,
            ..Demand::default()
        },
    )?;
    let interrupted = verdict.counts.interrupted;
    if interrupted > 0 {
        let found = format!("{interrupted} records say that the process died, and it did not");
        trial.violations.push(found);
    }
    let records = Bucket::read(&rig.bucket())?.records;
    if !records.iter().any(|record| record.outcome == "hung_up") {
        trial
            .violations
            .push("no record says that its caller hung up".to_owned());
    }
    Ok(verdict)
}
