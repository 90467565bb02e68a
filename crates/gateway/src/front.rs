//! The front door: which provider a request is for, told by its path.
//!
//! ```text
//! /{name}/…                         the provider of that name
//! /openai/… /anthropic/… /bedrock/… the dialect's default, where no provider has that name
//! /v1/messages… /v1/complete        Anthropic's default
//! /v1/…                             OpenAI's default
//! /model/… /guardrail/… /guardrail-checks/… /async-invoke…   Bedrock's default
//! ```
//! A dialect's default is the first of its providers whose model patterns fit the request's model, else
//! the provider named like the dialect, else its first without patterns.

use std::sync::Arc;

use corelog_types::{Dialect, fits_pattern};

use crate::provider::Provider;

/// Where a request goes, before the model has its say.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// To this one, with this path and query.
    Provider(&'a Arc<Provider>, &'a str),
    /// To a provider of the dialect, with this path and query.
    Dialect(Dialect, &'a str),
    /// Nowhere.
    Nowhere,
}

/// Finds the provider for a path with its query.
pub(crate) fn find<'a>(providers: &'a [Arc<Provider>], path: &'a str) -> Found<'a> {
    let (first, rest) = split_first(path);
    if let Some(provider) = providers
        .iter()
        .find(|provider| provider.name.as_ref() == first)
    {
        let shared = provider.name.as_ref() == provider.dialect.as_str()
            && providers
                .iter()
                .any(|p| p.dialect == provider.dialect && !p.models.is_empty());
        return if shared {
            Found::Dialect(provider.dialect, rest)
        } else {
            Found::Provider(provider, rest)
        };
    }
    match first {
        "openai" => Found::Dialect(Dialect::OpenAi, rest),
        "anthropic" => Found::Dialect(Dialect::Anthropic, rest),
        "bedrock" => Found::Dialect(Dialect::Bedrock, rest),
        "model" | "guardrail" | "guardrail-checks" | "async-invoke" => {
            Found::Dialect(Dialect::Bedrock, path)
        }
        "v1" => {
            let (second, _) = split_first(rest);
            let anthropic = matches!(second, "messages" | "complete");
            let dialect = if anthropic {
                Dialect::Anthropic
            } else {
                Dialect::OpenAi
            };
            Found::Dialect(dialect, path)
        }
        _ => Found::Nowhere,
    }
}

/// Whether choosing among the dialect's providers needs the request's model.
pub(crate) fn asks_for_model(providers: &[Arc<Provider>], dialect: Dialect) -> bool {
    providers
        .iter()
        .any(|provider| provider.dialect == dialect && !provider.models.is_empty())
}

/// The dialect's provider for a model.
pub(crate) fn choose<'a>(
    providers: &'a [Arc<Provider>],
    dialect: Dialect,
    model: Option<&str>,
) -> Option<&'a Arc<Provider>> {
    let of_dialect = || {
        providers
            .iter()
            .filter(|provider| provider.dialect == dialect)
    };
    let fits = |provider: &&Arc<Provider>| {
        model.is_some_and(|m| {
            provider
                .models
                .iter()
                .any(|pattern| fits_pattern(pattern, m))
        })
    };
    of_dialect()
        .find(fits)
        .or_else(|| {
            let open = |p: &&Arc<Provider>| p.models.is_empty();
            of_dialect()
                .filter(open)
                .find(|p| p.name.as_ref() == dialect.as_str())
        })
        .or_else(|| of_dialect().find(|provider| provider.models.is_empty()))
}

/// The first segment of a path, and the path behind it.
fn split_first(path: &str) -> (&str, &str) {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let end = inner.find(['/', '?']).unwrap_or(inner.len());
    inner.split_at(end)
}

/// The language in which to speak to a caller nobody else is responsible for.
pub(crate) fn dialect_of_stranger(path: &str, headers: &http::HeaderMap) -> Dialect {
    let signed = headers
        .get("authorization")
        .is_some_and(|value| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256"));
    // Bedrock's control API is called by AWS clients alone, with a signature or with an API key.
    if signed || path.starts_with("/logging/") {
        Dialect::Bedrock
    } else if path.starts_with("/anthropic") || headers.contains_key("anthropic-version") {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::provider;

    fn check(providers: &[Arc<Provider>], path: &str, expected: &str) {
        let found = match find(providers, path) {
            Found::Provider(provider, rest) => format!("{} {rest}", provider.name),
            Found::Dialect(dialect, rest) => format!("any {dialect} {rest}"),
            Found::Nowhere => "nowhere".to_owned(),
        };
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn strangers_are_spoken_to_in_their_own_language() {
        let none = http::HeaderMap::new();
        for (path, dialect) in [
            ("/logging/modelinvocations", Dialect::Bedrock),
            ("/anthropic/v1/messages", Dialect::Anthropic),
            ("/metrics", Dialect::OpenAi),
        ] {
            assert_eq!(dialect_of_stranger(path, &none), dialect, "{path}");
        }
    }

    #[test]
    fn paths_lead_to_providers() {
        let some = [
            provider("openai", Dialect::OpenAi, &[]),
            provider("azure", Dialect::OpenAi, &[]),
        ];
        check(
            &some,
            "/openai/v1/chat/completions?x=1",
            "openai /v1/chat/completions?x=1",
        );
        check(&some, "/azure/chat/completions", "azure /chat/completions");
        check(
            &some,
            "/anthropic/v1/messages",
            "any anthropic /v1/messages",
        );
        check(
            &some,
            "/v1/messages?beta=true",
            "any anthropic /v1/messages?beta=true",
        );
        check(&some, "/v1/embeddings", "any openai /v1/embeddings");
        check(
            &some,
            "/model/a%2Fb/invoke",
            "any bedrock /model/a%2Fb/invoke",
        );
        check(&some, "/azureish/x", "nowhere");
        check(&some, "/", "nowhere");
    }

    #[test]
    fn a_model_pattern_wins_over_the_name() {
        let some = [
            provider("openai", Dialect::OpenAi, &[]),
            provider("local", Dialect::OpenAi, &["llama-*", "qwen*"]),
        ];
        check(&some, "/openai/v1/x", "any openai /v1/x");
        let chosen = |model| {
            choose(&some, Dialect::OpenAi, model)
                .unwrap()
                .name
                .to_string()
        };
        assert_eq!(chosen(Some("llama-3")), "local");
        assert_eq!(chosen(Some("gpt-4o")), "openai");
        assert_eq!(chosen(None), "openai");
        assert!(choose(&some, Dialect::Bedrock, None).is_none());
        assert!(asks_for_model(&some, Dialect::OpenAi));
    }
}
