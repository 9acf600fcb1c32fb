//! The control plane's errors in AWS's words: one table for each manner of speaking.

use picket_core::{Classified, ErrorCode, InvalidName};
use picket_mitigate::MitigationError;
use picket_notify::TopicError;
use picket_ports::RegistryError;
use picket_registry::ControlError;
use picket_wire_aws::{AwsCode, AwsError};

use crate::operation::{Operation, Service};

/// Why an operation was refused. `?` makes one of the control plane's and the registry's errors, and the
/// endpoint puts it into the words of the service; what only one service knows is an [`AwsError`] from the
/// start.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// In AWS's words.
    Aws(AwsError),
    /// In the control plane's.
    Control(ControlError),
}

impl ApiError {
    /// `InvalidRequestException`, or what the service calls it.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Control(ControlError::invalid(text))
    }
}

impl From<AwsError> for ApiError {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        Self::Control(error)
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        Self::Control(error.into())
    }
}

impl From<InvalidName> for ApiError {
    fn from(error: InvalidName) -> Self {
        Self::Control(error.into())
    }
}

impl From<TopicError> for ApiError {
    fn from(error: TopicError) -> Self {
        let code = match &error {
            TopicError::Invalid(_) => AwsCode::SnsInvalidParameter,
            TopicError::NoSuchTopic(_) | TopicError::NoSuchSubscription(_) => AwsCode::SnsNotFound,
            TopicError::NoSuchResource(_) => AwsCode::SnsResourceNotFound,
            TopicError::NotAuthorized(_) => AwsCode::AuthorizationError,
            TopicError::TooManyTopics(_) => AwsCode::TopicLimitExceeded,
            TopicError::TooManySubscriptions(_) => AwsCode::SubscriptionLimitExceeded,
            TopicError::TooManyTags(_) => AwsCode::TagLimitExceeded,
            TopicError::Storage(_) => AwsCode::SnsInternalError,
        };
        if error.code().is_server_fault() {
            tracing::error!(%error, "an AWS operation failed");
        }
        Self::Aws(AwsError::new(code, error.public_message()))
    }
}

impl From<MitigationError> for ApiError {
    fn from(error: MitigationError) -> Self {
        match error {
            MitigationError::Invalid(text) => Self::invalid(text),
            MitigationError::NotFound { kind, name } => ControlError::not_found(kind, name).into(),
            MitigationError::ActionExists { name, id, arn } => {
                ControlError::AlreadyExists { kind: "mitigation action", name, id, arn }.into()
            }
            MitigationError::TaskExists(_) => {
                Self::Aws(AwsError::new(AwsCode::TaskAlreadyExists, error.to_string()))
            }
            MitigationError::LimitExceeded(text) => ControlError::LimitExceeded(text).into(),
            MitigationError::Unavailable(cause) => ControlError::Unavailable(cause).into(),
        }
    }
}

/// As iot and iot-data say it (spec §1.2).
pub(crate) fn for_iot(error: ControlError) -> AwsError {
    let code = match &error {
        ControlError::Invalid(_) => AwsCode::InvalidRequest,
        ControlError::NotFound { .. } => AwsCode::ResourceNotFound,
        ControlError::AlreadyExists { .. } => AwsCode::ResourceAlreadyExists,
        ControlError::VersionConflict { .. } => AwsCode::VersionConflict,
        ControlError::DeleteConflict(_) => AwsCode::DeleteConflict,
        ControlError::LimitExceeded(_) => AwsCode::LimitExceeded,
        ControlError::VersionsLimitExceeded(_) => AwsCode::VersionsLimitExceeded,
        ControlError::MalformedPolicy(_) => AwsCode::MalformedPolicy,
        ControlError::CertificateState(_) => AwsCode::CertificateState,
        ControlError::CertificateValidation(_) => AwsCode::CertificateValidation,
        ControlError::CertificateConflict(_) => AwsCode::CertificateConflict,
        ControlError::RegistrationCodeValidation(_) => AwsCode::RegistrationCodeValidation,
        ControlError::RegistrationFailure(_) => AwsCode::ResourceRegistrationFailure,
        ControlError::NotConfigured(_) => AwsCode::NotConfigured,
        ControlError::Internal(_) => AwsCode::InternalFailure,
        ControlError::Unavailable(_) => AwsCode::ServiceUnavailable,
    };
    spoken(code, error)
}

