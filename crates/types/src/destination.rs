//! ARNs of what log events are sent to: destinations of subscription filters.

use std::fmt;

/// The ARN of a destination of subscription filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationArn {
    text: String,
    vendor: Vendor,
    account: String,
    name: String,
}

/// A text that is no ARN of what log events can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the ARN of a Lambda function, a Kinesis stream, a Firehose stream or a destination of CloudWatch Logs"
)]
pub struct InvalidDestination;

/// Which service a destination is of; it decides about the form of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// A function.
    Lambda,
    /// A stream.
    Kinesis,
    /// A delivery stream.
    Firehose,
    /// A destination of `CloudWatch` Logs, which stands for a stream of another account.
    Logs,
}

impl Vendor {
    /// Its name in ARNs, and in what the service says of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Kinesis => "kinesis",
            Self::Firehose => "firehose",
            Self::Logs => "logs",
        }
    }
}

impl DestinationArn {
    /// Takes an ARN: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with a version or an alias behind another colon if
    /// need be, `…:kinesis:…:stream/NAME`, `…:firehose:…:deliverystream/NAME` or `…:logs:…:destination:NAME`.
    ///
    /// # Errors
    /// [`InvalidDestination`].
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidDestination> {
        let text = text.into();
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, service, _, account, resource] = parts[..] else {
            return Err(InvalidDestination);
        };
        let (vendor, name) = match service {
            "lambda" => {
                let function = resource.strip_prefix("function:");
                let name = function.and_then(|it| it.split(':').next());
                (Vendor::Lambda, name)
            }
            "kinesis" => (Vendor::Kinesis, resource.strip_prefix("stream/")),
            "firehose" => (Vendor::Firehose, resource.strip_prefix("deliverystream/")),
            "logs" => (Vendor::Logs, resource.strip_prefix("destination:")),
            _ => return Err(InvalidDestination),
        };
        let name = name.filter(|name| !name.is_empty());
        Ok(Self {
            vendor,
            account: account.to_owned(),
            name: name.ok_or(InvalidDestination)?.to_owned(),
            text,
        })
    }

    /// The ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The service.
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What the function or the stream is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for DestinationArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_a_service_and_a_thing() {
        for (text, expected) in [
            (
                "arn:aws:lambda:us-east-1:111122223333:function:Hook",
                Some((Vendor::Lambda, "Hook")),
            ),
            (
                "arn:aws:lambda:us-east-1:111122223333:function:hook:live",
                Some((Vendor::Lambda, "hook")),
            ),
            (
                "arn:aws-cn:kinesis:cn-north-1:111122223333:stream/s.1",
                Some((Vendor::Kinesis, "s.1")),
            ),
            (
                "arn:aws:firehose:us-east-1:111122223333:deliverystream/d",
                Some((Vendor::Firehose, "d")),
            ),
            (
                "arn:aws:logs:us-east-1:111122223333:destination:all",
                Some((Vendor::Logs, "all")),
            ),
            ("arn:aws:lambda:us-east-1:111122223333:function:", None),
            ("arn:aws:lambda:us-east-1:111122223333:layer:l", None),
            ("arn:aws:kinesis:us-east-1:111122223333:stream:s", None),
            ("arn:aws:s3:::bucket", None),
            ("arn:aws:logs", None),
            ("hook", None),
            ("", None),
        ] {
            let found = DestinationArn::new(text).ok();
            let found = found.as_ref().map(|it| (it.vendor(), it.name()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
