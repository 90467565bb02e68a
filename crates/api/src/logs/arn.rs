//! ARNs of log groups, streams and lookup tables, and what callers write for them.

use corelog_types::LogGroupName;

use super::group::{missing, named};
use super::lookup_table;
use crate::aws::{Account, Fault};

/// What an ARN of this account and region begins with, to the colon before the resource.
fn stem(account: &Account) -> String {
    format!("arn:aws:logs:{}:{}", account.region, account.id)
}

/// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, without the `:*` that some answers append.
pub(super) fn of_group(account: &Account, name: &LogGroupName) -> String {
    format!("{}:log-group:{name}", stem(account))
}

/// The ARN of a stream.
pub(super) fn of_stream(account: &Account, group: &LogGroupName, stream: &str) -> String {
    format!("{}:log-stream:{stream}", of_group(account, group))
}

/// All log groups, for operations that list them.
pub(super) fn of_all_groups(account: &Account) -> String {
    format!("{}:log-group:*", stem(account))
}

/// `arn:aws:logs:REGION:ACCOUNT:lookup-table:NAME`.
pub(super) fn of_lookup_table(account: &Account, name: &str) -> String {
    format!("{}:lookup-table:{name}", stem(account))
}

/// The account's part of the service, for operations on what has no ARN.
pub(super) fn of_account(account: &Account) -> String {
    format!("{}:*", stem(account))
}

/// The group that a name or an ARN means. An ARN of another account or region means none that is here.
pub(super) fn group(account: &Account, identifier: &str) -> Result<LogGroupName, Fault> {
    if !identifier.starts_with("arn:") {
        return named(identifier);
    }
    // arn:partition:logs:region:account:log-group:name
    let parts: Vec<&str> = identifier.splitn(7, ':').collect();
    let [_, _, "logs", region, id, "log-group", name] = parts[..] else {
        let text = format!("Invalid ARN: {identifier} is not the ARN of a log group.");
        return Err(Fault::invalid_parameter(text));
    };
    let name = named(name)?;
    if region != account.region || id != account.id {
        return Err(missing());
    }
    Ok(name)
}

/// The name of the lookup table that an ARN means. One of another account or region means none that is here.
pub(super) fn lookup_table(account: &Account, arn: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match parts[..] {
        ["arn", _, "logs", region, id, "lookup-table", name]
            if !name.is_empty() && name.bytes().all(fits) =>
        {
            if region != account.region || id != account.id {
                return Err(lookup_table::missing());
            }
            Ok(name.to_owned())
        }
        _ => {
            let text = format!("Invalid ARN: {arn} is not the ARN of a lookup table.");
            Err(Fault::invalid_parameter(text))
        }
    }
}

/// Whether an ARN says that it is a lookup table's.
pub(super) fn is_lookup_table(arn: &str) -> bool {
    arn.split(':').nth(5) == Some("lookup-table")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(identifier: &str, expected: Result<&str, &str>) {
        let account = Account {
            id: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let found = group(&account, identifier);
        let found = found
            .as_ref()
            .map(LogGroupName::as_str)
            .map_err(Fault::code);
        assert_eq!(found, expected, "{identifier}");
    }

    #[test]
    fn names_and_arns_mean_groups() {
        check("/a/b", Ok("/a/b"));
        check(
            "arn:aws:logs:us-east-1:111122223333:log-group:/a/b",
            Ok("/a/b"),
        );
        check(
            "arn:aws-cn:logs:us-east-1:111122223333:log-group:x",
            Ok("x"),
        );
        check(
            "arn:aws:logs:us-east-1:111122223333:log-group:x:*",
            Err("InvalidParameterException"),
        );
        check(
            "arn:aws:logs:eu-west-1:111122223333:log-group:x",
            Err("ResourceNotFoundException"),
        );
        check(
            "arn:aws:logs:us-east-1:444455556666:log-group:x",
            Err("ResourceNotFoundException"),
        );
        check("arn:aws:s3:::bucket", Err("InvalidParameterException"));
        check("arn:", Err("InvalidParameterException"));
        check("a b", Err("InvalidParameterException"));
    }

    #[test]
    fn arns_mean_lookup_tables() {
        let account = Account {
            id: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let check = |arn: &str, expected: Result<&str, &str>| {
            let found = super::lookup_table(&account, arn);
            let found = found.as_deref().map_err(Fault::code);
            assert_eq!(found, expected, "{arn}");
        };
        let own = of_lookup_table(&account, "prices_1");
        assert_eq!(
            own,
            "arn:aws:logs:us-east-1:111122223333:lookup-table:prices_1"
        );
        check(&own, Ok("prices_1"));
        let elsewhere = own.replace("us-east-1", "eu-west-1");
        check(&elsewhere, Err("ResourceNotFoundException"));
        let invalid = Err("InvalidParameterException");
        check("prices_1", invalid);
        check(&format!("{own}:*"), invalid);
        check("arn:aws:logs:us-east-1:111122223333:lookup-table:", invalid);
        check("arn:aws:logs:us-east-1:111122223333:log-group:x", invalid);
    }
}