/// Operations whose failures are an `InternalException`.
const SAY_INTERNAL: &[&str] = &[
    "SetLoggingOptions",
    "GetLoggingOptions",
    "SetV2LoggingOptions",
    "GetV2LoggingOptions",
    "SetV2LoggingLevel",
    "ListV2LoggingLevels",
    "DeleteV2LoggingLevel",
];

/// The error of `operation` in the words of its service.
pub(crate) fn in_words(error: ApiError, service: &Service, operation: &Operation) -> AwsError {
    let mut error = match error {
        ApiError::Aws(error) => error,
        ApiError::Control(error) => (service.faults)(error),
    };
    if error.code == AwsCode::InternalFailure && SAY_INTERNAL.contains(&operation.name) {
        error.code = AwsCode::Internal;
    }
    error
}

/// As IAM and STS say it.
pub(crate) fn for_iam(error: ControlError) -> AwsError {
    let code = match &error {
        ControlError::NotFound { .. } | ControlError::NotConfigured(_) => AwsCode::NoSuchEntity,
        ControlError::AlreadyExists { .. } => AwsCode::EntityAlreadyExists,
        ControlError::VersionConflict { .. } => AwsCode::ConcurrentModification,
        ControlError::DeleteConflict(_) => AwsCode::IamDeleteConflict,
        ControlError::LimitExceeded(_) | ControlError::VersionsLimitExceeded(_) => {
            AwsCode::IamLimitExceeded
        }
        ControlError::MalformedPolicy(_) => AwsCode::MalformedPolicyDocument,
        ControlError::Internal(_) => AwsCode::ServiceFailure,
        ControlError::Unavailable(_) => AwsCode::QueryServiceUnavailable,
        _ => AwsCode::ValidationError,
    };
    spoken(code, error)
}

/// As SNS says it.
pub(crate) fn for_sns(error: ControlError) -> AwsError {
    let code = match &error {
        ControlError::NotFound { .. } => AwsCode::SnsNotFound,
        ControlError::Internal(_) | ControlError::Unavailable(_) => AwsCode::SnsInternalError,
        _ => AwsCode::SnsInvalidParameter,
    };
    spoken(code, error)
}

/// As Cognito and the other JSON 1.1 services say it.
pub(crate) fn for_json11(error: ControlError) -> AwsError {
    let code = match &error {
        ControlError::NotFound { .. } | ControlError::NotConfigured(_) => {
            AwsCode::JsonResourceNotFound
        }
        ControlError::AlreadyExists { .. }
        | ControlError::VersionConflict { .. }
        | ControlError::DeleteConflict(_) => AwsCode::ResourceConflict,
        ControlError::LimitExceeded(_) | ControlError::VersionsLimitExceeded(_) => {
            AwsCode::JsonLimitExceeded
        }
        ControlError::Internal(_) | ControlError::Unavailable(_) => AwsCode::InternalError,
        _ => AwsCode::InvalidParameter,
    };
    spoken(code, error)
}

fn spoken(code: AwsCode, error: ControlError) -> AwsError {
    if error.code().is_server_fault() {
        tracing::error!(%error, "an AWS operation failed");
    }
    let message = match &error {
        // Only iot takes a repeated creation that changes nothing for a success.
        ControlError::AlreadyExists { kind, name, .. }
            if code != AwsCode::ResourceAlreadyExists =>
        {
            format!("{kind} with name {name} already exists")
        }
        error => error.public_message(),
    };
    let answer = AwsError::new(code, message);
    match error {
        ControlError::AlreadyExists { id, arn, .. } if code == AwsCode::ResourceAlreadyExists => {
            let answer = if id.is_empty() { answer } else { answer.with("resourceId", id) };
            if arn.is_empty() { answer } else { answer.with("resourceArn", arn) }
        }
        _ => answer,
    }
}

