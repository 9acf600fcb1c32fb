use super::*;

const S3: &str = r#""S3Configuration":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::backup"}"#;

fn problems(json: &str) -> Vec<String> {
    let checked = validate("s", json).err().unwrap_or_default();
    checked.iter().map(ToString::to_string).collect()
}

fn splunk(members: &str) -> String {
    format!(
        r#"{{"SplunkDestinationConfiguration":{{"HECEndpoint":"https://h:8088","HECEndpointType":"Event","HECToken":"t",{S3}{members}}}}}"#
    )
}

#[test]
fn the_seeds_document_is_read_with_all_defaults() {
    let json = splunk(
        r#","ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"Lambda","Parameters":[
        {"ParameterName":"LambdaArn","ParameterValue":"arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"}]}]},
        "CloudWatchLoggingOptions":{"Enabled":false}"#,
    );
    let document = StreamDocument::parse("s", &json).unwrap().splunk;
    assert_eq!((document.ack_timeout.as_secs(), document.retry_budget.as_secs()), (180, 300));
    assert_eq!((document.interval.as_secs(), document.size_bytes), (60, 5 * 1024 * 1024));
    assert_eq!(document.backup_mode, BackupMode::FailedEventsOnly);
    assert_eq!(document.backup.bucket, "backup");
    let step = document.function.unwrap();
    assert_eq!((step.name(), step.retries, step.buffer_bytes), ("f", 3, 256 * 1024));
}

#[test]
fn a_processor_that_is_not_enabled_does_nothing() {
    let json = splunk(
        r#","ProcessingConfiguration":{"Processors":[{"Type":"Lambda","Parameters":[
        {"ParameterName":"LambdaArn","ParameterValue":"f"}]}]}"#,
    );
    assert_eq!(StreamDocument::parse("s", &json).unwrap().splunk.function, None);
}

#[test]
fn every_problem_is_named_with_its_place_and_the_nearest_right_thing() {
    for (json, expected) in [
        (
            splunk(r#","HECTokn":"x""#),
            "stream.SplunkDestinationConfiguration.HECTokn: is not a member here; did you mean `HECToken`?",
        ),
        (
            splunk(r#","S3BackupMode":"AllEvent""#),
            "stream.SplunkDestinationConfiguration.S3BackupMode: is `AllEvent`; one of FailedEventsOnly, AllEvents is wanted; did you mean `AllEvents`?",
        ),
        (
            splunk(r#","BufferingHints":{"IntervalInSeconds":61}"#),
            "stream.SplunkDestinationConfiguration.BufferingHints.IntervalInSeconds: is 61; a whole number from 0 to 60 is wanted",
        ),
        (
            splunk(r#","RetryOptions":{"DurationInSecond":1}"#),
            "stream.SplunkDestinationConfiguration.RetryOptions.DurationInSecond: is not a member here; did you mean `DurationInSeconds`?",
        ),
        (
            splunk(r#","SecretsManagerConfiguration":{"Enabled":true}"#),
            "stream.SplunkDestinationConfiguration.SecretsManagerConfiguration: is not supported; give a HECToken",
        ),
        (
            r#"{"ExtendedS3DestinationConfiguration":{}}"#.to_owned(),
            "stream.ExtendedS3DestinationConfiguration: is not supported; use SplunkDestinationConfiguration",
        ),
        ("{}".to_owned(), "stream: needs a SplunkDestinationConfiguration"),
        (
            r#"{"DeliveryStreamName":"t"}"#.to_owned(),
            "stream.DeliveryStreamName: must be `s`, as the stream is called",
        ),
        (
            r#"{"DeliveryStreamType":"KinesisStreamAsSource"}"#.to_owned(),
            "stream.DeliveryStreamType: must be DirectPut; nothing else is supported",
        ),
    ] {
        assert_eq!(problems(&json), [expected], "{json}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let found = problems(r#"{"SplunkDestinationConfiguration":{}}"#);
    for member in ["HECEndpoint", "HECEndpointType", "HECToken", "S3Configuration"] {
        let start = format!("stream.SplunkDestinationConfiguration.{member}: is required");
        assert!(found.iter().any(|problem| problem.starts_with(&start)), "{member}: {found:?}");
    }
}

#[test]
fn hostile_backup_settings_are_refused() {
    let s3 = |members: &str| {
        let json = splunk("");
        problems(&json.replace(r#""BucketARN":"arn:aws:s3:::backup""#, members))
    };
    for members in [
        r#""BucketARN":"arn:aws:s3:::..""#,
        r#""BucketARN":"arn:aws:s3:::a/b""#,
        r#""BucketARN":"/etc""#,
        r#""BucketARN":"arn:aws:s3:::b","Prefix":"../""#,
        r#""BucketARN":"arn:aws:s3:::b","ErrorOutputPrefix":"/x/""#,
        r#""BucketARN":"arn:aws:s3:::b","CompressionFormat":"ZIP""#,
        r#""BucketARN":"arn:aws:s3:::b","BufferingHints":{"SizeInMBs":5}"#,
    ] {
        assert!(!s3(members).is_empty(), "{members}");
    }
    assert!(!problems(&splunk("").replace(r#""HECToken":"t""#, r#""HECToken":"a\nb""#)).is_empty());
    assert!(validate("../x", &splunk("")).is_err());
}

mod arbitrary {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn documents_never_panic(text in ".{0,60}", key in "[A-Za-z]{0,12}") {
            drop(super::validate("s", &text));
            let json = serde_json::json!({key.as_str(): text, "SplunkDestinationConfiguration": {
                key.as_str(): text, "HECEndpoint": text, "S3Configuration": {"Prefix": text, "BucketARN": text}}});
            drop(super::validate("s", &json.to_string()));
        }
    }
}
