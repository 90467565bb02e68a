//! Who serves a model, under every name that there is for it: the one table of them.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/gen-ai.md>,
//! the changes of `gen_ai.system` listed there, and the values that `OpenInference` and `OpenLLMetry` write.

use corelog_record::Extension;

/// A name longer than this is none.
const NAME_BYTES_MAX: usize = 64;
/// What a span says that names nobody.
const UNKNOWN: &str = "unknown";

/// One that the conventions have a name for.
struct Known {
    /// `gen_ai.provider.name`.
    name: &'static str,
    /// What others call it, in lower case.
    said: &'static [&'static str],
    /// How the names of its hosts end.
    hosts: &'static [&'static str],
    /// Where it is called if nothing else is said.
    base: Option<&'static str>,
}

const fn known(
    name: &'static str,
    said: &'static [&'static str],
    hosts: &'static [&'static str],
    base: Option<&'static str>,
) -> Known {
    Known {
        name,
        said,
        hosts,
        base,
    }
}

const KNOWN: [Known; 19] = [
    known(
        "openai",
        &[],
        &["api.openai.com"],
        Some("https://api.openai.com/"),
    ),
    known(
        "azure.ai.openai",
        &["az.ai.openai", "azure", "azure_openai", "azure-openai"],
        &[".openai.azure.com"],
        None,
    ),
    known(
        "azure.ai.inference",
        &["az.ai.inference"],
        &[".services.ai.azure.com"],
        None,
    ),
    known(
        "anthropic",
        &["claude"],
        &["api.anthropic.com"],
        Some("https://api.anthropic.com/"),
    ),
    known(
        "aws.bedrock",
        &["aws", "bedrock", "amazon", "aws_bedrock", "amazon_bedrock"],
        &[".amazonaws.com"],
        None,
    ),
    known(
        "gcp.gemini",
        &["gemini"],
        &["generativelanguage.googleapis.com"],
        Some("https://generativelanguage.googleapis.com/"),
    ),
    known("gcp.gen_ai", &["google", "google_genai"], &[], None),
    known(
        "gcp.vertex_ai",
        &["vertex_ai", "vertexai", "vertex"],
        &["aiplatform.googleapis.com"],
        None,
    ),
    known(
        "mistral_ai",
        &["mistral", "mistralai"],
        &["api.mistral.ai"],
        None,
    ),
    known("x_ai", &["xai"], &["api.x.ai"], None),
    known("groq", &[], &["api.groq.com"], None),
    known("deepseek", &[], &["api.deepseek.com"], None),
    known("perplexity", &[], &["api.perplexity.ai"], None),
    known("cohere", &[], &["api.cohere.com", "api.cohere.ai"], None),
    known("ibm.watsonx.ai", &["watsonx", "ibm_watsonx"], &[], None),
    known("hugging_face", &["huggingface", "hugging face"], &[], None),
    known("together_ai", &["together ai", "togetherai"], &[], None),
    known("replicate", &["replicate ai"], &[], None),
    known("ollama", &["ollama ai"], &[], None),
];

/// Names that one provider goes by, because an SDK cannot tell which of its products was asked.
const ALIKE: [&str; 3] = ["gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai"];

/// The name of the conventions for what an instrumentation says; `unknown` where it says nothing.
pub(crate) fn of_said(said: Option<&str>) -> String {
    let said = said.unwrap_or(UNKNOWN).to_ascii_lowercase();
    let known = KNOWN.iter().find(|it| it.said.contains(&said.as_str()));
    let name = known.map_or(said.as_str(), |it| it.name);
    crate::call::cut(name, NAME_BYTES_MAX).to_owned()
}

/// The name of the conventions for whoever answers at a host.
pub(crate) fn of_host(host: &str) -> Option<&'static str> {
    let ends = |it: &&Known| it.hosts.iter().any(|end| host.ends_with(end));
    KNOWN.iter().find(ends).map(|it| it.name)
}

