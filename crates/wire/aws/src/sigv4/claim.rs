//! What a request says about who signed it.

use picket_core::{Secret, Timestamp};

use super::canonical::{decoded, query_pairs};
use super::error::SignatureError;
use super::{ALGORITHM, Head};
use crate::timestamp::parse_amz_date;

/// Longest list of signed headers.
const SIGNED_HEADERS_MAX: usize = 128;
/// Longest life of a presigned request: seven days.
const EXPIRES_SECONDS_MAX: u64 = 604_800;

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `yyyymmdd`.
    pub date: String,
    /// For example `us-east-1`.
    pub region: String,
    /// For example `iot`.
    pub service: String,
}

impl Scope {
    /// `date/region/service/aws4_request`.
    pub fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// Where the signature was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query.
    Presigned {
        /// How long it is good for. MQTT over WebSocket may leave it out.
        expires_seconds: Option<u64>,
    },
}

/// Who says to have signed a request; nothing of it has been proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The access key's id.
    pub access_key: String,
    /// What the signature is good for.
    pub scope: Scope,
    /// When it was made.
    pub at: Timestamp,
    /// Where it was found.
    pub form: Form,
    /// The session token, where there is one.
    pub security_token: Option<Secret>,
    /// The names of the headers it covers, as given: lower case, sorted.
    pub signed_headers: Vec<String>,
    pub(crate) amz_date: String,
    pub(crate) signature: String,
}

impl Claim {
    /// Reads the claim of a request. `Missing` where there is none.
    pub fn read(head: &Head<'_>) -> Result<Self, SignatureError> {
        let presigned = head.uri.query().is_some_and(|query| {
            query_pairs(query).any(|(name, _)| decoded(name) == "X-Amz-Signature")
        });
        match head.headers.get_all(http::header::AUTHORIZATION).iter().count() {
            0 if presigned => from_query(head),
            0 => Err(SignatureError::missing()),
            1 if presigned => Err(SignatureError::incomplete(
                "the request is signed twice: in the Authorization header and in the query",
            )),
            1 => from_header(head),
            _ => Err(SignatureError::incomplete("the request has two Authorization headers")),
        }
    }

    /// The time the signature ends to be good by itself; `None` for a header, which only the clock
    /// skew bounds.
    pub fn expires(&self) -> Option<Timestamp> {
        match self.form {
            Form::Header | Form::Presigned { expires_seconds: None } => None,
            Form::Presigned { expires_seconds: Some(seconds) } => {
                Some(self.at.plus(std::time::Duration::from_secs(seconds)))
            }
        }
    }
}

fn from_header(head: &Head<'_>) -> Result<Claim, SignatureError> {
    let text = head
        .header("authorization")
        .ok_or_else(|| SignatureError::incomplete("the Authorization header is not ASCII"))?;
    let Some(rest) =
        text.trim().strip_prefix(ALGORITHM).filter(|rest| rest.starts_with([' ', '\t']))
    else {
        let scheme: String = text.chars().take_while(|c| !c.is_whitespace()).take(32).collect();
        return Err(SignatureError::incomplete(format!(
            "the Authorization header begins with `{scheme}`; only {ALGORITHM} is understood"
        )));
    };
    let (mut credential, mut signed, mut signature) = (None, None, None);
    for part in rest.split(',') {
        let (name, value) = part.trim().split_once('=').unwrap_or((part.trim(), ""));
        let slot = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed,
            "Signature" => &mut signature,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(SignatureError::incomplete(format!(
                "the Authorization header has {name} twice"
            )));
        }
    }
    let need = |part: Option<&str>, name: &str| {
        part.filter(|value| !value.is_empty()).map(str::to_owned).ok_or_else(|| {
            SignatureError::incomplete(format!("the Authorization header has no {name}"))
        })
    };
    build(Parts {
        credential: need(credential, "Credential")?,
        signed: need(signed, "SignedHeaders")?,
        signature: need(signature, "Signature")?,
        amz_date: date_of(head)?,
        token: head.header("x-amz-security-token").map(Secret::new),
        form: Form::Header,
    })
}

/// The signing time, from `X-Amz-Date` or else from `Date`.
fn date_of(head: &Head<'_>) -> Result<String, SignatureError> {
    if let Some(text) = head.header("x-amz-date") {
        return Ok(text.trim().to_owned());
    }
    let Some(text) = head.header("date") else {
        return Err(SignatureError::incomplete("the request has neither X-Amz-Date nor Date"));
    };
    let instant = jiff::fmt::rfc2822::parse(text.trim()).map_err(|_| {
        SignatureError::incomplete(format!("the Date header `{text}` is not a time"))
    })?;
    Ok(instant.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string())
}

