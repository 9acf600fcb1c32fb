//! The lines of a failed-records object, one JSON object a record (spec delivery §2.4, §2.7).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picket_core::Timestamp;
use serde::Serialize;

/// Longest message that is kept.
const MESSAGE_CHARS_MAX: usize = 2000;

/// What went wrong with a record at last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Firehose's `errorCode`, such as `Splunk.AckTimeout`.
    pub(crate) code: &'static str,
    /// For people: what happened and what to do.
    pub(crate) message: String,
    /// Requests or invocations made for it.
    pub(crate) attempts: u32,
    /// End of the last attempt.
    pub(crate) ended: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SplunkLine<'a> {
    attempts_made: u32,
    arrival_timestamp: i64,
    error_code: &'a str,
    error_message: String,
    attempt_ending_timestamp: i64,
    raw_data: String,
    subsequence_number: u32,
    #[serde(rename = "EventId")]
    event_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessingLine<'a> {
    raw_data: String,
    error_code: &'a str,
    error_message: String,
    attempts_made: u32,
    arrival_timestamp: i64,
    attempt_ending_timestamp: i64,
    // The guide writes lambdaArn; the live service writes this.
    #[serde(rename = "lambdaARN")]
    lambda_arn: &'a str,
}

/// Appends the line of a record that could not be delivered. `data` is what the destination would have
/// got.
pub(crate) fn write_splunk(
    data: &[u8],
    arrived: Timestamp,
    event_id: String,
    cause: &Cause,
    out: &mut Vec<u8>,
) {
    write(
        &SplunkLine {
            attempts_made: cause.attempts,
            arrival_timestamp: arrived.as_millis(),
            error_code: cause.code,
            error_message: shortened(&cause.message),
            attempt_ending_timestamp: cause.ended.as_millis(),
            raw_data: STANDARD.encode(data),
            subsequence_number: 0,
            event_id,
        },
        out,
    );
}

/// Appends the line of a record that could not be transformed. `data` is the record as it came in.
pub(crate) fn write_processing(
    data: &[u8],
    arrived: Timestamp,
    lambda_arn: &str,
    cause: &Cause,
    out: &mut Vec<u8>,
) {
    write(
        &ProcessingLine {
            raw_data: STANDARD.encode(data),
            error_code: cause.code,
            error_message: shortened(&cause.message),
            attempts_made: cause.attempts,
            arrival_timestamp: arrived.as_millis(),
            attempt_ending_timestamp: cause.ended.as_millis(),
            lambda_arn,
        },
        out,
    );
}

fn write(line: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, line).is_err() {
        // Numbers and texts have no failing serializer; a cut line would spoil the object.
        out.truncate(start);
        return;
    }
    out.push(b'\n');
}

fn shortened(message: &str) -> String {
    message.chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(code: &'static str, attempts: u32, ended: i64) -> Cause {
        Cause {
            code,
            message: "say \"why\"".to_owned(),
            attempts,
            ended: Timestamp::from_millis(ended),
        }
    }

    #[test]
    fn a_splunk_line_is_byte_for_byte_as_specified() {
        let mut out = Vec::new();
        let id = "49615468055050547576769625492807648085490169951249498114.0".to_owned();
        let arrived = Timestamp::from_millis(1_735_689_600_120);
        write_splunk(
            b"{}",
            arrived,
            id,
            &cause("Splunk.AckTimeout", 3, 1_735_690_001_507),
            &mut out,
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"attemptsMade":3,"arrivalTimestamp":1735689600120,"errorCode":"Splunk.AckTimeout","#,
                r#""errorMessage":"say \"why\"","attemptEndingTimestamp":1735690001507,"rawData":"e30=","#,
                r#""subsequenceNumber":0,"EventId":"49615468055050547576769625492807648085490169951249498114.0"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn a_processing_line_is_byte_for_byte_as_specified() {
        let mut out = Vec::new();
        let arrived = Timestamp::from_millis(1_735_689_600_120);
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST";
        write_processing(
            b"x",
            arrived,
            arn,
            &cause("Lambda.MissingRecordId", 1, 1_735_689_661_034),
            &mut out,
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"rawData":"eA==","errorCode":"Lambda.MissingRecordId","errorMessage":"say \"why\"","#,
                r#""attemptsMade":1,"arrivalTimestamp":1735689600120,"attemptEndingTimestamp":1735689661034,"#,
                r#""lambdaARN":"arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST"}"#,
                "\n"
            )
        );
    }
}
