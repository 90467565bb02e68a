//! Errors of AWS's rest-json protocol.

/// An error, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers to set.
    pub headers: [(&'static str, String); 2],
    /// `{"message":"…"}`
    pub body: Vec<u8>,
}

/// The HTTP status of an exception; 500 for a name that no model has.
///
/// Source: the exceptions of the `bedrock` and `bedrock-runtime` service models.
pub fn status_of(exception: &str) -> u16 {
    match exception {
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "MissingAuthenticationTokenException" => 403,
        "ConflictException"
        | "ServiceQuotaExceededException"
        | "ValidationException"
        | "IncompleteSignatureException" => 400,
        "ResourceNotFoundException" | "UnknownOperationException" => 404,
        "ModelTimeoutException" => 408,
        "RequestEntityTooLargeException" => 413,
        "ModelErrorException" | "ModelStreamErrorException" => 424,
        "ModelNotReadyException" | "ThrottlingException" => 429,
        "ServiceUnavailableException" => 503,
        _ => 500,
    }
}

/// Renders an exception as the service does: the name in a header, the message in the body.
pub fn error(exception: &str, message: &str) -> ErrorAnswer {
    error_with_status(status_of(exception), exception, message)
}

/// As [`error`], with a status of the caller's choice.
pub fn error_with_status(status: u16, exception: &str, message: &str) -> ErrorAnswer {
    let body = serde_json::json!({ "message": message });
    ErrorAnswer {
        status,
        headers: [
            ("content-type", "application/json".to_owned()),
            ("x-amzn-errortype", exception.to_owned()),
        ],
        body: body.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_has_its_status_its_name_and_its_message() {
        let answer = error("ThrottlingException", "Too many \"requests\"");
        assert_eq!(answer.status, 429);
        assert_eq!(
            answer.headers[1],
            ("x-amzn-errortype", "ThrottlingException".to_owned())
        );
        assert_eq!(answer.body, br#"{"message":"Too many \"requests\""}"#);
        assert_eq!(status_of("SomethingNew"), 500);
    }
}
