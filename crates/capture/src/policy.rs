//! What of an exchange is kept: per provider, model, caller or header.

use corelog_types::fits_pattern;

/// How much of an exchange its record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Prompt and answer.
    #[default]
    Full,
    /// The prompt only.
    Input,
    /// The answer only.
    Output,
    /// Neither: who, when, which model, tokens, times.
    Metadata,
    /// No record at all.
    None,
}

impl Policy {
    /// Whether the prompt is kept.
    pub fn keeps_input(self) -> bool {
        matches!(self, Self::Full | Self::Input)
    }

    /// Whether the answer is kept.
    pub fn keeps_output(self) -> bool {
        matches!(self, Self::Full | Self::Output)
    }
}

/// One line of the policy. A condition that is absent holds for everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Name of a provider.
    pub provider: Option<String>,
    /// Pattern for the model, with `*` for any run of characters.
    pub model: Option<String>,
    /// Name of a caller's key.
    pub key: Option<String>,
    /// A header, and the value it must have (any, if absent).
    pub header: Option<(String, Option<String>)>,
    /// What then holds.
    pub policy: Policy,
}

/// What a rule may look at.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) provider: &'a str,
    pub(crate) model: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) headers: &'a http::HeaderMap,
}

/// The rules in order, and what holds when none fits.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// The first that fits decides.
    pub rules: Vec<Rule>,
    /// Otherwise.
    pub otherwise: Policy,
}

impl Policies {
    /// What is kept of a call that was reported rather than relayed: it has no headers for a rule to look at.
    pub fn of_reported(&self, provider: &str, model: Option<&str>, key: Option<&str>) -> Policy {
        self.decide(Subject {
            provider,
            model,
            key,
            headers: &http::HeaderMap::new(),
        })
    }

    pub(crate) fn decide(&self, subject: Subject<'_>) -> Policy {
        self.rules
            .iter()
            .find(|rule| rule.fits(subject))
            .map_or(self.otherwise, |rule| rule.policy)
    }

    /// Whether the answer is kept whatever the model turns out to be.
    pub(crate) fn surely_keep_output(&self, subject: Subject<'_>) -> bool {
        for rule in &self.rules {
            if !rule.fits_but_for_model(subject) {
                continue;
            }
            let may_fit = rule.fits_model(subject) || subject.model.is_none();
            if may_fit && !rule.policy.keeps_output() {
                return false;
            }
            if rule.fits_model(subject) {
                return true;
            }
        }
        self.otherwise.keeps_output()
    }

    /// Whether some rule looks at the model.
    pub(crate) fn ask_for_model(&self) -> bool {
        self.rules.iter().any(|rule| rule.model.is_some())
    }
}

impl Rule {
    fn fits(&self, subject: Subject<'_>) -> bool {
        self.fits_but_for_model(subject) && self.fits_model(subject)
    }

    fn fits_model(&self, subject: Subject<'_>) -> bool {
        self.model.as_deref().is_none_or(|pattern| {
            subject
                .model
                .is_some_and(|model| fits_pattern(pattern, model))
        })
    }

    fn fits_but_for_model(&self, subject: Subject<'_>) -> bool {
        let provider = self
            .provider
            .as_deref()
            .is_none_or(|name| name == subject.provider);
        let key = self
            .key
            .as_deref()
            .is_none_or(|name| subject.key == Some(name));
        let header = self.header.as_ref().is_none_or(|(name, wanted)| {
            subject.headers.get(name.as_str()).is_some_and(|value| {
                wanted
                    .as_deref()
                    .is_none_or(|wanted| value.as_bytes() == wanted.as_bytes())
            })
        });
        provider && key && header
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let policies = Policies {
            rules: vec![
                Rule {
                    model: Some("embed-*".into()),
                    policy: Policy::Metadata,
                    ..Rule::default()
                },
                Rule {
                    header: Some(("x-private".into(), None)),
                    policy: Policy::None,
                    ..Rule::default()
                },
            ],
            otherwise: Policy::Full,
        };
        let mut headers = HeaderMap::new();
        let ask = |model, headers: &HeaderMap| {
            policies.decide(Subject {
                provider: "p",
                model,
                key: None,
                headers,
            })
        };
        assert_eq!(ask(Some("embed-3"), &headers), Policy::Metadata);
        assert_eq!(ask(None, &headers), Policy::Full);
        headers.insert("x-private", "yes".parse().unwrap());
        assert_eq!(ask(Some("gpt"), &headers), Policy::None);
        assert!(policies.ask_for_model());
    }

    #[test]
    fn an_answer_is_kept_for_sure_only_where_no_model_changes_that() {
        let rule = |model: Option<&str>, policy| Rule {
            model: model.map(str::to_owned),
            policy,
            ..Rule::default()
        };
        let headers = HeaderMap::new();
        let check = |rules: &[Rule], otherwise, model, expected| {
            let policies = Policies {
                rules: rules.to_vec(),
                otherwise,
            };
            let subject = Subject {
                provider: "p",
                model,
                key: None,
                headers: &headers,
            };
            assert_eq!(
                policies.surely_keep_output(subject),
                expected,
                "{policies:?}"
            );
        };
        check(&[], Policy::Full, None, true);
        check(&[], Policy::Input, None, false);
        let secret = rule(Some("secret-*"), Policy::Metadata);
        let rules = [secret, rule(None, Policy::Output)];
        check(&rules, Policy::None, None, false);
        check(&rules, Policy::None, Some("secret-1"), false);
        check(&rules, Policy::None, Some("other"), true);
        let known = [rule(Some("public-*"), Policy::Full)];
        check(&known, Policy::None, None, false);
        check(&known, Policy::Full, None, true);
        check(&known, Policy::None, Some("public-1"), true);
        let elsewhere = Rule {
            provider: Some("q".to_owned()),
            ..rule(None, Policy::None)
        };
        check(&[elsewhere], Policy::Full, None, true);
    }
}
