//! Searches and their exact answers, as data: `corpus/spl/NAME.jsonl` holds cases, and
//! `NAME.expected.jsonl` the answer of each line. `UPDATE_EXPECT=1` writes the answers.

use std::fs;
use std::path::{Path, PathBuf};

use crate::offline::eval_line;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/spl");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_cases = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.ends_with(".jsonl") && !name.ends_with(".expected.jsonl")
    };
    let mut paths: Vec<_> = paths.filter(is_cases).collect();
    paths.sort();
    paths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_search_of_the_corpus_has_exactly_its_answer() {
    let is_update = option_env_set("UPDATE_EXPECT");
    let mut wrong = Vec::new();
    for path in cases() {
        let expected_path = path.with_extension("expected.jsonl");
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        let mut expected_lines = expected.lines();
        let mut answers = String::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let answer = eval_line(line).await;
            if !is_update && expected_lines.next() != Some(answer.as_str()) {
                wrong.push(answer.clone());
            }
            answers.push_str(&answer);
            answers.push('\n');
        }
        if is_update && answers != expected {
            fs::write(&expected_path, answers).unwrap();
        }
    }
    assert!(wrong.is_empty(), "answers that differ:\n{}", wrong.join("\n"));
}

#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
fn option_env_set(name: &str) -> bool {
    std::env::var(name).is_ok()
}
