//! What changes in the registry do to sessions that are open.

use std::time::{Duration, Instant};

use picket_ports::directory::DirectoryChange;
use picket_ports::registry::CertificateStatus;

use crate::bench::{ALLOW_ALL, Bench};
use crate::client::Client;

const CONNECT_AND_PUBLISH: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["iot:Connect","iot:Publish","iot:Receive"],"Resource":"*"},
  {"Effect":"Allow","Action":"iot:Subscribe","Resource":"*:topicfilter/kept"}]}"#;

#[test]
fn a_policy_that_is_detached_cuts_the_sessions_of_its_certificate_only() {
    let bench = Bench::start();
    let (one, two) = (bench.device(), bench.device());
    let mut first = Client::secure(&bench, &one, true);
    first.connect("first");
    let mut second = Client::secure(&bench, &two, true);
    second.connect("second");
    let start = Instant::now();
    bench.registry.set_policies_of(&one.id, &[]);
    assert_eq!(
        first.next_told(),
        "disconnect NotAuthorized: iot:Connect on client/first is not allowed: no policy applies to \
         the certificate"
    );
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(first.next(), "closed");
    assert!(second.is_quiet());
    second.publish("own/second/x", "x", 1, false);
    assert_eq!(second.next(), "puback");
}

#[test]
fn a_subscription_ends_when_the_right_to_it_does() {
    let bench = Bench::start();
    let device = bench.device();
    bench.registry.set_policies_of(&device.id, &[("all", ALLOW_ALL)]);
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    client.subscribe(&[("kept", 0), ("lost/#", 0)]);
    bench.registry.set_policies_of(&device.id, &[("less", CONNECT_AND_PUBLISH)]);
    bench.until("ended", || !bench.broker.has_audience("lost/x"));
    client.publish("lost/x", "1", 1, false);
    assert_eq!(client.next(), "puback");
    client.publish("kept", "2", 0, false);
    assert_eq!(client.next(), "kept=2 @0");
    assert_eq!(client.subscribe(&[("lost/#", 0)]), "suback NotAuthorized");
}

#[test]
fn a_session_that_is_taken_up_again_has_lost_the_subscriptions_that_are_no_longer_allowed() {
    let bench = Bench::start();
    let device = bench.device();
    bench.registry.set_policies_of(&device.id, &[("all", ALLOW_ALL)]);
    let mut client = Client::secure(&bench, &device, false);
    client.connect_with("pump", false, 60, Vec::new());
    client.subscribe(&[("kept", 1), ("lost/#", 1)]);
    client.disconnect();
    bench.until("gone", || bench.gateway.counters().open == 0);
    bench.registry.set_policies_of(&device.id, &[("less", CONNECT_AND_PUBLISH)]);
    let mut client = Client::secure(&bench, &device, false);
    assert_eq!(client.connect_with("pump", false, 60, Vec::new()), "connack Accepted true");
    assert!(bench.broker.has_audience("kept") && !bench.broker.has_audience("lost/x"));
}

#[test]
fn a_right_to_publish_is_lost_and_won_within_a_second() {
    let bench = Bench::start();
    let device = bench.device();
    bench.registry.set_policies_of(&device.id, &[("all", ALLOW_ALL)]);
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    let less = CONNECT_AND_PUBLISH.replace("\"iot:Publish\",", "");
    for (policy, expected) in
        [(less.as_str(), "puback NotAuthorized"), (ALLOW_ALL, "puback")].repeat(3)
    {
        bench.registry.set_policies_of(&device.id, &[("device", policy)]);
        let start = Instant::now();
        loop {
            client.publish("any", "x", 1, false);
            if client.next() == expected {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(1), "{expected}");
        }
    }
}

