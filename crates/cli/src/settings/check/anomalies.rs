//! What must hold of `[anomalies]`.

use super::destination::check_log_group;
use super::report;
use crate::settings::Settings;
use crate::settings::reader::Findings;
use crate::settings::value::Fault;

const SUBJECTS_MAX: u32 = 2_000;

pub(super) fn check(settings: &Settings, findings: &mut Findings) {
    let anomalies = &settings.anomalies;
    let mut fault = |key: &str, fault: Fault| report(findings, "anomalies", None, key, fault);
    if let Some(notify) = &anomalies.notify
        && !settings
            .notifiers
            .iter()
            .any(|it| it.name.as_str() == notify)
    {
        let hint = "name the `[[notifier]]` that is to hear of anomalies";
        fault(
            "notify",
            Fault::new(format!("there is no notifier `{notify}`")).hint(hint),
        );
    }
    if !(1..=SUBJECTS_MAX).contains(&anomalies.subjects_max) {
        fault(
            "subjects_max",
            Fault::new(format!("must be from 1 to {SUBJECTS_MAX}")),
        );
    }
    check_log_group(&anomalies.log_group, "anomalies", None, findings);
}
