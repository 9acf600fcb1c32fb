use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use picket_core::{ManualClock, Timestamp, TraceId};
use picket_ports::registry::Documents as _;
use picket_ports::{DeliveryError, PublishError, Receipt, Record};
use picket_sqlite::SqliteRegistry;

use super::*;

/// A delivery engine that keeps what it gets, and fails first if told to.
#[derive(Debug, Default)]
struct Streams {
    puts: Mutex<Vec<(String, Vec<Record>)>>,
    failures_left: Mutex<Vec<DeliveryError>>,
}

impl Streams {
    fn fail(&self, errors: Vec<DeliveryError>) {
        *self.failures_left.lock().unwrap() = errors;
    }

    fn unavailable() -> DeliveryError {
        DeliveryError::Unavailable { stream: "s".to_owned(), cause: "disk".to_owned() }
    }

    /// Stream and text of every record so far.
    fn texts(&self) -> Vec<(String, String)> {
        let puts = self.puts.lock().unwrap();
        let text = |record: &Record| String::from_utf8_lossy(&record.data).into_owned();
        puts.iter().flat_map(|(s, r)| r.iter().map(|r| (s.clone(), text(r)))).collect()
    }
}

#[async_trait]
impl Delivery for Streams {
    async fn put(&self, stream: &str, records: Vec<Record>) -> Result<Vec<Receipt>, DeliveryError> {
        if let Some(error) = self.failures_left.lock().unwrap().pop() {
            return Err(error);
        }
        let receipts = records.iter().map(|_| Receipt { record_id: "0".to_owned() }).collect();
        self.puts.lock().unwrap().push((stream.to_owned(), records));
        Ok(receipts)
    }
}

/// A broker that hands what is published back to the rules.
#[derive(Debug)]
struct Broker {
    rules: Arc<RulesEngine>,
    published: Mutex<Vec<Message>>,
}

#[async_trait]
impl Publish for Broker {
    async fn publish(&self, message: Message) -> Result<(), PublishError> {
        self.published.lock().unwrap().push(message.clone());
        if !self.rules.wants(&message.topic) {
            return Ok(());
        }
        let topic = message.topic.to_string();
        self.rules
            .accept(Arc::new(message))
            .await
            .map_err(|error| PublishError::RuleFailed { topic, cause: error.to_string() })
    }
}

struct Bench {
    registry: Arc<SqliteRegistry>,
    streams: Arc<Streams>,
    rules: Arc<RulesEngine>,
    broker: Arc<Broker>,
    _dir: tempfile::TempDir,
}

const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_120);

async fn bench(rules: &[(&str, &str)]) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap());
    for (name, body) in rules {
        registry.create_document(DocumentKind::TopicRule, name, body, NOW).await.unwrap();
    }
    let streams = Arc::new(Streams::default());
    let parts = RulesParts {
        registry: registry.clone(),
        delivery: streams.clone(),
        clock: Arc::new(ManualClock::at(NOW)),
        account: Account::default(),
    };
    let config = RulesConfig { backoff_ms: 1, ..RulesConfig::default() };
    let rules = RulesEngine::open(parts, config).await.unwrap();
    let broker = Arc::new(Broker { rules: rules.clone(), published: Mutex::default() });
    rules.attach_publisher(broker.clone());
    Bench { registry, streams, rules, broker, _dir: dir }
}

fn message(topic: &str, payload: &str) -> Message {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    Message::from_service("test", topic, payload, NOW)
}

impl Bench {
    async fn publish(&self, topic: &str, payload: &str) -> Result<(), PublishError> {
        self.broker.publish(message(topic, payload)).await
    }

    fn pairs(&self) -> Vec<(String, String)> {
        self.streams.texts()
    }
}

fn pair(stream: &str, text: &str) -> (String, String) {
    (stream.to_owned(), text.to_owned())
}

const EXPORT: &str = r#"{"sql":"SELECT * FROM 'picket/metrics'",
    "actions":[{"firehose":{"deliveryStreamName":"picket-to-siem"}}]}"#;

