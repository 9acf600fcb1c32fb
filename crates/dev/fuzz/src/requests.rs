//! What HTTP clients send: signatures, forms, events.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use picket_core::{Secret, Timestamp};
use picket_wire_aws::query;
use picket_wire_aws::sigv4::{Claim, Head, Rules, Verifier};
use picket_wire_hec::envelope::{Events, Limits};

const NOW: Timestamp = Timestamp::from_millis(1_440_938_160_000);

/// The first line is the target, those up to an empty one are headers, the rest is the body.
pub(crate) fn signature(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let target = lines.next().unwrap_or_default();
    let Ok(uri) = Uri::try_from(target) else { return };
    let mut headers = HeaderMap::new();
    for line in lines.by_ref().take_while(|line| !line.is_empty()).take(64) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let pair = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value));
        if let (Ok(name), Ok(value)) = pair {
            headers.append(name, value);
        }
    }
    let body = lines.collect::<Vec<_>>().join(&b'\n');
    let head = Head { method: &Method::POST, uri: &uri, headers: &headers };
    let Ok(claim) = Claim::read(&head) else { return };
    let verifier = Verifier::new(Rules::default());
    verifier.check(&head, &claim, NOW).ok();
    verifier.verify(&head, &claim, &Secret::new("secret"), body.into()).ok();
}

pub(crate) fn query_form(bytes: &[u8]) {
    if let Ok(pairs) = query::pairs(bytes) {
        query::tree(&pairs).ok();
    }
}

pub(crate) fn hec_body(bytes: &[u8]) {
    for event in Events::new(bytes, Limits::default()) {
        if event.is_err() {
            break;
        }
    }
}
