//! The port's suite.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use picket_ports::registry::conformance::{self, Fresh};

use crate::SqliteRegistry;

/// Opens another empty registry with each call.
fn fresh(dir: &Path) -> impl AsyncFn() -> Fresh {
    let count = AtomicU32::new(0);
    async move || {
        let file = dir.join(format!("{}.db", count.fetch_add(1, Ordering::Relaxed)));
        Box::new(SqliteRegistry::open(file).await.unwrap()) as Fresh
    }
}

macro_rules! passes {
    ($($test:ident = $part:ident,)*) => {$(
        #[tokio::test]
        async fn $test() {
            let dir = tempfile::tempdir().unwrap();
            conformance::$part(&fresh(dir.path())).await;
        }
    )*};
}

passes! {
    passes_the_suite_of_things = things,
    passes_the_suite_of_groups = groups,
    passes_the_suite_of_certificates = certificates,
    passes_the_suite_of_policies = policies,
    passes_the_suite_of_documents_tags_and_records = others,
    passes_the_suite_of_the_feed = feed,
    answers_as_the_model_does = random_walks,
}
