//! Names and ARNs of dashboards, which belong to an account and to no region.

use corelog_types::Timestamp;

use crate::aws::{Account, Fault, Kind};

const NAME_CHARS_MAX: usize = 255;

/// `arn:aws:cloudwatch::ACCOUNT:dashboard/NAME`
pub(super) fn arn(account: &Account, name: &str) -> String {
    format!("arn:aws:cloudwatch::{}:dashboard/{name}", account.id)
}

/// All dashboards, for operations that list them.
pub(super) fn all(account: &Account) -> String {
    arn(account, "*")
}

/// Refuses what cannot be a dashboard's name.
///
/// Source: a recorded answer, which ends with the line feed; for a name that is too long there is none.
pub(super) fn check_name(field: &str, name: &str) -> Result<(), Fault> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(Fault::invalid_parameter_value(format!(
            "The value for field {field} contains invalid characters. \
             It can only contain alphanumerics, dash (-) and underscore (_).\n"
        )));
    }
    if name.len() > NAME_CHARS_MAX {
        return Err(Fault::invalid_parameter_value(format!(
            "The value for field {field} must not have more than {NAME_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

/// There is none of that name.
///
/// Source: the service's answer, as issues of the Terraform provider have it.
pub(super) fn missing(name: &str) -> Fault {
    let text = format!("Dashboard {name} does not exist");
    Fault::new(Kind::DashboardNotFound, text)
}

/// A time as documents have it.
pub(super) fn seconds(time: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any year to come fit"
    )]
    let ms = time.unix_ms() as f64;
    ms / 1_000.0
}
