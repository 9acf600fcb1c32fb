//! Errors as AWS's clients parse them: one table of codes with their HTTP statuses (spec iot-core §1.2),
//! and one rendering for each protocol.

use serde_json::{Map, Value};

use crate::xml;

/// The protocols of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// JSON bodies, operations told apart by method and path: iot, iot-data.
    RestJson,
    /// JSON 1.1, operations told apart by `X-Amz-Target`: Cognito, Firehose.
    Json11,
    /// Forms in, XML out, operations told apart by `Action`: IAM, STS.
    Query,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal;)*) => {
        /// Every error code in use, with its HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AwsCode { $($(#[$doc])* $variant,)* }

        impl AwsCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code's text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

codes! {
    // iot and iot-data, spec §1.2
    /// An argument is malformed or breaks a rule.
    InvalidRequest = "InvalidRequestException", 400;
    /// The document is not a policy.
    MalformedPolicy = "MalformedPolicyException", 400;
    /// A rule's SQL does not parse.
    SqlParse = "SqlParseException", 400;
    /// The certificate is not acceptable.
    CertificateValidation = "CertificateValidationException", 400;
    /// The verification certificate lacks the registration code.
    RegistrationCodeValidation = "RegistrationCodeValidationException", 400;
    /// A provisioning template failed.
    ResourceRegistrationFailure = "ResourceRegistrationFailureException", 400;
    /// Too often, as iot says it.
    Throttling = "ThrottlingException", 400;
    /// Too often, as iot-data says it.
    DataThrottling = "ThrottlingException", 429;
    /// A task has this id already.
    TaskAlreadyExists = "TaskAlreadyExistsException", 400;
    /// Not authorized.
    Unauthorized = "UnauthorizedException", 401;
    /// Not authorized, as iot-data says it.
    Forbidden = "ForbiddenException", 403;
    /// It is not there.
    ResourceNotFound = "ResourceNotFoundException", 404;
    /// Logging was never set up.
    NotConfigured = "NotConfiguredException", 404;
    /// The method does not fit the path.
    MethodNotAllowed = "MethodNotAllowedException", 405;
    /// The certificate is in the wrong state.
    CertificateState = "CertificateStateException", 406;
    /// It is there already.
    ResourceAlreadyExists = "ResourceAlreadyExistsException", 409;
    /// It is at another version.
    VersionConflict = "VersionConflictException", 409;
    /// A policy has as many versions as it may.
    VersionsLimitExceeded = "VersionsLimitExceededException", 409;
    /// It is still in use.
    DeleteConflict = "DeleteConflictException", 409;
    /// Several authorities could have signed it.
    CertificateConflict = "CertificateConflictException", 409;
    /// Somebody else changes it right now.
    ConflictingResourceUpdate = "ConflictingResourceUpdateException", 409;
    /// A quota is used up.
    LimitExceeded = "LimitExceededException", 410;
    /// The body is too large.
    RequestEntityTooLarge = "RequestEntityTooLargeException", 413;
    /// The fault is ours.
    InternalFailure = "InternalFailureException", 500;
    /// The fault is ours, as the logging operations and Device Defender say it.
    Internal = "InternalException", 500;
    /// A part that is needed does not work at the moment.
    ServiceUnavailable = "ServiceUnavailableException", 503;
    /// It took too long.
    GatewayTimeout = "GatewayTimeoutException", 504;

    // who is calling, JSON protocols
    /// The request is not signed.
    MissingAuthenticationToken = "MissingAuthenticationTokenException", 403;
    /// The signature's parts are incomplete or malformed.
    IncompleteSignature = "IncompleteSignatureException", 400;
    /// The access key, or its session token, is not known.
    UnrecognizedClient = "UnrecognizedClientException", 403;
    /// The session is over.
    ExpiredToken = "ExpiredTokenException", 403;
    /// The signature is wrong.
    InvalidSignature = "InvalidSignatureException", 403;
    /// The signature's time is outside the window.
    RequestExpired = "RequestExpired", 403;
    /// The caller is known but may not.
    AccessDenied = "AccessDeniedException", 403;
    /// No such operation.
    UnknownOperation = "UnknownOperationException", 404;
    /// The body is not what the protocol asks for.
    Serialization = "SerializationException", 400;

    // who is calling, query protocol
    /// The request is not signed.
    QueryMissingAuthenticationToken = "MissingAuthenticationToken", 403;
    /// The signature's parts are incomplete or malformed.
    QueryIncompleteSignature = "IncompleteSignature", 400;
    /// The access key, or its session token, is not known.
    InvalidClientTokenId = "InvalidClientTokenId", 403;
    /// The session is over.
    QueryExpiredToken = "ExpiredToken", 403;
    /// The signature is wrong.
    SignatureDoesNotMatch = "SignatureDoesNotMatch", 403;
    /// The caller is known but may not.
    QueryAccessDenied = "AccessDenied", 403;
    /// No such operation.
    InvalidAction = "InvalidAction", 400;
    /// The form cannot be read.
    MalformedQueryString = "MalformedQueryString", 400;
    /// Too often.
    QueryThrottling = "Throttling", 400;
    /// The fault is ours.
    ServiceFailure = "ServiceFailure", 500;
    /// A part that is needed does not work at the moment.
    QueryServiceUnavailable = "ServiceUnavailable", 503;

    // IAM
    /// It is not there.
    NoSuchEntity = "NoSuchEntity", 404;
    /// It is there already.
    EntityAlreadyExists = "EntityAlreadyExists", 409;
    /// It is still in use.
    IamDeleteConflict = "DeleteConflict", 409;
    /// A quota is used up.
    IamLimitExceeded = "LimitExceeded", 409;
    /// The document is not a policy.
    MalformedPolicyDocument = "MalformedPolicyDocument", 400;
    /// It belongs to AWS and cannot be changed.
    UnmodifiableEntity = "UnmodifiableEntity", 400;
    /// An argument breaks a constraint of the model.
    ValidationError = "ValidationError", 400;
    /// An argument is wrong.
    InvalidInput = "InvalidInput", 400;
    /// Somebody else changes it right now.
    ConcurrentModification = "ConcurrentModification", 409;

    // SNS
    /// An argument is malformed or breaks a rule.
    SnsInvalidParameter = "InvalidParameter", 400;
    /// It is not there.
    SnsNotFound = "NotFound", 404;
    /// What tags are asked of is not there.
    SnsResourceNotFound = "ResourceNotFound", 404;
    /// The caller is known but may not.
    AuthorizationError = "AuthorizationError", 403;
    /// There are as many topics as there can be.
    TopicLimitExceeded = "TopicLimitExceeded", 403;
    /// The topic has as many subscriptions as it can.
    SubscriptionLimitExceeded = "SubscriptionLimitExceeded", 403;
    /// The topic would have more tags than it can.
    TagLimitExceeded = "TagLimitExceeded", 400;
    /// A batch without entries.
    EmptyBatchRequest = "EmptyBatchRequest", 400;
    /// A batch with too many entries.
    TooManyEntriesInBatchRequest = "TooManyEntriesInBatchRequest", 400;
    /// Two entries of a batch have the same id.
    BatchEntryIdsNotDistinct = "BatchEntryIdsNotDistinct", 400;
    /// An id of a batch that is none.
    InvalidBatchEntryId = "InvalidBatchEntryId", 400;
    /// A batch that is too large.
    BatchRequestTooLong = "BatchRequestTooLong", 400;
    /// The fault is ours.
    SnsInternalError = "InternalError", 500;

    // Cognito and other JSON 1.1 services, which say 400 to everything the caller did
    /// An argument is wrong.
    InvalidParameter = "InvalidParameterException", 400;
    /// It is not there.
    JsonResourceNotFound = "ResourceNotFoundException", 400;
    /// It clashes with what is there.
    ResourceConflict = "ResourceConflictException", 400;
    /// A quota is used up.
    JsonLimitExceeded = "LimitExceededException", 400;
    /// Too often.
    TooManyRequests = "TooManyRequestsException", 400;
    /// The fault is ours.
    InternalError = "InternalErrorException", 500;
    /// The caller is known but may not.
    JsonAccessDenied = "AccessDeniedException", 400;
}

/// An error on its way to the caller. Its message holds nothing an outsider may not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct AwsError {
    /// The code.
    pub code: AwsCode,
    /// What went wrong, for people.
    pub message: String,
    /// More members of the body, for example `resourceId` and `resourceArn`.
    pub members: Vec<(&'static str, String)>,
}

/// An answer as it goes on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    /// `content-type`.
    pub content_type: &'static str,
    /// `x-amzn-ErrorType`, where the protocol has it.
    pub error_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

impl AwsError {
    /// An error that says `message`.
    pub fn new(code: AwsCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), members: Vec::new() }
    }

    /// `InvalidRequestException`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(AwsCode::InvalidRequest, message)
    }

    /// With one more member in the body.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The error in the words of `protocol`.
    pub fn render(&self, protocol: Protocol, request_id: &str) -> Rendered {
        match protocol {
            Protocol::RestJson => self.json("application/json"),
            Protocol::Json11 => self.json("application/x-amz-json-1.1"),
            Protocol::Query => self.xml(request_id),
        }
    }

    fn json(&self, content_type: &'static str) -> Rendered {
        let code = self.code.as_str();
        let mut body = Map::new();
        body.insert("__type".to_owned(), code.into());
        body.insert("message".to_owned(), self.message.as_str().into());
        for (name, value) in &self.members {
            body.insert((*name).to_owned(), value.as_str().into());
        }
        Rendered {
            status: self.code.status(),
            content_type,
            error_type: Some(code),
            body: Value::Object(body).to_string(),
        }
    }

    fn xml(&self, request_id: &str) -> Rendered {
        let at_fault = if self.code.status() < 500 { "Sender" } else { "Receiver" };
        let mut body = String::from("<ErrorResponse><Error>");
        xml::element(&mut body, "Type", at_fault);
        xml::element(&mut body, "Code", self.code.as_str());
        xml::element(&mut body, "Message", &self.message);
        body.push_str("</Error>");
        xml::element(&mut body, "RequestId", request_id);
        body.push_str("</ErrorResponse>");
        Rendered { status: self.code.status(), content_type: "text/xml", error_type: None, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> AwsError {
        AwsError::new(AwsCode::ResourceAlreadyExists, "thing <a> & b")
            .with("resourceId", "1")
            .with("resourceArn", "arn:x")
    }

    #[test]
    fn json_names_the_code_in_the_header_and_in_the_body() {
        let rendered = error().render(Protocol::RestJson, "r");
        assert_eq!(rendered.status, 409);
        assert_eq!(rendered.error_type, Some("ResourceAlreadyExistsException"));
        assert_eq!(
            rendered.body,
            r#"{"__type":"ResourceAlreadyExistsException","message":"thing <a> & b","resourceId":"1","resourceArn":"arn:x"}"#
        );
        let rendered = error().render(Protocol::Json11, "r");
        assert_eq!(rendered.content_type, "application/x-amz-json-1.1");
    }

    #[test]
    fn xml_carries_code_message_fault_and_request_id() {
        let rendered =
            AwsError::new(AwsCode::NoSuchEntity, "role <a>").render(Protocol::Query, "r-1");
        assert_eq!(rendered.status, 404);
        assert_eq!(
            rendered.body,
            "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
             <Message>role &lt;a&gt;</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        );
    }

    #[test]
    fn statuses_are_the_ones_of_the_spec() {
        let expected = [
            (400, "InvalidRequestException MalformedPolicyException SqlParseException"),
            (400, "CertificateValidationException RegistrationCodeValidationException"),
            (400, "ResourceRegistrationFailureException ThrottlingException"),
            (401, "UnauthorizedException"),
            (403, "ForbiddenException MissingAuthenticationTokenException AccessDeniedException"),
            (403, "UnrecognizedClientException InvalidSignatureException"),
            (404, "ResourceNotFoundException NotConfiguredException UnknownOperationException"),
            (405, "MethodNotAllowedException"),
            (406, "CertificateStateException"),
            (409, "ResourceAlreadyExistsException VersionConflictException"),
            (409, "VersionsLimitExceededException DeleteConflictException"),
            (409, "CertificateConflictException ConflictingResourceUpdateException"),
            (410, "LimitExceededException"),
            (413, "RequestEntityTooLargeException"),
            (429, "ThrottlingException"),
            (500, "InternalFailureException InternalException"),
            (503, "ServiceUnavailableException"),
        ];
        for (status, names) in expected {
            for name in names.split(' ') {
                let mut same = AwsCode::ALL.iter().filter(|code| code.as_str() == name);
                assert!(same.any(|code| code.status() == status), "{name} with {status}");
            }
        }
    }
}
