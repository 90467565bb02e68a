//! Which notifier an alarm's action names.
//!
//! `arn:aws:sns:us-east-1:111122223333:ops` names `ops`, and so does
//! `arn:aws:lambda:us-east-1:111122223333:function:ops`, with or without a qualifier. Partition, region and account are
//! not looked at: alarms that were made elsewhere keep their actions.

/// The name at the end of an ARN of a topic or a function; `None` for anything else.
pub(crate) fn named(action: &str) -> Option<&str> {
    let mut parts = action.split(':');
    let head = [parts.next()?, parts.next()?, parts.next()?];
    let (_region, _account) = (parts.next()?, parts.next()?);
    let name = match head {
        ["arn", _, "sns"] => {
            let topic = parts.next()?;
            parts.next().is_none().then_some(topic)?
        }
        ["arn", _, "lambda"] => {
            if parts.next()? != "function" {
                return None;
            }
            let name = parts.next()?;
            let _qualifier = parts.next();
            parts.next().is_none().then_some(name)?
        }
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_functions_name_a_notifier() {
        for (action, expected) in [
            ("arn:aws:sns:us-east-1:111122223333:ops", Some("ops")),
            (
                "arn:aws-cn:sns:cn-north-1:111122223333:Ops_2",
                Some("Ops_2"),
            ),
            ("arn:aws:sns:::ops", Some("ops")),
            (
                "arn:aws:lambda:us-east-1:111122223333:function:page",
                Some("page"),
            ),
            (
                "arn:aws:lambda:us-east-1:111122223333:function:page:live",
                Some("page"),
            ),
            ("arn:aws:sns:us-east-1:111122223333:ops:3c4d", None),
            ("arn:aws:sns:us-east-1:111122223333:", None),
            ("arn:aws:sns:us-east-1:111122223333", None),
            ("arn:aws:lambda:us-east-1:111122223333:layer:page", None),
            ("arn:aws:automate:us-east-1:ec2:stop", None),
            (
                "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:x:y/z",
                None,
            ),
            ("ops", None),
            ("", None),
        ] {
            assert_eq!(named(action), expected, "{action}");
        }
    }
}