fn from_query(head: &Head<'_>) -> Result<Claim, SignatureError> {
    let query = head.uri.query().unwrap_or_default();
    let find = |wanted: &str| {
        let mut found = query_pairs(query).filter(|(name, _)| decoded(name) == wanted);
        let value = found.next().map(|(_, value)| decoded(value).into_owned());
        match found.next() {
            Some(_) => Err(SignatureError::incomplete(format!("the query has {wanted} twice"))),
            None => Ok(value.filter(|value| !value.is_empty())),
        }
    };
    let need = |wanted: &str| {
        find(wanted)?
            .ok_or_else(|| SignatureError::incomplete(format!("the query has no {wanted}")))
    };
    let algorithm = need("X-Amz-Algorithm")?;
    if algorithm != ALGORITHM {
        return Err(SignatureError::incomplete(format!(
            "X-Amz-Algorithm is `{algorithm}`; only {ALGORITHM} is understood"
        )));
    }
    let expires_seconds = match find("X-Amz-Expires")? {
        None => None,
        Some(text) => match text.parse::<u64>() {
            Ok(seconds @ 1..=EXPIRES_SECONDS_MAX) => Some(seconds),
            _ => {
                return Err(SignatureError::incomplete(format!(
                    "X-Amz-Expires is `{text}`; it must be from 1 to {EXPIRES_SECONDS_MAX} seconds"
                )));
            }
        },
    };
    build(Parts {
        credential: need("X-Amz-Credential")?,
        signed: need("X-Amz-SignedHeaders")?,
        signature: need("X-Amz-Signature")?,
        amz_date: need("X-Amz-Date")?,
        token: find("X-Amz-Security-Token")?.map(Secret::new),
        form: Form::Presigned { expires_seconds },
    })
}

struct Parts {
    credential: String,
    signed: String,
    signature: String,
    amz_date: String,
    token: Option<Secret>,
    form: Form,
}

fn build(parts: Parts) -> Result<Claim, SignatureError> {
    let at = parse_amz_date(&parts.amz_date).ok_or_else(|| {
        SignatureError::incomplete(format!(
            "the signing time `{}` is not of the form 20250101T000000Z",
            parts.amz_date
        ))
    })?;
    let (access_key, scope) = credential(&parts.credential)?;
    if !parts.amz_date.starts_with(&scope.date) {
        return Err(SignatureError::incomplete(format!(
            "the credential's date {} is not the day of the signing time {}",
            scope.date, parts.amz_date
        )));
    }
    let hex = parts.signature.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if parts.signature.len() != 64 || !hex {
        return Err(SignatureError::incomplete(
            "the signature is not 64 lower-case hexadecimal digits",
        ));
    }
    let signed_headers: Vec<String> = parts.signed.split(';').map(str::to_owned).collect();
    let is_name = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase())
    };
    if signed_headers.len() > SIGNED_HEADERS_MAX || !signed_headers.iter().all(is_name) {
        return Err(SignatureError::incomplete(
            "SignedHeaders is not a list of lower-case header names separated by `;`",
        ));
    }
    if !signed_headers.is_sorted_by(|a, b| a < b) {
        return Err(SignatureError::incomplete(
            "SignedHeaders is not in order, or names one twice",
        ));
    }
    Ok(Claim {
        access_key,
        scope,
        at,
        form: parts.form,
        security_token: parts.token,
        signed_headers,
        amz_date: parts.amz_date,
        signature: parts.signature,
    })
}

fn credential(text: &str) -> Result<(String, Scope), SignatureError> {
    // An access key may hold a slash in theory; the scope is the last four parts.
    let mut parts = text.rsplitn(5, '/');
    let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
    let read = (next(), next(), next(), next(), next());
    let (Some(end), Some(service), Some(region), Some(date), Some(access_key)) = read else {
        return Err(SignatureError::incomplete(
            "the credential is not of the form KEY/yyyymmdd/REGION/SERVICE/aws4_request",
        ));
    };
    if end != "aws4_request" {
        return Err(SignatureError::incomplete("the credential does not end with aws4_request"));
    }
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SignatureError::incomplete(
            "the credential's date is not of the form yyyymmdd",
        ));
    }
    Ok((access_key, Scope { date, region, service }))
}