#[test]
fn a_certificate_that_is_removed_cuts_its_session_and_one_of_another_status_too() {
    let bench = Bench::start();
    for (v5, told) in [
        (true, "disconnect AdministrativeAction: the certificate is not registered"),
        (false, "closed"),
    ] {
        let device = bench.device();
        let mut client = Client::secure(&bench, &device, v5);
        client.connect("pump");
        bench.registry.remove(&device.id);
        assert_eq!(client.next_told(), told);
    }
    let device = bench.device();
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    // Told of a change that was none for it.
    bench.registry.set_status(&device.id, CertificateStatus::Active);
    client.publish("own/pump/x", "x", 1, false);
    assert_eq!(client.next(), "puback");
    bench.registry.set_status(&device.id, CertificateStatus::Revoked);
    assert_eq!(client.next_told(), "disconnect AdministrativeAction: the certificate is REVOKED");
}

#[test]
fn a_revoked_peer_that_does_not_read_is_cut_in_time_too() {
    let bench = Bench::start();
    bench.registry.set_policy(ALLOW_ALL);
    let device = bench.device();
    let mut deaf = Client::secure(&bench, &device, true);
    deaf.connect("deaf");
    deaf.subscribe(&[("t", 0)]);
    let mut loud = Client::plain(&bench, false);
    loud.connect("loud");
    let payload = "x".repeat(100_000);
    for _ in 0..300 {
        loud.publish("t", &payload, 1, false);
        assert_eq!(loud.next(), "puback");
    }
    let is_stuck = || bench.broker.ledger().dropped.contains_key("queue_full");
    bench.until("its socket is full", || is_stuck() || bench.broker.ledger().delivered < 300);
    let start = Instant::now();
    bench.registry.set_status(&device.id, CertificateStatus::Revoked);
    bench.until("cut", || bench.gateway.counters().open == 1);
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
}

#[test]
fn a_revoked_device_whose_report_waits_for_the_disk_is_cut_in_time_too() {
    let bench = Bench::start();
    let device = bench.device();
    bench.intake.gate.forget_permits(usize::MAX);
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    client.publish("$aws/things/pump/defender/metrics/json", "{}", 1, false);
    bench.until("taken", || bench.gateway.ledger().in_flight == 1);
    let start = Instant::now();
    bench.registry.set_status(&device.id, CertificateStatus::Revoked);
    assert_eq!(client.next_told(), "disconnect AdministrativeAction: the certificate is REVOKED");
    assert_eq!(client.next(), "closed");
    bench.until("closed", || bench.gateway.counters().open == 0);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let book = bench.gateway.ledger();
    assert_eq!((book.in_flight, book.dropped.get("connection_ended")), (0, Some(&1)));
}

#[test]
fn two_hundred_sessions_learn_of_a_change_within_a_second() {
    const COUNT: usize = 200;
    let bench = Bench::start();
    bench.registry.set_policy(ALLOW_ALL);
    let devices: Vec<_> = (0..COUNT).map(|_| bench.device()).collect();
    let mut clients: Vec<Client> = devices
        .iter()
        .enumerate()
        .map(|(n, device)| {
            let mut client = Client::secure(&bench, device, true);
            assert_eq!(client.connect(&format!("d-{n}")), "connack Success false");
            client.subscribe(&[(&format!("lost/{n}"), 0)]);
            client
        })
        .collect();
    let reached = || (0..COUNT).filter(|n| bench.broker.has_audience(&format!("lost/{n}"))).count();
    assert_eq!(reached(), COUNT);
    let start = Instant::now();
    bench.registry.set_policy(CONNECT_AND_PUBLISH);
    bench.until("all subscriptions ended", || reached() == 0);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    // A storm of changes is worked off together.
    for _ in 0..100 {
        bench.registry.tell(DirectoryChange::Rights);
    }
    let start = Instant::now();
    for device in &devices {
        bench.registry.set_status(&device.id, CertificateStatus::Revoked);
    }
    bench.until("all are cut", || bench.gateway.counters().open == 0);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(clients.iter_mut().all(|client| client.next() == "disconnect AdministrativeAction"));
}
