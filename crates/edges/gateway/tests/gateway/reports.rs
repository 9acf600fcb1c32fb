//! Reports that come for somebody else, or that cannot be stored.

use crate::bench::Bench;
use crate::client::Client;

const BASE: &str = "$aws/things/pump/defender/metrics/json";
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*",
    "Resource":"*"}]}"#;

fn device(bench: &Bench, v5: bool) -> Client {
    let device = bench.device();
    let mut client = Client::secure(bench, &device, v5);
    client.connect("pump");
    client.subscribe(&[(&format!("{BASE}/accepted"), 0), (&format!("{BASE}/rejected"), 0)]);
    client
}

/// A report as far as its id matters.
fn report(text: &str) -> String {
    format!(r#"{{"hed":{{"rid":7,"v":"1.0"}},"met":{{}},"text":"{text}"}}"#)
}

#[test]
fn a_report_that_cannot_be_stored_is_rejected_and_not_acknowledged() {
    let bench = Bench::start();
    for v5 in [false, true] {
        let mut client = device(&bench, v5);
        client.publish(BASE, &report("full"), 1, false);
        // The order of the two is open; 3.1.1 has no way to say no but to close.
        let mut got = [client.next(), client.next()];
        got.sort();
        let [rejected, end] = got;
        assert_eq!(end, if v5 { "puback UnspecifiedError" } else { "closed" });
        let expected = [
            r#"/rejected={"thingName":"pump","reportId":7,"status":"REJECTED""#,
            r#""ErrorCode":"InternalError""#,
            "could not be stored; send it again later",
        ];
        expected.iter().for_each(|part| assert!(rejected.contains(part), "{rejected}"));
        if v5 {
            // There is room again.
            client.publish(BASE, &report("good"), 1, false);
            let mut got = [client.next(), client.next()];
            got.sort();
            assert_eq!(got, [format!("{BASE}/accepted={{}} @0"), "puback".to_owned()]);
        }
    }
    let book = bench.gateway.ledger();
    assert_eq!(book.dropped.get("report_not_stored"), Some(&2));
    assert_eq!((book.received, book.delivered, book.in_flight), (3, 1, 0));
    assert!(bench.intake.reports.lock().unwrap().len() == 1);
}

#[test]
fn a_report_of_qos_0_is_answered_all_the_same() {
    let bench = Bench::start();
    let mut client = device(&bench, false);
    for (payload, answer) in [(report("full"), "rejected"), (report("good"), "accepted")] {
        client.publish(BASE, &payload, 0, false);
        let got = client.next();
        assert!(got.starts_with(&format!("{BASE}/{answer}=")), "{got}");
    }
}

#[test]
fn a_report_on_the_topic_of_another_thing_needs_the_right_and_belongs_to_that_thing() {
    let bench = Bench::start();
    let other = "$aws/things/valve/defender/metrics/json";
    let mut v3 = device(&bench, false);
    v3.publish(other, "good", 1, false);
    assert_eq!(v3.next(), "closed");
    let mut v5 = device(&bench, true);
    v5.publish(other, "good", 1, false);
    assert_eq!(v5.next(), "puback NotAuthorized");
    assert!(bench.counted("pump").contains(&format!("denied {other}")));
    assert!(bench.intake.reports.lock().unwrap().is_empty());
    bench.registry.set_policy(ALLOW_ALL);
    let mut allowed = device(&bench, true);
    allowed.publish(other, "good", 1, false);
    assert_eq!(allowed.next(), "puback");
    assert_eq!(bench.intake.reports.lock().unwrap()[0].thing, "valve");
    // The front door counts the message for the one who sent it.
    assert!(bench.counted("pump").contains(&format!("in {other} 4")));
}

#[test]
fn a_retained_report_is_refused() {
    let bench = Bench::start();
    bench.registry.set_policy(ALLOW_ALL);
    let mut client = device(&bench, true);
    client.publish(BASE, "good", 1, true);
    assert_eq!(client.next(), "puback TopicNameInvalid");
}
