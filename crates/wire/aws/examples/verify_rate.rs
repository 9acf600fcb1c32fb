//! How long a signature takes to check: `cargo run --release -p picket-wire-aws --example verify_rate`.

#![expect(clippy::unwrap_used, reason = "an example that cannot run may panic")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::Instant;

use bytes::Bytes;
use picket_core::{Clock as _, Secret, SystemClock};
use picket_wire_aws::sigv4::{Claim, Head, Rules, Signer, Verifier};

const ROUNDS: u32 = 200_000;

fn main() {
    let (secret, now) =
        (Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), SystemClock.now());
    let verifier = Verifier::new(Rules::default());
    let body = Bytes::from_static(br#"{"attributePayload":{"attributes":{"site":"north"}}}"#);
    for (name, method, body) in
        [("DescribeThing", "GET", Bytes::new()), ("CreateThing", "POST", body)]
    {
        let (mut parts, ()) = http::Request::builder()
            .method(method)
            .uri("/things/pump-17")
            .header("host", "127.0.0.1:4566")
            .header("user-agent", "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python")
            .body(())
            .unwrap()
            .into_parts();
        let signer = Signer::new("AKIDEXAMPLE", secret.clone(), "us-east-1", "iot");
        signer.sign(&mut parts, &body, now).unwrap();
        let head = Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
        let started = Instant::now();
        for _ in 0..ROUNDS {
            let claim = Claim::read(&head).unwrap();
            verifier.check(&head, &claim, now).unwrap();
            verifier.verify(&head, &claim, &secret, body.clone()).unwrap();
        }
        let us = started.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
        println!("{name}: {us:.2} µs a signature");
    }
}
