//! Searches over the SIEM on real files.

use std::time::Duration;

use picket_core::{Clock, Timestamp};
use picket_ports::{Search, SearchError, SearchRequest, SearchResult};
use serde_json::json;
use tempfile::TempDir;

use super::{Rig, START, event_at};
use crate::SiemConfig;

const FIRST: &str = "2024-01-09T18:46:43.000+00:00";
const SECOND: &str = "2024-01-09T18:51:51.000+00:00";

/// The events of the example in spec siem §3.13.
async fn rig_of_example(directory: &TempDir, is_sealed: bool) -> Rig {
    let rig = Rig::open(directory.path(), SiemConfig::default()).await;
    let second = START.plus(Duration::from_secs(308));
    let at = |time: Timestamp, raws: &[&str]| {
        raws.iter().map(|raw| event_at(time, raw)).collect::<Vec<_>>()
    };
    rig.append(at(
        START,
        &[
            r#"{"thing":"T","name":"aws:num-listening-tcp-ports","value":{"count":3}}"#,
            r#"{"thing":"U","name":"aws:num-listening-tcp-ports","value":{"count":1}}"#,
            r#"{"thing":"T","name":"aws:listening-tcp-ports","value":{"ports":[22,1883,631]}}"#,
        ],
    ))
    .await;
    if is_sealed {
        rig.seal().await;
    }
    rig.append(at(
        second,
        &[
            r#"{"thing":"T","name":"aws:num-listening-tcp-ports","value":{"count":4}}"#,
            r#"{"thing":"T","name":"aws:listening-tcp-ports","value":{"ports":[22,1883,631,21]}}"#,
            r#"{"thing":"U","name":"aws:listening-tcp-ports","value":{"ports":[8883]}}"#,
            r#"{"checkName":"LOGGING_DISABLED_CHECK","checkRunStatus":"COMPLETED_COMPLIANT","totalResourcesCount":1}"#,
        ],
    ))
    .await;
    rig.clock.advance(Duration::from_secs(1000));
    rig
}

fn request(rig: &Rig, spl: &str) -> SearchRequest {
    SearchRequest {
        spl: spl.to_owned(),
        earliest: None,
        latest: None,
        now: rig.clock.now(),
        rows_max: 1000,
    }
}

async fn search(rig: &Rig, spl: &str) -> SearchResult {
    rig.siem.search(request(rig, spl)).await.unwrap()
}