#[tokio::test]
async fn the_metrics_export_reaches_its_stream_byte_for_byte_with_its_traces() {
    let bench = bench(&[("picket_metrics_export", EXPORT)]).await;
    let traces: Arc<[TraceId]> =
        ["reports/3/42", "reports/3/43"].map(|t| t.parse().unwrap()).into();
    for topic in ["picket/metrics", "$aws/rules/picket_metrics_export"] {
        let mut message = message(topic, "{ \"metrics\" : [1.0, 2] }");
        message.traces = Arc::clone(&traces);
        bench.broker.publish(message).await.unwrap();
    }
    let puts = bench.streams.puts.lock().unwrap();
    assert_eq!(puts.len(), 2);
    for (stream, records) in puts.iter() {
        assert_eq!(stream, "picket-to-siem");
        assert_eq!(records[0].data, "{ \"metrics\" : [1.0, 2] }");
        assert_eq!(records[0].traces, *traces);
        assert_eq!(records[0].arrived, NOW);
    }
    let ledger = bench.rules.ledger();
    assert_eq!((ledger.received, ledger.delivered, ledger.in_flight), (2, 2, 0));
}

#[tokio::test]
async fn only_wanted_topics_are_wanted_and_where_filters() {
    let rule = r#"{"sql":"SELECT a FROM 'sensor/#' WHERE a > 1","actions":[{"firehose":
        {"deliveryStreamName":"s-${topic(2)}","separator":"\n"}}]}"#;
    let bench = bench(&[("r", rule)]).await;
    assert!(bench.rules.wants("sensor/x") && bench.rules.wants("$aws/rules/anything"));
    assert!(!bench.rules.wants("sensor") && !bench.rules.wants("other/x"));
    bench.publish("sensor/x", r#"{"a":2,"b":3}"#).await.unwrap();
    bench.publish("sensor/y", r#"{"a":1}"#).await.unwrap();
    bench.publish("sensor/y", "not json").await.unwrap();
    assert_eq!(bench.pairs(), [pair("s-x", "{\"a\":2}\n")]);
    let metrics = bench.rules.metrics();
    let rule = &metrics.rules[0];
    assert_eq!((rule.topic_match, rule.rules_executed, rule.parse_error), (3, 3, 1));
    assert_eq!(bench.rules.ledger().dropped.get("filtered"), Some(&2));
}

#[tokio::test]
async fn basic_ingest_addresses_one_rule_and_hides_the_prefix() {
    let rule = r#"{"sql":"SELECT topic() AS t, topic(1) AS first FROM 'elsewhere'","actions":[
        {"firehose":{"deliveryStreamName":"s"}}]}"#;
    let off = r#"{"sql":"SELECT *","ruleDisabled":true,"actions":[]}"#;
    let bench = bench(&[("r", rule), ("off", off)]).await;
    for topic in ["$aws/rules/r/a/b", "$aws/rules/r", "$aws/rules/none", "$aws/rules/off/x"] {
        bench.publish(topic, "{}").await.unwrap();
    }
    let expected = [pair("s", r#"{"t":"a/b","first":"a"}"#), pair("s", r#"{"t":"","first":""}"#)];
    assert_eq!(bench.pairs(), expected);
    assert_eq!(bench.rules.metrics().rule_not_found, 2);
}

#[tokio::test]
async fn batch_mode_makes_a_record_of_each_element() {
    let rule = r#"{"sql":"SELECT VALUE metrics FROM 't'","awsIotSqlVersion":"2016-03-23","actions":[
        {"firehose":{"deliveryStreamName":"s","batchMode":true,"separator":","}}]}"#;
    let bench = bench(&[("r", rule)]).await;
    bench.publish("t", r#"{"metrics":[{"a":1},2]}"#).await.unwrap();
    bench.publish("t", r#"{"metrics":7}"#).await.unwrap();
    assert_eq!(bench.pairs(), [pair("s", "{\"a\":1},"), pair("s", "2,"), pair("s", "7,")]);
    let many = format!(r#"{{"metrics":[{}1]}}"#, "1,".repeat(600));
    bench.publish("t", &many).await.unwrap();
    let sizes: Vec<_> =
        bench.streams.puts.lock().unwrap().iter().map(|(_, records)| records.len()).collect();
    assert_eq!(sizes, [2, 1, 500, 101]);
}

#[tokio::test]
async fn a_transient_failure_is_tried_three_times() {
    let bench = bench(&[("r", EXPORT)]).await;
    bench.streams.fail(vec![Streams::unavailable(), Streams::unavailable()]);
    bench.publish("picket/metrics", "{}").await.unwrap();
    assert_eq!(bench.pairs().len(), 1);
    bench.streams.fail((0..3).map(|_| Streams::unavailable()).collect());
    let error = bench.publish("picket/metrics", "{}").await.unwrap_err().to_string();
    assert!(error.contains("rule `r` could not store its result"), "{error}");
    let metrics = bench.rules.metrics();
    let firehose = &metrics.rules[0].actions[0];
    assert_eq!((firehose.action, firehose.success, firehose.failure), ("firehose", 1, 1));
    let ledger = bench.rules.ledger();
    assert_eq!((ledger.received, ledger.delivered), (2, 1));
    assert_eq!(ledger.dropped.get("action_failed"), Some(&1));
}

#[tokio::test]
async fn a_record_that_never_fits_is_counted_and_does_not_fail_the_publish() {
    let bench = bench(&[("r", EXPORT)]).await;
    bench.streams.fail(vec![DeliveryError::TooLarge { bytes: 2, bytes_max: 1 }]);
    bench.publish("picket/metrics", "{}").await.unwrap();
    assert_eq!(bench.rules.ledger().dropped.get("action_failed"), Some(&1));
}

#[tokio::test]
async fn the_error_action_gets_one_document_with_all_failures() {
    let rule = r#"{"sql":"SELECT * FROM 'a/b'","actions":[
        {"firehose":{"deliveryStreamName":"one"}},{"firehose":{"deliveryStreamName":"two"}}],
        "errorAction":{"republish":{"topic":"errors/${topic(2)}"}}}"#;
    let bench = bench(&[("r", rule)]).await;
    let gone = || DeliveryError::NoSuchStream("one".to_owned());
    bench.streams.fail(vec![gone(), gone()]);
    bench.publish("a/b", "\u{7}").await.unwrap();
    let published = bench.broker.published.lock().unwrap();
    let last = published.last().unwrap();
    assert_eq!(&*last.topic, "errors/b");
    let document: serde_json::Value = serde_json::from_slice(&last.payload).unwrap();
    assert_eq!(document["ruleName"], "r");
    assert_eq!(document["topic"], "a/b");
    assert_eq!(document["clientId"], "n/a");
    assert_eq!(document["base64OriginalPayload"], "Bw==");
    assert_eq!(document["failures"].as_array().unwrap().len(), 2);
    assert_eq!(document["failures"][0]["failedAction"], "FirehoseAction");
    assert_eq!(document["failures"][0]["failedResource"], "one");
    assert_eq!(bench.rules.metrics().rules[0].error_action_success, 1);
}