/// The code that `service` has for a failure of the endpoint itself.
pub(crate) fn own_of(service: &Service, code: ErrorCode) -> AwsCode {
    let is_data = service.name == crate::iot_data::SERVICE.name;
    match code {
        ErrorCode::Forbidden if is_data => AwsCode::Forbidden,
        ErrorCode::Throttled if is_data => AwsCode::DataThrottling,
        code => own(service.protocol, code),
    }
}

/// The code that `protocol` has for a failure of the endpoint itself, where the service is not known.
pub(crate) const fn own(protocol: picket_wire_aws::Protocol, code: ErrorCode) -> AwsCode {
    use picket_wire_aws::Protocol::{Json11, Query, RestJson};
    match (code, protocol) {
        (ErrorCode::Forbidden, Query) => AwsCode::QueryAccessDenied,
        (ErrorCode::Forbidden, Json11) => AwsCode::JsonAccessDenied,
        (ErrorCode::Forbidden, RestJson) => AwsCode::AccessDenied,
        (ErrorCode::Throttled, Query) => AwsCode::QueryThrottling,
        (ErrorCode::Throttled, Json11) => AwsCode::TooManyRequests,
        (ErrorCode::Throttled, RestJson) => AwsCode::Throttling,
        (ErrorCode::NotFound, Query) => AwsCode::InvalidAction,
        (ErrorCode::NotFound, _) => AwsCode::UnknownOperation,
        (ErrorCode::Timeout | ErrorCode::Unavailable, Query) => AwsCode::QueryServiceUnavailable,
        (ErrorCode::Timeout | ErrorCode::Unavailable, _) => AwsCode::ServiceUnavailable,
        (ErrorCode::LimitExceeded, _) => AwsCode::RequestEntityTooLarge,
        (ErrorCode::Internal, Query) => AwsCode::ServiceFailure,
        (ErrorCode::Internal, _) => AwsCode::InternalFailure,
        (_, Query) => AwsCode::ValidationError,
        (_, Json11) => AwsCode::InvalidParameter,
        (_, RestJson) => AwsCode::InvalidRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(name: &str, error: ControlError) -> AwsCode {
        let service = &crate::iot::SERVICE;
        let operation = service.all().find(|operation| operation.name == name);
        let operation = operation.unwrap_or_else(|| panic!("there is no {name}"));
        in_words(error.into(), service, operation).code
    }

    #[test]
    fn logging_operations_have_a_word_of_their_own_for_what_fails_here() {
        let broken = || ControlError::Internal("the disk".to_owned());
        for name in SAY_INTERNAL {
            assert_eq!(code_of(name, broken()), AwsCode::Internal, "{name}");
            let away = ControlError::Unavailable("the disk".to_owned());
            assert_eq!(code_of(name, away), AwsCode::ServiceUnavailable, "{name}");
        }
        assert_eq!(code_of("CreateThing", broken()), AwsCode::InternalFailure);
        assert_eq!(code_of("CreateThing", ControlError::invalid("no")), AwsCode::InvalidRequest);
    }

    #[test]
    fn messages_over_http_have_words_of_their_own_for_who_may_not_and_who_asks_too_often() {
        let (iot, data) = (&crate::iot::SERVICE, &crate::iot_data::SERVICE);
        for (code, of_iot, of_data) in [
            (ErrorCode::Forbidden, AwsCode::AccessDenied, AwsCode::Forbidden),
            (ErrorCode::Throttled, AwsCode::Throttling, AwsCode::DataThrottling),
            (ErrorCode::Timeout, AwsCode::ServiceUnavailable, AwsCode::ServiceUnavailable),
        ] {
            assert_eq!((own_of(iot, code), own_of(data, code)), (of_iot, of_data), "{code:?}");
        }
    }
}
