//! The event a transforming function gets, and what its answer means (spec delivery §2.4).

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Sourced;
use crate::record::RecordNames;

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Data(Bytes),
    Dropped,
    /// Code and message.
    Failed(&'static str, String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    invocation_id: String,
    delivery_stream_arn: &'a str,
    region: &'a str,
    records: Vec<EventRecord>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord {
    record_id: String,
    approximate_arrival_timestamp: i64,
    data: String,
}

/// Writes the event of one invocation.
pub(crate) fn write_event(
    stream_arn: &str,
    region: &str,
    names: RecordNames,
    records: &[Sourced],
) -> Result<Bytes, serde_json::Error> {
    let event = Event {
        invocation_id: uuid::Uuid::new_v4().to_string(),
        delivery_stream_arn: stream_arn,
        region,
        records: records
            .iter()
            .map(|sourced| EventRecord {
                record_id: names.record_id(sourced.sequence),
                approximate_arrival_timestamp: sourced.record.arrived.as_millis(),
                data: STANDARD.encode(&sourced.record.data),
            })
            .collect(),
    };
    serde_json::to_vec(&event).map(Bytes::from)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerRecord {
    record_id: Option<String>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    data: Value,
}

/// Reads an answer: one verdict for each of `ids`, in their order.
pub(crate) fn read_answer(answer: &[u8], ids: &[String]) -> Vec<Verdict> {
    let document: Value = match serde_json::from_slice(answer) {
        Ok(document) => document,
        Err(error) => {
            let verdict = Verdict::Failed(
                "Lambda.JsonProcessingException",
                format!("the function's answer is not JSON: {error}"),
            );
            return vec![verdict; ids.len()];
        }
    };
    let mut verdicts: HashMap<String, Verdict> = HashMap::new();
    for item in document.get("records").and_then(Value::as_array).into_iter().flatten() {
        let Ok(record) = AnswerRecord::deserialize(item) else { continue };
        let Some(id) = record.record_id.clone() else { continue };
        let verdict = verdict_of(&record);
        verdicts.entry(id).and_modify(|first| *first = duplicated()).or_insert(verdict);
    }
    let missing = || {
        let message = "the function's answer does not hold the record; return every record id";
        Verdict::Failed("Lambda.MissingRecordId", message.to_owned())
    };
    ids.iter().map(|id| verdicts.remove(id).unwrap_or_else(missing)).collect()
}

fn duplicated() -> Verdict {
    let message = "the function's answer holds the record more than once";
    Verdict::Failed("Lambda.DuplicatedRecordId", message.to_owned())
}

fn verdict_of(record: &AnswerRecord) -> Verdict {
    let bad = |message: &str| {
        Verdict::Failed("Lambda.InvalidReturnFormat", format!("the function returned {message}"))
    };
    match record.result.as_str() {
        Some("Ok") => match record.data.as_str() {
            None => bad("`Ok` without data"),
            Some(text) => match STANDARD.decode(text) {
                Ok(bytes) => Verdict::Data(bytes.into()),
                Err(_) => bad("data that is not base64"),
            },
        },
        Some("Dropped") => Verdict::Dropped,
        Some("ProcessingFailed") => Verdict::Failed(
            "Lambda.ProcessingFailedStatus",
            "the function returned ProcessingFailed for the record".to_owned(),
        ),
        _ => bad("a result other than Ok, Dropped or ProcessingFailed"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(answer: &str, ids: &[&str]) -> Vec<String> {
        let ids: Vec<String> = ids.iter().map(|it| (*it).to_owned()).collect();
        let code = |verdict| match verdict {
            Verdict::Data(bytes) => format!("{:?}", String::from_utf8_lossy(&bytes)),
            Verdict::Dropped => "Dropped".to_owned(),
            Verdict::Failed(code, _) => code.to_owned(),
        };
        read_answer(answer.as_bytes(), &ids).into_iter().map(code).collect()
    }

    #[test]
    fn every_row_of_the_table_of_results_holds() {
        let answer = r#"{"records":[
            {"recordId":"b","result":"Dropped","data":"!"},
            {"recordId":"a","result":"Ok","data":"eA==","metadata":{}},
            {"recordId":"c","result":"ProcessingFailed","data":"eA=="},
            {"recordId":"d","result":"Ok","data":null},{"recordId":"e","result":"Ok"},
            {"recordId":"f","result":"Ok","data":"!"},{"recordId":"g","result":"OK","data":""},
            {"recordId":"h","result":"Ok","data":"eA=="},{"recordId":"h","result":"Ok","data":"eA=="},
            {"recordId":"i","result":"Ok","data":""},
            {"recordId":"stranger","result":"Ok","data":""},{"result":"Ok"},7]}"#;
        assert_eq!(
            codes(answer, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]),
            [
                "\"x\"",
                "Dropped",
                "Lambda.ProcessingFailedStatus",
                "Lambda.InvalidReturnFormat",
                "Lambda.InvalidReturnFormat",
                "Lambda.InvalidReturnFormat",
                "Lambda.InvalidReturnFormat",
                "Lambda.DuplicatedRecordId",
                "\"\"",
                "Lambda.MissingRecordId",
            ]
        );
    }

    #[test]
    fn an_answer_without_records_misses_them_all() {
        for answer in ["{}", "[]", "null", r#"{"records":[]}"#, r#"{"records":{}}"#] {
            assert_eq!(codes(answer, &["a"]), ["Lambda.MissingRecordId"], "{answer}");
        }
        assert_eq!(codes("oops", &["a", "b"]), ["Lambda.JsonProcessingException"; 2]);
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(answer in ".{0,80}") {
            prop_assert_eq!(codes(&answer, &["a"]).len(), 1);
        }
    }
}