#[tokio::test]
async fn a_statement_that_needs_an_object_fails_its_actions() {
    let rule = r#"{"sql":"SELECT *, 1 AS k FROM 't'","actions":[{"firehose":{"deliveryStreamName":"s"}}],
        "errorAction":{"firehose":{"deliveryStreamName":"errors"}}}"#;
    let bench = bench(&[("r", rule)]).await;
    bench.publish("t", "\u{1}").await.unwrap();
    let metrics = bench.rules.metrics();
    assert_eq!((metrics.rules[0].parse_error, metrics.rules[0].actions[0].failure), (1, 1));
    assert_eq!(bench.pairs()[0].0, "errors");
}

#[tokio::test]
async fn a_republish_loop_ends() {
    let rule =
        r#"{"sql":"SELECT * FROM 'loop'","actions":[{"republish":{"topic":"loop","qos":1}}]}"#;
    let bench = bench(&[("r", rule)]).await;
    bench.publish("loop", "x").await.unwrap();
    let published = bench.broker.published.lock().unwrap();
    assert_eq!(published.len(), 11);
    let last = published.last().unwrap();
    assert_eq!((last.depth, last.qos, &last.payload[..]), (10, 1, &b"x"[..]));
}

#[tokio::test]
async fn republish_sets_headers_from_templates() {
    let rule = r#"{"sql":"SELECT * FROM 't'","awsIotSqlVersion":"2016-03-23","actions":[{"republish":{
        "topic":"$$aws/things/${id}/x","headers":{"contentType":"application/json",
        "payloadFormatIndicator":"UTF8_DATA","messageExpiry":"${1 + 59}","correlationData":"aGk=",
        "userProperties":[{"key":"id","value":"${id}"}]}}}]}"#;
    let bench = bench(&[("r", rule)]).await;
    bench.publish("t", r#"{"id":"p"}"#).await.unwrap();
    let published = bench.broker.published.lock().unwrap();
    let last = published.last().unwrap();
    assert_eq!(&*last.topic, "$aws/things/p/x");
    let properties = &last.properties;
    assert_eq!(properties.payload_format, Some(1));
    assert_eq!(properties.expiry_seconds, Some(60));
    assert_eq!(properties.correlation_data.as_deref(), Some(&b"hi"[..]));
    assert_eq!(properties.user, [("id".to_owned(), "p".to_owned())]);
}

