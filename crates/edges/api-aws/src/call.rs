//! A call of an operation: what the handlers parse their input from.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use ahash::AHashMap;
use bytes::Bytes;
use http::HeaderMap;
use picket_core::{CertificateId, Role, Timestamp};
use picket_ports::{KeyOwner, KeyRights, RoleSession};
use picket_registry::{ControlError, ControlPlane};
use picket_wire_aws::timestamp::parse_query_time;
use picket_wire_aws::{AwsCode, AwsError, Protocol, query};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::endpoint::Shared;
use crate::fault::ApiError;
use crate::operation::{ApiResult, Operation, Service};

/// Most levels of a JSON body.
const DEPTH_MAX: usize = 32;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A user, by an access key, or the session of a role, by its temporary one.
    User(KeyOwner),
    /// A device, by its client certificate. Few operations let it in, see
    /// [`crate::operation::Access::is_for_devices`].
    Device(CertificateId),
}

impl Caller {
    /// The name in the audit trail and in the scope of tokens.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::User(owner) => &owner.user,
            Self::Device(certificate) => certificate.as_str(),
        }
    }

    pub(crate) fn is_admin(&self) -> bool {
        matches!(self, Self::User(owner) if owner.rights == KeyRights::User(Role::Admin))
    }

    /// The session of a role, where it is one: its policies decide what it may do.
    pub(crate) fn session(&self) -> Option<&Arc<RoleSession>> {
        match self {
            Self::User(KeyOwner { rights: KeyRights::Session(session), .. }) => Some(session),
            _ => None,
        }
    }
}

/// One call. Everything in it is as the client sent it, once decoded.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) service: &'static Service,
    pub(crate) operation: &'static Operation,
    pub(crate) caller: Caller,
    pub(crate) labels: AHashMap<&'static str, String>,
    /// The query's pairs; for the query protocol none.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) source: String,
    pub(crate) request_id: String,
}

impl Call {
    /// The control plane.
    pub(crate) fn control(&self) -> &ControlPlane {
        &self.shared.deps.control
    }

    /// The ARN of the caller.
    pub(crate) fn caller_arn(&self) -> String {
        let (account, name) = (self.control().account(), self.caller.name());
        match &self.caller {
            Caller::Device(_) => account.iot_arn(&format!("cert/{name}")),
            Caller::User(_) if self.caller.session().is_some() => {
                format!("arn:aws:sts::{}:{name}", account.id)
            }
            Caller::User(_) => format!("arn:aws:iam::{}:user/{name}", account.id),
        }
    }

    /// The address of the caller.
    pub(crate) fn source_ip(&self) -> Option<IpAddr> {
        self.source.parse::<SocketAddr>().ok().map(|address| address.ip().to_canonical())
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.deps.clock.now()
    }

    /// A label of the operation's path, decoded.
    pub(crate) fn label(&self, name: &str) -> ApiResult<&str> {
        self.labels.get(name).map(String::as_str).ok_or_else(|| {
            ControlError::Internal(format!("the path of the operation has no label {name}")).into()
        })
    }

    /// A query parameter, `None` where it is absent.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that has to be there.
    pub(crate) fn query_needed(&self, name: &str) -> ApiResult<&str> {
        self.query(name)
            .ok_or_else(|| ApiError::invalid(format!("the query parameter `{name}` is missing")))
    }

    /// `true` or `false` in the query; false where it is absent.
    pub(crate) fn query_flag(&self, name: &str) -> ApiResult<bool> {
        match self.query(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(format!(
                "the query parameter `{name}` is `{}`; it must be true or false",
                shortened(other)
            ))),
        }
    }

    /// A number in the query, within `range`.
    pub(crate) fn query_number<N>(
        &self,
        name: &str,
        range: RangeInclusive<N>,
    ) -> ApiResult<Option<N>>
    where
        N: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.query(name) else { return Ok(None) };
        match text.parse::<N>() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::invalid(format!(
                "the query parameter `{name}` is `{}`; it must be a number from {} to {}",
                shortened(text),
                range.start(),
                range.end()
            ))),
        }
    }

    /// A time in the query, `None` where it is absent.
    pub(crate) fn query_time(&self, name: &str) -> ApiResult<Option<Timestamp>> {
        let Some(text) = self.query(name) else { return Ok(None) };
        parse_query_time(text).map(Some).ok_or_else(|| {
            ApiError::invalid(format!(
                "the query parameter `{name}` is `{}`; it must be a time such as \
                 2024-05-01T00:00:00Z, or seconds since 1970",
                shortened(text)
            ))
        })
    }

    /// `startTime` and `endTime` in the query, which have to be there, in that order.
    pub(crate) fn query_period(&self) -> ApiResult<(Timestamp, Timestamp)> {
        let needed = |name| {
            self.query_needed(name)?;
            self.query_time(name).map(Option::unwrap_or_default)
        };
        let (start, end) = (needed("startTime")?, needed("endTime")?);
        if start > end {
            return Err(ApiError::invalid("`startTime` must not be after `endTime`"));
        }
        Ok((start, end))
    }

    /// A header, `None` where it is absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header that has to be there.
    pub(crate) fn header_needed(&self, name: &str) -> ApiResult<&str> {
        self.header(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::invalid(format!("the header `{name}` is missing")))
    }

    /// The body's members. Unknown ones are ignored, and an empty body is an object without members.
    /// The query protocol's form comes the same way, with a text in every leaf.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> ApiResult<T> {
        let members = self.members()?;
        serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
            let path = error.path().to_string();
            let cause = error.into_inner();
            self.malformed(if path == "." {
                cause.to_string()
            } else {
                format!("the member `{}`: {cause}", shortened(&path))
            })
        })
    }

    /// The body's members as they are.
    pub(crate) fn members(&self) -> ApiResult<Map<String, Value>> {
        if self.service.protocol == Protocol::Query {
            let pairs = query::pairs(&self.body).map_err(|e| self.malformed(e.to_string()))?;
            return query::tree(&pairs).map_err(|e| self.malformed(e.to_string()));
        }
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        check_depth(&self.body).map_err(|text| self.malformed(text))?;
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err(self.malformed("the body is not a JSON object".to_owned())),
            Err(error) => Err(self.malformed(format!("the body is not JSON: {error}"))),
        }
    }

    fn malformed(&self, text: String) -> ApiError {
        match self.service.protocol {
            Protocol::Json11 => AwsError::new(AwsCode::Serialization, text).into(),
            Protocol::RestJson | Protocol::Query => ApiError::invalid(text),
        }
    }
}

/// `text` as it may stand in a message.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

fn check_depth(body: &[u8]) -> Result<(), String> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(format!("the body is nested more than {DEPTH_MAX} levels deep"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_nesting_counts_as_depth() {
        assert!(
            check_depth(r#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""}"#.as_bytes()).is_ok()
        );
        assert!(check_depth("[".repeat(32).as_bytes()).is_ok());
        assert!(check_depth("[".repeat(33).as_bytes()).is_err());
        assert!(check_depth("[]".repeat(1000).as_bytes()).is_ok());
    }
}
