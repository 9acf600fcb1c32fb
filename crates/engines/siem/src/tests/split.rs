//! Where an event lies never shows in an answer.

use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{Rig, START, event_at};
use crate::SiemConfig;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u64, String)>),
    Seal,
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        (-5..5_i32).prop_map(|n| n.to_string()),
        Just("0.5".to_owned()),
        Just("\"x\"".to_owned()),
        Just("[1,\"y\"]".to_owned()),
        Just("{\"a\":null}".to_owned()),
    ];
    let raw = ("[abc]", value).prop_map(|(key, value)| format!("{{\"{key}\":{value}}}"));
    prop_oneof![
        4 => prop::collection::vec((0..5_u64, raw), 1..5).prop_map(Step::Append),
        2 => Just(Step::Seal),
        1 => Just(Step::Restart),
    ]
}

async fn answers(steps: &[Step], is_split: bool) -> Vec<Vec<String>> {
    let directory = TempDir::new().unwrap();
    let mut rig = Rig::open(directory.path(), SiemConfig::default()).await;
    for step in steps {
        match step {
            Step::Append(events) => {
                let at = |seconds: &u64| START.plus(Duration::from_secs(*seconds));
                rig.append(events.iter().map(|(time, raw)| event_at(at(time), raw)).collect())
                    .await;
            }
            Step::Seal if is_split => rig.seal().await,
            Step::Restart if is_split => {
                rig.close().await;
                rig = Rig::open(directory.path(), SiemConfig::default()).await;
            }
            Step::Seal | Step::Restart => {}
        }
    }
    let known = rig.frame().await.schema().inner().clone();
    let mut answers = vec![rig.raws().await, rig.column("_time").await];
    for column in ["a", "b", "c", "a{}", "b.a"] {
        if known.field_with_name(column).is_ok() {
            answers.push(rig.column(column).await);
        }
    }
    rig.close().await;
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_split_between_memory_and_segments_reads_the_same(
        steps in prop::collection::vec(any_step(), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (split, whole) = runtime.block_on(async {
            (answers(&steps, true).await, answers(&steps, false).await)
        });
        prop_assert_eq!(split, whole);
    }
}
