use std::time::Duration;

use super::*;
use crate::testsuite::TestEndpoint;
use crate::{
    ALPN_MQTT, BlockingClient, ClientError, Endpoint, Identity, IdentityError, Message,
    PublishRequest,
};

const PATIENCE: Duration = Duration::from_secs(5);

fn message(client: &mut BlockingClient) -> Message {
    client.next_message(PATIENCE).unwrap().expect("a message")
}

#[test]
fn a_report_is_acknowledged_and_its_answer_delivered_in_both_versions() {
    let endpoint = endpoint();
    for version in VERSIONS {
        let transport = tls(&endpoint, "pump-1");
        let options = options("pump-1", version);
        let mut client =
            BlockingClient::connect(&endpoint.endpoint(), &transport, &options).unwrap();
        let accepted = format!("{REPORT_TOPIC}/accepted");
        client.subscribe(&[&accepted, &format!("{REPORT_TOPIC}/rejected")]).unwrap();
        client.publish(&PublishRequest::at_least_once(REPORT_TOPIC, REPORT)).unwrap();
        assert_eq!(message(&mut client).topic, accepted);
        client.publish(&PublishRequest::at_most_once(REPORT_TOPIC, b"nonsense")).unwrap();
        assert_eq!(message(&mut client).topic, format!("{REPORT_TOPIC}/rejected"));
        client.disconnect();
    }
    endpoint.record().wait_until("both said goodbye", |record| record.goodbyes() == 2);
    let received = endpoint.record().received();
    assert_eq!(
        received.iter().map(|it| it.acknowledged).collect::<Vec<_>>(),
        [true, false, true, false]
    );
}

#[test]
fn the_alpn_name_of_mqtt_is_offered_and_a_large_payload_goes_through() {
    let endpoint = endpoint();
    let config = client_config(&endpoint.identity("pump-1"), Some(ALPN_MQTT)).unwrap();
    let options = options("pump-1", MqttVersion::V5);
    let transport = Transport::Tls(config);
    let mut client = BlockingClient::connect(&endpoint.endpoint(), &transport, &options).unwrap();
    let payload = vec![7; 100_000];
    client.publish(&PublishRequest::at_least_once("data", &payload)).unwrap();
    assert_eq!(endpoint.record().received()[0].payload, payload);
}

#[test]
fn a_plaintext_port_is_served_without_a_certificate() {
    let endpoint = endpoint();
    let options = options("bench", MqttVersion::V3_1_1);
    let mut client =
        BlockingClient::connect(&endpoint.plain_endpoint(), &Transport::Plain, &options).unwrap();
    client.publish(&PublishRequest::at_least_once("data", b"x")).unwrap();
}

fn connect_error(endpoint: &TestEndpoint, transport: &Transport) -> ClientError {
    let options = options("pump-1", MqttVersion::V5);
    BlockingClient::connect(&endpoint.endpoint(), transport, &options).unwrap_err()
}

#[test]
fn a_certificate_the_server_does_not_know_is_reported_as_refused() {
    let endpoint = endpoint();
    let stranger = client_config(&endpoint.stranger("pump-1"), None).unwrap();
    let error = connect_error(&endpoint, &Transport::Tls(stranger));
    assert!(error.is_denied(), "{error}");
    assert!(error.to_string().contains("does not accept our certificate"), "{error}");
}

#[test]
fn a_server_of_another_authority_is_not_trusted() {
    let (endpoint, other) = (endpoint(), super::endpoint());
    let error = connect_error(&endpoint, &tls(&other, "pump-1"));
    assert!(matches!(error, ClientError::ServerNotTrusted { .. }), "{error}");
    assert!(error.to_string().contains("check the CA file and the host name"), "{error}");
}

#[test]
fn a_refused_connect_says_why() {
    let endpoint = TestEndpoint::start(refusing("pump-1"));
    let transport = tls(&endpoint, "pump-1");
    let port = endpoint.endpoint().port;
    let error = connect_error(&endpoint, &transport);
    assert_eq!(
        error.to_string(),
        format!(
            "localhost:{port} refused the connection as client `pump-1`: not authorized (reason code 0x87)"
        )
    );
    assert!(error.is_denied());
}