/// The `corelog.provider` that reported calls may have of a provider that the configuration calls so and that is called at
/// `upstream`, if it is one of the configuration's. The name itself comes first.
pub fn provider_names(name: &str, upstream: Option<&str>) -> Vec<String> {
    let host = upstream.and_then(authority).map(|(host, _)| host);
    let mut names = vec![name.to_owned(), of_said(Some(name))];
    names.extend(host.and_then(of_host).map(str::to_owned));
    if names.iter().any(|name| ALIKE.contains(&name.as_str())) {
        names.extend(ALIKE.iter().map(|&name| name.to_owned()));
    }
    let mut once = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// Whether the conventions have a name for a provider, so that calls to it may be reported under it.
pub fn is_provider(name: &str) -> bool {
    KNOWN.iter().any(|it| it.name == name)
}

/// Where a reported call was sent to, as the gateway would have written it: what price there is for it follows from it.
/// `None` where that is not known.
pub fn called_at(extension: &Extension, region: &str) -> Option<String> {
    let Some(upstream) = extension.upstream.as_deref() else {
        if extension.provider == "aws.bedrock" {
            return Some(format!("https://bedrock-runtime.{region}.amazonaws.com/"));
        }
        let known = KNOWN.iter().find(|it| it.name == extension.provider)?;
        return known.base.map(str::to_owned);
    };
    if upstream.contains("://") {
        return Some(format!("{}/", upstream.trim_end_matches('/')));
    }
    let (host, port) = authority(upstream)?;
    Some(match port {
        Some(80) => format!("http://{host}/"),
        None | Some(443) => format!("https://{host}/"),
        Some(port) => format!("https://{host}:{port}/"),
    })
}

/// The region that the host of an AWS service names.
pub fn region_of(upstream: &str) -> Option<&str> {
    let (host, _) = authority(upstream)?;
    let (_, region) = host.strip_suffix(".amazonaws.com")?.split_once('.')?;
    Some(region)
}

/// The host and port of an address, with the port of its scheme where none is named.
pub(crate) fn authority(upstream: &str) -> Option<(&str, Option<u16>)> {
    let (scheme, rest) = upstream.split_once("://").unwrap_or(("", upstream));
    let authority = rest.split('/').next().filter(|it| !it.is_empty())?;
    let usual = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, port.parse().ok()))
        }
        _ => Some((authority, usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_instrumentations_say() {
        for (said, name) in [
            ("AWS", "aws.bedrock"),
            ("az.ai.openai", "azure.ai.openai"),
            ("OpenAI", "openai"),
            ("mine", "mine"),
        ] {
            assert_eq!(of_said(Some(said)), name);
        }
        assert_eq!(of_said(None), "unknown");
        assert_eq!(of_said(Some(&"x".repeat(99))).len(), NAME_BYTES_MAX);
    }

    #[test]
    fn the_names_of_a_configured_provider() {
        let check = |name, upstream, expected: &[&str]| {
            assert_eq!(provider_names(name, upstream), expected, "{name}");
        };
        check("openai", None, &["openai"]);
        check("bedrock", None, &["bedrock", "aws.bedrock"]);
        let azure = Some("https://x.openai.azure.com/openai");
        check("prod", azure, &["prod", "azure.ai.openai"]);
        check("aws.bedrock", None, &["aws.bedrock"]);
        let gemini = ["gemini", "gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai"];
        check("gemini", None, &gemini);
        check("mine", Some("http://[::1]:8080/v1"), &["mine"]);
    }

    #[test]
    fn where_a_reported_call_went() {
        let check = |provider: &str, upstream: Option<&str>, expected: Option<&str>| {
            let extension = Extension {
                provider: provider.to_owned(),
                upstream: upstream.map(str::to_owned),
                ..Extension::default()
            };
            let called = called_at(&extension, "eu-west-1");
            assert_eq!(called.as_deref(), expected, "{provider} {upstream:?}");
        };
        let openai = Some("https://api.openai.com/");
        check("openai", None, openai);
        check("openai", Some("api.openai.com"), openai);
        check("openai", Some("api.openai.com:443"), openai);
        let base = Some("https://api.openai.com/v1/");
        check("openai", base, base);
        check("openai", Some("proxy:8080"), Some("https://proxy:8080/"));
        check("openai", Some("proxy:80"), Some("http://proxy/"));
        let bedrock = "https://bedrock-runtime.eu-west-1.amazonaws.com/";
        check("aws.bedrock", None, Some(bedrock));
        check("mine", None, None);
        assert_eq!(region_of(bedrock), Some("eu-west-1"));
        assert_eq!(region_of("https://api.openai.com/"), None);
    }
}
