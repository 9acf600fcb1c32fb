use std::time::Duration;

use picket_core::Tasks;

use super::*;
use crate::testsuite::{Record, TestEndpoint};
use crate::{AsyncClient, ClientError, PublishRequest, SessionError};

const GRACE: Duration = Duration::from_secs(5);

async fn connect(endpoint: &TestEndpoint, tasks: &Tasks, options: &ConnectOptions) -> AsyncClient {
    let transport = tls(endpoint, &options.client_id);
    AsyncClient::connect(tasks, &endpoint.endpoint(), &transport, options).await.unwrap()
}

/// Lets the client's tasks run until `condition` holds.
async fn wait_beside(endpoint: &TestEndpoint, what: &str, condition: impl Fn(&Record) -> bool) {
    let until = async {
        while !condition(endpoint.record()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(GRACE, until).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

#[tokio::test]
async fn publishes_are_pipelined_and_each_is_answered() {
    let endpoint = endpoint();
    let tasks = Tasks::new();
    for version in VERSIONS {
        let client = connect(&endpoint, &tasks, &options("pump-1", version)).await;
        let mut answers = Vec::new();
        for number in 0..300 {
            let payload = format!("{number}");
            let publish = PublishRequest::at_least_once("data", payload.as_bytes());
            answers.push(client.publish(&publish).await.unwrap());
        }
        for answer in answers {
            answer.await.unwrap();
        }
        assert_eq!(client.in_flight(), 0);
        client.disconnect().await;
    }
    wait_beside(&endpoint, "goodbyes", |record| record.goodbyes() == 2).await;
    let received = endpoint.record().received();
    assert_eq!(received.len(), 600);
    assert_eq!(received[299].payload, b"299");
}

#[tokio::test]
async fn a_report_is_answered_into_the_inbox() {
    let endpoint = endpoint();
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &options("pump-1", MqttVersion::V5)).await;
    client.subscribe(&["$aws/things/pump-1/defender/metrics/+/+"]).await.unwrap();
    let publish = PublishRequest::at_least_once(REPORT_TOPIC, REPORT);
    client.publish(&publish).await.unwrap().await.unwrap();
    let message = client.next_message().await.unwrap();
    assert_eq!(message.topic, format!("{REPORT_TOPIC}/accepted"));
}

#[tokio::test]
async fn a_refusal_reaches_the_one_who_asked() {
    let endpoint = TestEndpoint::start(refusing("forbidden"));
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &options("pump-1", MqttVersion::V5)).await;
    let fine = client.publish(&PublishRequest::at_least_once("fine", b"")).await.unwrap();
    let bad = client.publish(&PublishRequest::at_least_once("forbidden", b"")).await.unwrap();
    let error = bad.await.unwrap_err();
    assert!(matches!(error, ClientError::PublishRefused { .. }), "{error}");
    fine.await.unwrap();
    assert!(client.subscribe(&["forbidden"]).await.unwrap_err().is_denied());
    let transport = tls(&endpoint, "forbidden");
    let options = options("forbidden", MqttVersion::V5);
    let error =
        AsyncClient::connect(&tasks, &endpoint.endpoint(), &transport, &options).await.unwrap_err();
    assert!(matches!(error, ClientError::ConnectRefused { .. }), "{error}");
}

#[tokio::test]
async fn a_full_pipeline_says_so_and_goes_on_after_acknowledgements() {
    let endpoint = TestEndpoint::start(Behaviour { receive_maximum: 2, ..Behaviour::default() });
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &options("pump-1", MqttVersion::V5)).await;
    let publish = PublishRequest::at_least_once("data", b"x");
    let first = [client.try_publish(&publish).unwrap(), client.try_publish(&publish).unwrap()];
    let error = client.try_publish(&publish).unwrap_err();
    assert!(matches!(error, ClientError::Session(SessionError::Busy)), "{error}");
    let third = client.publish(&publish).await.unwrap();
    for answer in first.into_iter().chain([third]) {
        answer.await.unwrap();
    }
}

#[tokio::test]
async fn everyone_who_waits_learns_that_the_connection_was_cut() {
    let endpoint = TestEndpoint::start(Behaviour { acknowledge: false, ..Behaviour::default() });
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &options("pump-1", MqttVersion::V5)).await;
    let publish = PublishRequest::at_least_once("data", b"x");
    let answer = client.publish(&publish).await.unwrap();
    wait_beside(&endpoint, "it came", |record| record.received().len() == 1).await;
    endpoint.cut();
    assert!(answer.await.is_err());
    assert!(client.next_message().await.is_err());
    let error = client.publish(&publish).await.unwrap_err();
    assert!(matches!(error, ClientError::Ended(_)), "{error}");
    assert!(client.is_closed());
}

#[tokio::test]
async fn an_overdue_acknowledgement_ends_the_connection() {
    let endpoint = TestEndpoint::start(Behaviour { acknowledge: false, ..Behaviour::default() });
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &impatient("pump-1")).await;
    let publish = PublishRequest::at_least_once("data", b"x");
    let error = client.publish(&publish).await.unwrap().await.unwrap_err();
    assert!(error.to_string().starts_with("no PUBACK from localhost:"), "{error}");
}

#[tokio::test]
async fn an_idle_connection_is_kept_alive() {
    let endpoint = endpoint();
    let tasks = Tasks::new();
    let options = ConnectOptions {
        keep_alive: Duration::from_secs(1),
        ..options("pump-1", MqttVersion::V3_1_1)
    };
    let client = connect(&endpoint, &tasks, &options).await;
    wait_beside(&endpoint, "two pings", |record| record.pings() >= 2).await;
    assert!(!client.is_closed());
}

#[tokio::test]
async fn stopping_the_tasks_disconnects_in_good_order() {
    let endpoint = endpoint();
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &options("pump-1", MqttVersion::V5)).await;
    assert!(tasks.shut_down(GRACE).await);
    assert!(client.is_closed());
    endpoint.record().wait_until("goodbye", |record| record.goodbyes() == 1);
}

#[tokio::test]
async fn dropping_the_last_handle_disconnects_in_good_order() {
    let endpoint = endpoint();
    let tasks = Tasks::new();
    let client = connect(&endpoint, &tasks, &options("pump-1", MqttVersion::V5)).await;
    let clone = client.clone();
    drop(client);
    clone.publish(&PublishRequest::at_most_once("data", b"x")).await.unwrap().await.unwrap();
    drop(clone);
    wait_beside(&endpoint, "goodbye", |record| record.goodbyes() == 1).await;
    assert_eq!(endpoint.record().received().len(), 1);
}
