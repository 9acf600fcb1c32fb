//! Which service a request is for: by the scope of its signature, then by `X-Amz-Target`, then by
//! `Action`, then by its path.

use http::request::Parts;
use picket_wire_aws::Protocol;
use picket_wire_aws::sigv4::{Claim, Head, SignatureError};

use crate::operation::Service;
use crate::services::SERVICES;

/// In a request's extensions: the one service that the listener serves, whatever the content type, which
/// `curl -d` sets to a form's, may suggest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Only(pub(crate) &'static Service);

/// What the head of a request says.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The services it may be for, in the order in which they are asked.
    pub(super) services: Vec<&'static Service>,
    /// Who says to have signed it.
    pub(super) claim: Result<Claim, SignatureError>,
    /// `X-Amz-Target`.
    pub(super) target: Option<String>,
    guessed: Protocol,
}

impl Wanted {
    /// The protocol to speak in, for better or worse.
    pub(super) fn protocol(&self) -> Protocol {
        self.services.first().map_or(self.guessed, |service| service.protocol)
    }
}

/// Reads the head.
pub(super) fn services(head: &Parts) -> Wanted {
    let claim = Claim::read(&Head { method: &head.method, uri: &head.uri, headers: &head.headers });
    if let Some(Only(service)) = head.extensions.get::<Only>().copied() {
        let is_signed_for =
            |claim: &Claim| service.signing_names.contains(&claim.scope.service.as_str());
        let services = match &claim {
            Ok(claim) if !is_signed_for(claim) => Vec::new(),
            _ => vec![service],
        };
        return Wanted { services, claim, target: None, guessed: service.protocol };
    }
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let target = text("x-amz-target").map(str::to_owned);
    let is_form = text("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let guessed = match (&target, is_form) {
        (Some(_), _) => Protocol::Json11,
        (None, true) => Protocol::Query,
        (None, false) => Protocol::RestJson,
    };
    let all = SERVICES.iter().copied();
    let services: Vec<&'static Service> = match (&claim, &target) {
        (Ok(claim), _) => all
            .filter(|service| service.signing_names.contains(&claim.scope.service.as_str()))
            .collect(),
        (Err(_), Some(target)) => {
            let prefix = target.split('.').next().unwrap_or_default();
            all.filter(|service| service.target_prefix == Some(prefix)).collect()
        }
        (Err(_), None) => all.filter(|service| service.protocol == guessed).collect(),
    };
    Wanted { services, claim, target, guessed }
}
