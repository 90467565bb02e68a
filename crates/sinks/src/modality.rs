//! What kind of data a body is: destinations say which kinds they take.

use corelog_catalog::Modality;
use corelog_record::Document;
use corelog_record::stored::PartName;

/// The content type that the record says a body has; empty where it says none.
pub(crate) fn content_type(document: &Document, part: PartName) -> &str {
    let stated = match part {
        PartName::Input => document.input.as_ref().map(|it| &it.input_content_type),
        PartName::Output => document.output.as_ref().map(|it| &it.output_content_type),
        PartName::Events => None,
    };
    stated.and_then(Option::as_deref).unwrap_or("")
}

/// The kind of data a body is, by its content type, else by the operation, else by the model's name.
///
/// The original's flags select models by what they take and give; a body here is of one kind, and
/// only the media of Converse content are told apart within a body.
pub(crate) fn of_body(document: &Document, part: PartName) -> Modality {
    let by_type = match content_type(document, part).split('/').next() {
        Some("image") => Some(Modality::Image),
        Some("audio") => Some(Modality::Audio),
        Some("video") => Some(Modality::Video),
        _ => None,
    };
    by_type.unwrap_or_else(|| of_document(document))
}

/// The kind of data that the operation and the model are about.
pub(crate) fn of_document(document: &Document) -> Modality {
    const BY_OPERATION: [(&str, Modality); 6] = [
        ("Embeddings", Modality::Embedding),
        ("ImageGeneration", Modality::Image),
        ("Speech", Modality::Audio),
        ("Transcription", Modality::Audio),
        ("StartAsyncInvoke", Modality::Video),
        ("GetAsyncInvoke", Modality::Video),
    ];
    const BY_MODEL: [(&str, Modality); 9] = [
        ("embed", Modality::Embedding),
        ("marengo", Modality::Embedding),
        ("titan-image", Modality::Image),
        ("nova-canvas", Modality::Image),
        ("stability.", Modality::Image),
        ("nova-reel", Modality::Video),
        ("luma.", Modality::Video),
        ("nova-sonic", Modality::Audio),
        ("gpt-image", Modality::Image),
    ];
    let by_operation = BY_OPERATION
        .iter()
        .find(|(operation, _)| document.operation == *operation);
    let by_model = || {
        let model = document.model_id.as_deref().unwrap_or("");
        let invoked = document.operation.starts_with("InvokeModel");
        BY_MODEL
            .iter()
            .find(|(part, _)| invoked && model.contains(part))
    };
    by_operation
        .or_else(by_model)
        .map_or(Modality::Text, |(_, modality)| *modality)
}
