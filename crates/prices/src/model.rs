//! Names of models as people call them and bills know them.

/// What a model may be called in a list, most exact first: as it was named, without what says which build it is, and
/// without the region that a profile of Bedrock begins with.
pub(crate) struct Names<'a> {
    /// Without the parts of an ARN before its last, or a path before the model's name.
    pub(crate) exact: &'a str,
}

impl<'a> Names<'a> {
    pub(crate) fn of(model: &'a str) -> Self {
        let exact = match model.strip_prefix("arn:") {
            Some(arn) => arn.rsplit('/').next().unwrap_or(arn),
            None => model.strip_prefix("models/").unwrap_or(model),
        };
        Self { exact }
    }

    /// Without its date, version and `-latest`.
    pub(crate) fn undated(&self) -> &'a str {
        undated(self.exact)
    }
}

/// The region that a profile of Bedrock begins with, and the rest.
pub(crate) fn split_profile(model: &str) -> (&str, &str) {
    let profiles = ["us", "eu", "apac", "global", "jp", "au", "ca", "us-gov"];
    match model.split_once('.') {
        Some((profile, rest)) if profiles.contains(&profile) => (profile, rest),
        _ => ("", model),
    }
}

fn undated(model: &str) -> &str {
    let model = without_version(model);
    let model = model.strip_suffix("-latest").unwrap_or(model);
    for shape in ["-dddddddd", "@dddddddd", "-dddd-dd-dd"] {
        if let Some(at) = model.len().checked_sub(shape.len())
            && model.as_bytes()[at..]
                .iter()
                .zip(shape.bytes())
                .all(|(byte, wanted)| match wanted {
                    b'd' => byte.is_ascii_digit(),
                    mark => *byte == mark,
                })
        {
            return &model[..at];
        }
    }
    model
}

/// Without the `-v1:0` of Bedrock; `-v1` alone is part of some names there, and goes too.
fn without_version(model: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((name, version)) = model.rsplit_once("-v") else {
        return model;
    };
    let (major, minor) = version.split_once(':').unwrap_or((version, "0"));
    if digits(major) && digits(minor) {
        name
    } else {
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_a_model_have_one_name() {
        for (model, exact, undated) in [
            ("gpt-4o", "gpt-4o", "gpt-4o"),
            ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06", "gpt-4o"),
            (
                "claude-sonnet-4-5-20250929",
                "claude-sonnet-4-5-20250929",
                "claude-sonnet-4-5",
            ),
            (
                "claude-3-5-haiku-latest",
                "claude-3-5-haiku-latest",
                "claude-3-5-haiku",
            ),
            (
                "claude-sonnet-4-5@20250929",
                "claude-sonnet-4-5@20250929",
                "claude-sonnet-4-5",
            ),
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "us.anthropic.claude-sonnet-4-5",
            ),
            (
                "anthropic.claude-opus-4-6-v1",
                "anthropic.claude-opus-4-6-v1",
                "anthropic.claude-opus-4-6",
            ),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
                "amazon.nova-pro-v1:0",
                "amazon.nova-pro",
            ),
            ("models/gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-pro"),
            ("", "", ""),
            ("-v1:0", "-v1:0", ""),
            ("gpt-4-0613", "gpt-4-0613", "gpt-4-0613"),
            ("é-20250929", "é-20250929", "é"),
        ] {
            let names = Names::of(model);
            assert_eq!((names.exact, names.undated()), (exact, undated), "{model}");
        }
    }

    #[test]
    fn profiles_are_told_from_makers() {
        assert_eq!(
            split_profile("us.amazon.nova-pro"),
            ("us", "amazon.nova-pro")
        );
        assert_eq!(split_profile("amazon.nova-pro"), ("", "amazon.nova-pro"));
        assert_eq!(split_profile("gpt-4.1"), ("", "gpt-4.1"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(model in ".{0,40}") {
            let names = Names::of(&model);
            split_profile(names.undated());
        }
    }
}
