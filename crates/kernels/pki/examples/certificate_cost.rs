//! What the certificates of `CreateKeysAndCertificate`, `CreateCertificateFromCsr` and just-in-time
//! registration cost: `cargo run -p picket-pki --release --example certificate_cost`.

use std::time::Duration;

use picket_core::Timestamp;
use picket_pki::{Authority, DeviceKey, Signer, SigningRequest, der_of};

const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// Processor time of one of `times` times `work`, whatever else the machine does.
fn each(times: u32, mut work: impl FnMut()) -> Duration {
    let before = on_processor();
    (0..times).for_each(|_| work());
    on_processor().saturating_sub(before) / times
}

/// How long this thread has been on a processor.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = stat.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(ns.unwrap_or(0))
}

#[expect(clippy::print_stdout, reason = "figures are what this is for")]
#[expect(clippy::unwrap_used, reason = "the inputs are in the repository")]
fn main() {
    let authority = Authority::generate(NOW).unwrap();
    let key = DeviceKey::generate().unwrap();
    let generate = each(50, || drop(DeviceKey::generate().unwrap()));
    println!("RSA-2048 key pair              {generate:?}");
    let certify = each(500, || drop(authority.certify(&key, NOW).unwrap()));
    println!("certificate for it             {certify:?}");
    for (name, pem) in [
        ("RSA-2048", include_str!("../corpus/request-rsa2048-sha256.pem")),
        ("P-256", include_str!("../corpus/request-p256-sha256.pem")),
    ] {
        let read = each(500, || drop(SigningRequest::read(pem).unwrap()));
        let request = SigningRequest::read(pem).unwrap();
        let sign = each(500, || drop(authority.sign_request(&request, NOW).unwrap()));
        println!("signing request {name:<8}       {read:?} to check, {sign:?} to sign");
    }
    for (name, ca, device) in [
        (
            "RSA-2048",
            include_str!("../corpus/ca-rsa2048-sha256.pem"),
            include_str!("../corpus/device-rsa2048-sha256.pem"),
        ),
        (
            "P-256",
            include_str!("../corpus/ca-p256-sha256.pem"),
            include_str!("../corpus/device-p256-sha256.pem"),
        ),
    ] {
        let (signer, der) = (Signer::read(ca).unwrap(), der_of(device).unwrap());
        let check = each(500, || signer.check(&der).unwrap());
        println!("signature of a {name:<8} CA     {check:?}");
    }
}