#[test]
fn a_refused_publish_or_subscription_leaves_the_connection_usable() {
    let endpoint = TestEndpoint::start(refusing("forbidden"));
    let transport = tls(&endpoint, "pump-1");
    let options = options("pump-1", MqttVersion::V5);
    let mut client = BlockingClient::connect(&endpoint.endpoint(), &transport, &options).unwrap();
    let error = client.publish(&PublishRequest::at_least_once("forbidden", b"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the publish on `forbidden` was refused: not authorized (reason code 0x87): refused by the test"
    );
    let error = client.subscribe(&["fine", "forbidden"]).unwrap_err();
    assert!(
        matches!(&error, ClientError::SubscribeRefused { filter, .. } if filter == "forbidden")
    );
    client.publish(&PublishRequest::at_least_once("fine", b"")).unwrap();
}

#[test]
fn version_3_1_1_learns_of_a_refused_publish_by_being_cut_off() {
    let endpoint = TestEndpoint::start(refusing("forbidden"));
    let transport = tls(&endpoint, "pump-1");
    let options = options("pump-1", MqttVersion::V3_1_1);
    let mut client = BlockingClient::connect(&endpoint.endpoint(), &transport, &options).unwrap();
    let error = client.publish(&PublishRequest::at_least_once("forbidden", b"")).unwrap_err();
    assert!(matches!(error, ClientError::Closed { what: "PUBACK", .. }), "{error}");
}

#[test]
fn an_acknowledgement_that_does_not_come_is_a_timeout() {
    let endpoint = TestEndpoint::start(Behaviour { acknowledge: false, ..Behaviour::default() });
    let transport = tls(&endpoint, "pump-1");
    let mut client =
        BlockingClient::connect(&endpoint.endpoint(), &transport, &impatient("pump-1")).unwrap();
    let error = client.publish(&PublishRequest::at_least_once("data", b"")).unwrap_err();
    assert!(matches!(error, ClientError::Timeout { what: "PUBACK", .. }), "{error}");
}

#[test]
fn a_waiting_client_pings_and_notices_a_server_that_stopped_answering() {
    let endpoint = TestEndpoint::start(Behaviour { answer_pings: false, ..Behaviour::default() });
    let transport = tls(&endpoint, "pump-1");
    let options = ConnectOptions { keep_alive: Duration::from_secs(1), ..impatient("pump-1") };
    let mut client = BlockingClient::connect(&endpoint.endpoint(), &transport, &options).unwrap();
    let error = client.next_message(PATIENCE).unwrap_err();
    assert!(error.to_string().contains("has not answered a PINGREQ"), "{error}");
    assert_eq!(endpoint.record().pings(), 1);
}

#[test]
fn a_connection_cut_by_the_server_is_noticed_while_waiting() {
    let endpoint = endpoint();
    let transport = tls(&endpoint, "pump-1");
    let options = options("pump-1", MqttVersion::V5);
    let mut client = BlockingClient::connect(&endpoint.endpoint(), &transport, &options).unwrap();
    endpoint.cut();
    assert!(client.next_message(PATIENCE).is_err());
}

#[test]
fn a_port_nobody_listens_on_and_a_name_without_address_are_told_apart() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = options("pump-1", MqttVersion::V5);
    let refused = Endpoint::new("127.0.0.1", free);
    let error = BlockingClient::connect(&refused, &Transport::Plain, &options).unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error}");
    let nowhere = Endpoint::new("nowhere.invalid", 8883);
    let error = BlockingClient::connect(&nowhere, &Transport::Plain, &options).unwrap_err();
    assert!(matches!(error, ClientError::Resolve { .. }), "{error}");
}

#[test]
fn identity_files_are_judged_one_by_one() {
    let endpoint = endpoint();
    let directory = tempfile::tempdir().unwrap();
    let paths = endpoint.identity_files(directory.path(), "pump-1");
    Identity::load(&paths).unwrap();

    let other = tempfile::tempdir().unwrap();
    let mut mixed = paths.clone();
    mixed.key = endpoint.identity_files(other.path(), "pump-2").key;
    assert!(matches!(Identity::load(&mixed), Err(IdentityError::KeyMismatch { .. })));

    std::fs::write(&paths.key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
    let error = Identity::load(&paths).unwrap_err().to_string();
    assert!(error.contains("key file") && error.contains("is not usable"), "{error}");

    std::fs::remove_file(&paths.certificate).unwrap();
    let error = Identity::load(&paths).unwrap_err();
    assert!(error.is_not_found(), "{error}");
}
