//! The right to run one search, with its bounds.

use std::sync::Arc;
use std::time::Duration;

use datafusion::common::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use picket_ports::SearchError;
use tokio::sync::OwnedSemaphorePermit;

use crate::engine::Siem;

/// One of `searches_max` places. Dropping it lets the next search begin.
pub struct SearchSlot {
    /// Where the search runs. Its memory is bounded by `search_memory_bytes_max`; it writes no files.
    pub context: SessionContext,
    /// How long the search may take.
    pub time_max: Duration,
    _permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for SearchSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchSlot").field("time_max", &self.time_max).finish_non_exhaustive()
    }
}

impl Siem {
    /// Waits for a free place.
    ///
    /// # Errors
    /// The server is shutting down.
    pub async fn search_slot(&self) -> Result<SearchSlot, SearchError> {
        let config = &self.shared.config;
        let stopped = || SearchError::Failed("the server is shutting down".to_owned());
        let permit = tokio::select! {
            permit = self.shared.searches.clone().acquire_owned() => permit.map_err(|_| stopped())?,
            () = self.shared.tasks.stopping() => return Err(stopped()),
        };
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(config.search_memory_bytes_max)))
            .with_disk_manager_builder(
                DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
            )
            .build_arc()
            .map_err(|error| search_error(&error))?;
        Ok(SearchSlot {
            context: SessionContext::new_with_config_rt(SessionConfig::new(), runtime),
            time_max: Duration::from_secs(config.search_seconds_max),
            _permit: permit,
        })
    }
}

impl SearchSlot {
    /// Runs `search` within the time of this place.
    ///
    /// # Errors
    /// [`SearchError::Limit`] when the time or the memory is used up; else what the search failed with.
    pub async fn run<T>(
        self,
        search: impl Future<Output = Result<T, DataFusionError>>,
    ) -> Result<T, SearchError> {
        match tokio::time::timeout(self.time_max, search).await {
            Ok(result) => result.map_err(|error| search_error(&error)),
            Err(_) => Err(SearchError::Limit(format!(
                "it took more than {} seconds; narrow its time range or raise siem.search_seconds_max",
                self.time_max.as_secs()
            ))),
        }
    }
}

fn search_error(error: &DataFusionError) -> SearchError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => SearchError::Limit(
            "it needs more memory than it may use; narrow its time range or raise \
             siem.search_memory_bytes_max"
                .to_owned(),
        ),
        root => SearchError::Failed(root.strip_backtrace()),
    }
}
