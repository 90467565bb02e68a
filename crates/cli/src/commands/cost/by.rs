//! What costs are added up by.

/// A property of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    /// The model asked for.
    Model,
    /// The caller's key.
    Caller,
    /// The end user.
    User,
    /// The provider in the configuration.
    Provider,
    /// The conversation.
    Session,
    /// The day, in UTC.
    Day,
    /// A tag, or metadata of that name.
    Tag(String),
}

impl By {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let tag = |key: &str| {
            let sound =
                !key.is_empty() && !key.chars().any(|c| c.is_control() || "\"`".contains(c));
            sound.then(|| Self::Tag(key.to_owned()))
        };
        let found = match text {
            "model" => Some(Self::Model),
            "caller" => Some(Self::Caller),
            "user" => Some(Self::User),
            "provider" => Some(Self::Provider),
            "session" => Some(Self::Session),
            "day" => Some(Self::Day),
            "team" => tag("team"),
            "tag" => return Err("say which tag, such as `tag:project`".to_owned()),
            other => other.strip_prefix("tag:").and_then(tag),
        };
        found.ok_or_else(|| {
            "write `model`, `caller`, `user`, `team`, `provider`, `session`, `day`, or `tag:KEY`"
                .to_owned()
        })
    }

    /// The name of its column.
    pub(super) fn title(&self) -> &str {
        match self {
            Self::Model => "model",
            Self::Caller => "caller",
            Self::User => "user",
            Self::Provider => "provider",
            Self::Session => "session",
            Self::Day => "day",
            Self::Tag(key) => key,
        }
    }

    /// What it is of a record, in SQL.
    pub(super) fn sql(&self) -> String {
        match self {
            Self::Model => field("modelId"),
            Self::Caller => field("corelog.caller.name"),
            Self::User => field("corelog.user"),
            Self::Provider => field("corelog.provider"),
            Self::Session => field("corelog.session"),
            Self::Day => format!("substr({}, 1, 10)", field("timestamp")),
            Self::Tag(key) => {
                let tag = field(&format!("corelog.tags.{key}"));
                format!(
                    "COALESCE({tag}, {})",
                    field(&format!("requestMetadata.{key}"))
                )
            }
        }
    }
}

/// A field of records as SQL names it.
pub(super) fn field(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL writes it.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_and_named_in_sql() {
        assert_eq!(By::parse("model"), Ok(By::Model));
        assert_eq!(By::parse("team"), Ok(By::Tag("team".to_owned())));
        assert_eq!(
            By::parse("tag:cost-center"),
            Ok(By::Tag("cost-center".to_owned()))
        );
        for wrong in ["", "models", "tag", "tag:", "tag:a\"b", "tag:a`b"] {
            assert!(By::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            By::Tag("x".to_owned()).sql(),
            "COALESCE(\"corelog.tags.x\", \"requestMetadata.x\")"
        );
        assert_eq!(text("it's"), "'it''s'");
    }
}
