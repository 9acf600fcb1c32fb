//! Over `corpus/`, which openssl made, and over what [`crate::Authority`] makes.

mod authority;
mod hostile;
mod signers;
mod signing_requests;
mod writings;

use std::path::Path;

use picket_core::Timestamp;

/// 2025-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// A file of the corpus.
fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The names of the corpus's files that begin with `prefix`.
fn corpus_files(prefix: &str) -> Vec<String> {
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|it| it.starts_with(prefix)).collect();
    names.sort_unstable();
    names
}
