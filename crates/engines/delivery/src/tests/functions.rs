//! Streams whose records go through a function.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::collector::Collector;
use super::rig::{Rig, Setup, document, lambda};
use crate::{Functions, InvokeError};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

/// Wraps each record into an event; drops `drop`, fails `fail`, and itself as often as told.
#[derive(Debug, Default)]
struct Wrapper {
    failures_left: Mutex<u32>,
    events: Mutex<Vec<Value>>,
}

#[async_trait]
impl Functions for Wrapper {
    async fn invoke(&self, function_arn: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        assert_eq!(function_arn, ARN);
        let event: Value = serde_json::from_slice(&event).unwrap();
        self.events.lock().push(event.clone());
        let mut left = self.failures_left.lock();
        if *left > 0 {
            *left -= 1;
            return Err(InvokeError::Failed("exception".to_owned()));
        }
        let records: Vec<Value> =
            event["records"].as_array().unwrap().iter().map(result_of).collect();
        Ok(json!({"records": records}).to_string().into())
    }
}

fn result_of(record: &Value) -> Value {
    let data = STANDARD.decode(record["data"].as_str().unwrap()).unwrap();
    let (result, data) = match data.as_slice() {
        b"drop" => ("Dropped", String::new()),
        b"fail" => ("ProcessingFailed", String::new()),
        other => ("Ok", json!({"event": String::from_utf8_lossy(other)}).to_string()),
    };
    json!({"recordId": record["recordId"], "result": result, "data": STANDARD.encode(data)})
}

async fn rig(collector: &Collector, functions: Option<Arc<dyn Functions>>) -> Rig {
    let setup = Setup { functions, ..Setup::to(collector) };
    let members = json!({"ProcessingConfiguration": lambda(ARN)});
    Rig::new(&setup, &document(collector, members)).await
}

#[tokio::test]
async fn an_unknown_function_fails_the_records_with_their_original_bytes() {
    let collector = Collector::start().await;
    let rig = rig(&collector, None).await;
    rig.put_all(&["a", "b"]).await.unwrap();
    assert_eq!(rig.settled().await.dropped["processing_failed"], 2);
    let (_, text) = rig.objects().pop().unwrap();
    let message = format!(
        r#""errorCode":"Lambda.ResourceNotFound","errorMessage":"function `{ARN}` does not exist","attemptsMade":1"#
    );
    assert_eq!(text.matches(&message).count(), 2, "{text}");
    assert!(text.contains(r#""rawData":"YQ==""#) && text.contains(r#""rawData":"Yg==""#));
    assert!(collector.seen().is_empty());
}

#[tokio::test]
async fn a_functions_results_decide_about_each_record() {
    let collector = Collector::start().await;
    let wrapper = Arc::new(Wrapper::default());
    let rig = rig(&collector, Some(wrapper.clone())).await;
    let receipts = rig.put_all(&["a", "drop", "fail", "d"]).await.unwrap();
    let ledger = rig.settled().await;
    assert_eq!(ledger.delivered, 2);
    assert_eq!(
        (ledger.dropped["left_out_by_function"], ledger.dropped["processing_failed"]),
        (1, 1)
    );
    assert_eq!(collector.events(), ["a", "d"]);
    let event = wrapper.events.lock().remove(0);
    assert_eq!(
        event["deliveryStreamArn"],
        "arn:aws:firehose:eu-west-1:123456789012:deliverystream/dd-DeliveryStream"
    );
    assert_eq!(event["region"], "eu-west-1");
    assert_eq!(event["records"][0]["recordId"], receipts[0].record_id);
    assert_eq!(event["records"][0]["approximateArrivalTimestamp"], 1_735_689_600_120_i64);
}

#[tokio::test]
async fn only_an_invocation_that_fails_as_a_whole_is_repeated() {
    let collector = Collector::start().await;
    let wrapper = Arc::new(Wrapper { failures_left: Mutex::new(2), ..Wrapper::default() });
    let rig = rig(&collector, Some(wrapper.clone())).await;
    rig.put("a").await.unwrap();
    assert_eq!(rig.settled().await.delivered, 1);
    *wrapper.failures_left.lock() = 3;
    rig.put("b").await.unwrap();
    assert_eq!(rig.settled().await.dropped["processing_failed"], 1);
    let (_, text) = rig.objects().pop().unwrap();
    assert!(
        text.contains(r#""errorCode":"Lambda.FunctionError""#)
            && text.contains(r#""attemptsMade":3"#),
        "{text}"
    );
}
