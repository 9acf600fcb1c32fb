//! The dimensions through which the front door counts (spec device-defender §2.8).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use picket_profile::{DimensionOperator, MetricDimension, TopicFilters};

/// One dimension with its operator, ready for asking.
#[derive(Debug)]
pub(crate) struct Lens {
    /// Its number.
    pub(crate) id: u64,
    filters: TopicFilters,
    operator: DimensionOperator,
}

impl Lens {
    /// Whether something that `client_id` did on `topic` counts. What has no topic matches no filter.
    pub(crate) fn sees(&self, topic: Option<&str>, client_id: &str) -> bool {
        let matches = topic.is_some_and(|topic| self.filters.matches(topic, client_id));
        matches == (self.operator == DimensionOperator::In)
    }
}

/// The lenses in use, shared by all counters. Where there are none, asking costs a load.
#[derive(Debug, Default)]
pub(crate) struct Lenses {
    any: AtomicBool,
    all: RwLock<Arc<[Lens]>>,
}

impl Lenses {
    /// Changes what is counted through from now on.
    pub(crate) fn set(&self, dimensions: &[MetricDimension]) {
        let lens = |it: &MetricDimension| Lens {
            id: it.lens,
            filters: TopicFilters::new(it.dimension.filters.iter().map(String::as_str)),
            operator: it.operator,
        };
        let mut all = self.all.write();
        *all = dimensions.iter().map(lens).collect();
        self.any.store(!all.is_empty(), Ordering::Release);
    }

    /// The lenses; `None` where there are none.
    pub(crate) fn get(&self) -> Option<Arc<[Lens]>> {
        self.any.load(Ordering::Acquire).then(|| self.all.read().clone())
    }
}
