//! `PutCompositeAlarm`: its rule, and its suppressor.

use super::{CompositeAlarmRequest, actions_of, check_name, is_autoscaling};
use crate::definition::{CompositeAlarm, Definition, Kind, Suppressor};
use crate::error::Error;
use crate::rule;

pub(super) fn check(request: &CompositeAlarmRequest) -> Result<Definition, Error> {
    check_name(&request.alarm_name)?;
    let rule =
        rule::parse(&request.alarm_rule).map_err(|error| Error::validation(error.to_string()))?;
    let actions = actions_of(
        &request.ok_actions,
        &request.alarm_actions,
        &request.insufficient_data_actions,
    )?;
    if is_autoscaling(&actions) {
        return Err(Error::validation(
            "Auto Scaling actions are not supported for composite alarms.",
        ));
    }
    Ok(Definition {
        name: request.alarm_name.clone(),
        description: request.alarm_description.clone(),
        actions_enabled: request.actions_enabled.unwrap_or(true),
        actions,
        kind: Kind::Composite(Box::new(CompositeAlarm {
            rule,
            text: request.alarm_rule.clone(),
            suppressor: suppressor(request)?,
        })),
    })
}

/// A suppressor needs both periods, and periods need a suppressor.
///
/// Source: `PutCompositeAlarm`; the words are not documented.
fn suppressor(request: &CompositeAlarmRequest) -> Result<Option<Suppressor>, Error> {
    let wait = request.actions_suppressor_wait_period;
    let extension = request.actions_suppressor_extension_period;
    let Some(reference) = &request.actions_suppressor else {
        if wait.is_some() || extension.is_some() {
            return Err(Error::validation(
                "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be set without \
                 ActionsSuppressor",
            ));
        }
        return Ok(None);
    };
    let (Some(wait), Some(extension)) = (wait, extension) else {
        return Err(Error::validation(
            "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be set if ActionsSuppressor is set",
        ));
    };
    let seconds = |period: i64, member: &str| {
        u32::try_from(period)
            .map_err(|_| Error::validation(format!("{member} must not be negative")))
    };
    Ok(Some(Suppressor {
        reference: reference.clone(),
        wait_seconds: seconds(wait, "ActionsSuppressorWaitPeriod")?,
        extension_seconds: seconds(extension, "ActionsSuppressorExtensionPeriod")?,
    }))
}