async fn check_example(is_sealed: bool) {
    let directory = TempDir::new().unwrap();
    let rig = rig_of_example(&directory, is_sealed).await;

    let a = search(
        &rig,
        r#"index="i" sourcetype="s" | spath name | search name="aws:num-listening-tcp-ports" | chart max(value.count) as tcp_count over _time by thing"#,
    )
    .await;
    assert_eq!(a.fields, ["_time", "T", "U"]);
    let rows = json!([{"_time": FIRST, "T": "3", "U": "1"}, {"_time": SECOND, "T": "4"}]);
    assert_eq!(json!(a.rows), rows);
    assert_eq!((a.is_events, a.event_count, a.scan_count), (false, 3, 7));

    let b = search(
        &rig,
        r#"search index="i" sourcetype="s" | where thing="T" | spath name | search name="aws:listening-tcp-ports" | spath value.ports{} output=open-ports | mvexpand open-ports | chart count(open-ports) over _time by open-ports"#,
    )
    .await;
    assert_eq!(b.fields, ["_time", "1883", "21", "22", "631"]);
    let rows = json!([
        {"_time": FIRST, "1883": "1", "21": "0", "22": "1", "631": "1"},
        {"_time": SECOND, "1883": "1", "21": "1", "22": "1", "631": "1"},
    ]);
    assert_eq!(json!(b.rows), rows);
    assert_eq!((b.is_events, b.event_count, b.scan_count), (false, 7, 7));

    let c = search(&rig, r#"index="i" sourcetype="s" | where isnotnull(checkName)"#).await;
    let rows = json!([{
        "_time": SECOND,
        "_raw": r#"{"checkName":"LOGGING_DISABLED_CHECK","checkRunStatus":"COMPLETED_COMPLIANT","totalResourcesCount":1}"#,
        "index": "i",
        "host": "h",
        "source": "src",
        "sourcetype": "s",
        "checkName": "LOGGING_DISABLED_CHECK",
        "checkRunStatus": "COMPLETED_COMPLIANT",
        "totalResourcesCount": "1",
    }]);
    assert_eq!(json!(c.rows), rows);
    assert_eq!(c.fields, c.rows[0].keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((c.is_events, c.event_count), (true, 1));
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_three_queries_of_the_example_give_exactly_their_tables() {
    check_example(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_three_queries_give_the_same_over_segments() {
    check_example(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_bounds_the_search_and_the_text_overrides_it() {
    let directory = TempDir::new().unwrap();
    let rig = rig_of_example(&directory, true).await;
    let within = |earliest: &str, latest: Option<&str>, spl: &str| SearchRequest {
        earliest: Some(earliest.to_owned()),
        latest: latest.map(str::to_owned),
        ..request(&rig, spl)
    };
    let count = async |request| {
        let result = rig.siem.search(request).await.unwrap();
        (result.event_count, result.scan_count)
    };
    assert_eq!(count(within("-700s", None, "index=i")).await, (4, 4));
    assert_eq!(count(within("0", Some("1704826004"), "index=i")).await, (3, 3));
    assert_eq!(count(within("-700s", None, "index=i earliest=-1d")).await, (7, 7));
    let text = r#"index=i earliest="01/09/2024:18:51:51" | stats count"#;
    assert_eq!(count(within("0", None, text)).await, (4, 4));
    let error = rig.siem.search(within("soon", None, "index=i")).await.unwrap_err();
    assert!(matches!(&error, SearchError::Syntax { message, .. } if message.contains("earliest")));
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_beyond_the_most_are_cut_with_a_note_and_counted() {
    let directory = TempDir::new().unwrap();
    let rig = rig_of_example(&directory, false).await;
    for (rows_max, spl) in [(2, "index=i"), (0, "index=i"), (1, "index=i | table thing name")] {
        let result =
            rig.siem.search(SearchRequest { rows_max, ..request(&rig, spl) }).await.unwrap();
        assert_eq!(result.rows.len(), rows_max);
        assert_eq!(result.event_count, 7, "{spl}");
        assert_eq!(result.messages, [format!("the first {rows_max} of 7 rows are shown")]);
    }
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_has_its_place_and_a_search_too_large_is_stopped() {
    let directory = TempDir::new().unwrap();
    let rig = rig_of_example(&directory, false).await;
    let error = rig.siem.search(request(&rig, "index=i\n| tabel thing")).await.unwrap_err();
    let expected = SearchError::Syntax {
        message: "there is no command `tabel`; did you mean `table`?".to_owned(),
        line: 2,
        column: 3,
    };
    assert_eq!(error, expected);
    rig.close().await;

    let config = SiemConfig { search_memory_bytes_max: 1000, ..SiemConfig::default() };
    let rig = Rig::open(directory.path(), config).await;
    for spl in ["index=i | sort name", "index=i | chart count over name by thing"] {
        let error = rig.siem.search(request(&rig, spl)).await.unwrap_err();
        assert!(matches!(&error, SearchError::Limit(why) if why.contains("memory")), "{error}");
    }
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_searches_there_may_be_run() {
    let directory = TempDir::new().unwrap();
    let rig = rig_of_example(&directory, true).await;
    for command in [
        "eval x=coalesce(x, 0)+1",
        "where isnotnull(_time)",
        "search thing=T",
        "rename x as y, y as x",
        "head 5",
        "sort - thing",
        "dedup _time name",
        "stats count by thing | eval thing=\"T\"",
    ] {
        let repeats = if command.contains('|') { 127 } else { 255 };
        let spl = format!("index=i thing=T {}", format!("| {command}").repeat(repeats));
        let result = search(&rig, &spl).await;
        assert!(!result.rows.is_empty(), "{command}");
    }
    let any = (0..4000).map(|n| format!("name=n{n}")).collect::<Vec<_>>().join(" OR ");
    assert!(search(&rig, &any).await.rows.is_empty());
    let many = (0..100).map(|n| format!("a{n}=1")).collect::<Vec<_>>().join(", ");
    assert_eq!(search(&rig, &format!("thing=T | eval {many} | table a99")).await.rows.len(), 4);
    for long in ["1".to_owned() + &"+1".repeat(20_000), "-".repeat(20_000) + "1"] {
        // It may be refused; it must not end the server.
        drop(rig.siem.search(request(&rig, &format!("thing=T | eval x={long}"))).await);
    }
    rig.close().await;
}

/// A search whose order is that of time answers the same when a part of the events is in a segment.
#[tokio::test]
async fn what_depends_on_the_order_of_time_is_the_same_over_memory_and_segments() {
    let mut answers = Vec::new();
    for is_sealed in [false, true] {
        let directory = TempDir::new().unwrap();
        let rig = rig_of_example(&directory, is_sealed).await;
        for spl in [
            "index=iot | where thing=\"T\" | dedup name | table _time name",
            "index=iot | dedup name | table _time name thing",
            "index=iot | stats latest(value.count) earliest(thing) by name",
            "index=iot thing=T | head 3 | table _time thing name",
            "index=iot | tail 2 | table _time name",
            "index=iot | sort 0 -_time | dedup name | table _time name",
            "index=iot | sort 0 _time name | table _time name",
            "index=iot | eventstats count by thing | table _time thing count",
            "index=iot | reverse | table _time name thing",
        ] {
            let found = search(&rig, spl).await;
            answers.push((spl, is_sealed, found.rows));
        }
        rig.close().await;
    }
    let (whole, split) = answers.split_at(answers.len() / 2);
    for ((spl, _, whole), (_, _, split)) in whole.iter().zip(split) {
        assert_eq!(whole, split, "{spl}");
    }
}
