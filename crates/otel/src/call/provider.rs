//! Names of providers: those of the conventions, and what others call them.

use crate::attributes::Attributes;

/// What instrumentations say, in lower case, and the name of today's conventions.
///
/// Source: <https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/gen-ai.md>,
/// the changes of `gen_ai.system` listed there, and the values that `OpenInference` and `OpenLLMetry` write.
const NAMES: [(&str, &str); 22] = [
    ("az.ai.openai", "azure.ai.openai"),
    ("azure", "azure.ai.openai"),
    ("az.ai.inference", "azure.ai.inference"),
    ("aws", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("amazon", "aws.bedrock"),
    ("gemini", "gcp.gemini"),
    ("google", "gcp.gen_ai"),
    ("google_genai", "gcp.gen_ai"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("xai", "x_ai"),
    ("watsonx", "ibm.watsonx.ai"),
    ("ibm_watsonx", "ibm.watsonx.ai"),
    ("huggingface", "hugging_face"),
    ("hugging face", "hugging_face"),
    ("together ai", "together_ai"),
    ("togetherai", "together_ai"),
    ("replicate ai", "replicate"),
    ("ollama ai", "ollama"),
];

/// A name longer than this is none.
const NAME_BYTES_MAX: usize = 64;

/// The provider that a span names; `unknown` where it names none.
pub(super) fn of(it: &Attributes) -> String {
    // OpenInference: who serves the model, then whose it is.
    let said = it.first_text(&[
        "gen_ai.provider.name",
        "gen_ai.system",
        "llm.provider",
        "llm.system",
        "llm.vendor",
    ]);
    let name = said.unwrap_or("unknown").to_ascii_lowercase();
    let known = NAMES.iter().find(|(from, _)| *from == name);
    let name = known.map_or(name.as_str(), |(_, name)| name);
    super::cut(name, NAME_BYTES_MAX).to_owned()
}
