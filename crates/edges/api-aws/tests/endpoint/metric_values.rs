//! Stored datapoints: their shape, their pages, and what is refused.

use picket_core::{MetricValue, Timestamp};
use picket_ports::metric_history::{Series, StoredDatapoint};
use serde_json::{Value, json};

use crate::rig::{Ask, Reply, Rig};

const START: i64 = 1_718_000_000;

async fn get(rig: &Rig, query: &str) -> Reply {
    let target = format!("/metric-values?{query}");
    rig.admin("iot", Ask::get(&target)).await
}

/// Forty datapoints of one series, a minute apart, and one of another with a dimension.
async fn rig() -> Rig {
    let rig = Rig::new().await;
    let plain = Series { metric: "aws:num-messages-sent".to_owned(), dimension: None };
    let point = |n: u64| StoredDatapoint {
        time: Timestamp::from_millis(START * 1000 + n.cast_signed() * 60_000),
        value: MetricValue::Count(n),
    };
    let dimension = Some(("topics".to_owned(), "NOT_IN".to_owned()));
    let part = Series { dimension, ..plain.clone() };
    let mut points = rig.history.points.lock().unwrap();
    points.insert(("cam".to_owned(), plain), (0..40).map(point).collect());
    points.insert(("cam".to_owned(), part), vec![point(7)]);
    drop(points);
    rig
}

fn counts(reply: &Reply) -> Vec<u64> {
    let list = reply.json()["metricDatumList"].as_array().unwrap().clone();
    list.iter().map(|datum| datum["value"]["count"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn datapoints_come_newest_first_page_by_page() {
    let rig = rig().await;
    let asked = format!(
        "thingName=cam&metricName=aws%3Anum-messages-sent&startTime={START}&endTime={}",
        START + 30 * 60
    );
    let first = get(&rig, &asked).await;
    assert_eq!(
        first.json()["metricDatumList"][0],
        json!({"timestamp": START + 1800, "value": {"count": 30}})
    );
    let token = first.json()["nextToken"].as_str().unwrap().to_owned();
    let rest = get(&rig, &format!("{asked}&nextToken={token}")).await;
    assert_eq!(rest.json()["nextToken"], Value::Null);
    let all: Vec<u64> = [counts(&first), counts(&rest)].concat();
    assert_eq!(all, (0..=30).rev().collect::<Vec<u64>>());
    assert_eq!(counts(&get(&rig, &format!("{asked}&maxResults=3")).await), [30, 29, 28]);
    let part = format!("{asked}&dimensionName=topics&dimensionValueOperator=NOT_IN");
    assert_eq!(counts(&get(&rig, &part).await), [7]);
    let none = get(&rig, &format!("{asked}&dimensionName=topics")).await;
    assert_eq!(none.json(), json!({"metricDatumList": []}));
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let rig = rig().await;
    let whole = |thing: &str, metric: &str, rest: &str| {
        format!("thingName={thing}&metricName={metric}&startTime={START}&endTime={START}{rest}")
    };
    for (query, status, kind, words) in [
        (whole("cam", "aws:num-messages-sent", "0"), 400, "InvalidRequestException", "14 days"),
        (whole("dog", "aws:num-messages-sent", ""), 404, "ResourceNotFoundException", "thing dog"),
        (whole("cam", "aws:num-bytes", ""), 404, "ResourceNotFoundException", "aws:num-bytes"),
        (
            whole("cam", "aws:num-messages-sent", "&dimensionValueOperator=IN"),
            400,
            "InvalidRequestException",
            "dimensionName",
        ),
        (
            whole("cam", "aws:num-messages-sent", "&dimensionName=t&dimensionValueOperator=OUT"),
            400,
            "InvalidRequestException",
            "IN or NOT_IN",
        ),
        ("thingName=cam".to_owned(), 400, "InvalidRequestException", "metricName"),
        (
            "thingName=cam&metricName=m&startTime=1".to_owned(),
            400,
            "InvalidRequestException",
            "endTime",
        ),
    ] {
        let reply = get(&rig, &query).await;
        reply.is_error(status, kind, words);
    }
}