#[tokio::test]
async fn changes_take_effect_and_a_bad_rule_disturbs_no_other() {
    let bench = bench(&[("good", EXPORT), ("bad", r#"{"sql":"SELECT"}"#)]).await;
    let tasks = Tasks::new();
    bench.rules.follow_registry(&tasks);
    bench.publish("picket/metrics", "1").await.unwrap();
    assert_eq!(bench.rules.metrics().broken_rules, 1);
    assert_eq!(bench.rules.broken_rules()[0].0, "bad");

    let kind = DocumentKind::TopicRule;
    let fixed = EXPORT.replace("picket/metrics", "other");
    bench.registry.replace_document(kind, "bad", &fixed, None, NOW).await.unwrap();
    bench.registry.delete_document(kind, "good").await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !bench.rules.wants("other") || bench.rules.wants("picket/metrics") {
        assert!(Instant::now() < deadline, "the change was not noticed");
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.rules.metrics().broken_rules, 0);
    bench.publish("other", "2").await.unwrap();
    assert_eq!(bench.pairs().len(), 2);
    assert!(tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn counters_survive_a_change_of_the_rule() {
    let bench = bench(&[("r", EXPORT)]).await;
    bench.publish("picket/metrics", "1").await.unwrap();
    let body = EXPORT.replace("SELECT *", "SELECT a");
    let kind = DocumentKind::TopicRule;
    bench.registry.replace_document(kind, "r", &body, None, NOW).await.unwrap();
    bench.rules.reload().await.unwrap();
    bench.publish("picket/metrics", "{}").await.unwrap();
    assert_eq!(bench.rules.metrics().rules[0].topic_match, 2);
}

#[tokio::test]
async fn a_client_is_seen_by_the_statement() {
    let rule = r#"{"sql":"SELECT clientid() AS c, principal() AS p, length(traceid()) AS t FROM 't'",
        "awsIotSqlVersion":"2016-03-23","actions":[{"firehose":{"deliveryStreamName":"s"}}]}"#;
    let bench = bench(&[("r", rule)]).await;
    let mut message = message("t", "{}");
    message.origin = Origin::Client { client_id: "pump".into(), principal: "ab".into() };
    bench.broker.publish(message).await.unwrap();
    assert_eq!(bench.pairs(), [pair("s", r#"{"c":"pump","p":"ab","t":36}"#)]);
}
