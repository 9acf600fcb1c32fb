//! Datapoints that tests fill in by hand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use picket_core::Timestamp;

use super::{
    BacktestReport, BacktestRequest, Band, BandRequest, HistoryError, MetricHistory, Progress,
    Series, StoredDatapoint, SuggestRequest, Suggestion,
};
use crate::registry::{Page, Rows};

/// What is stored, and what is answered to everyone who asks for more than that.
#[derive(Debug, Default)]
pub struct HistoryByHand {
    /// By device and series, oldest first.
    pub points: Mutex<BTreeMap<(String, Series), Vec<StoredDatapoint>>>,
    /// What the fleet's spread is.
    pub bands: Mutex<Vec<Band>>,
    /// What a backtest finds; without it every profile is wrong.
    pub report: Mutex<Option<BacktestReport>>,
    /// What is suggested.
    pub suggestions: Mutex<Vec<Suggestion>>,
    /// Backtests that were asked for.
    pub tried: Mutex<Vec<BacktestRequest>>,
    /// Suggestions that were asked for.
    pub asked: Mutex<Vec<SuggestRequest>>,
}

#[async_trait]
impl MetricHistory for HistoryByHand {
    async fn values(
        &self,
        thing: &str,
        series: &Series,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<StoredDatapoint>, HistoryError> {
        let points = self.points.lock().unwrap();
        let missing = |kind, name: &str| HistoryError::NotFound { kind, name: name.to_owned() };
        if !points.keys().any(|(_, other)| other.metric == series.metric) {
            return Err(missing("metric", &series.metric));
        }
        if !points.keys().any(|(other, _)| other == thing) {
            return Err(missing("thing", thing));
        }
        let stored = points.get(&(thing.to_owned(), series.clone()));
        let all: Vec<StoredDatapoint> = stored
            .into_iter()
            .flatten()
            .rev()
            .filter(|point| from <= point.time && point.time < to)
            .cloned()
            .collect();
        let start: usize = page.after.as_deref().map_or(0, |after| after.parse().unwrap_or(0));
        let end = start + page.rows_max as usize;
        let next = (end < all.len()).then(|| end.to_string());
        Ok(Rows { rows: all.into_iter().skip(start).take(end - start).collect(), next })
    }

    async fn series_of(&self, thing: &str) -> Result<Vec<Series>, HistoryError> {
        let points = self.points.lock().unwrap();
        Ok(points.keys().filter(|(name, _)| name == thing).map(|(_, it)| it.clone()).collect())
    }

    async fn bands(&self, request: &BandRequest) -> Result<(Duration, Vec<Band>), HistoryError> {
        Ok((request.step, self.bands.lock().unwrap().clone()))
    }

    async fn backtest(
        &self,
        request: &BacktestRequest,
        progress: Progress<'_>,
    ) -> Result<BacktestReport, HistoryError> {
        self.tried.lock().unwrap().push(request.clone());
        progress(1, 2);
        tokio::task::yield_now().await;
        progress(2, 2);
        let report = self.report.lock().unwrap().clone();
        report.ok_or_else(|| HistoryError::Invalid("the profile is wrong".to_owned()))
    }

    async fn suggest(&self, request: &SuggestRequest) -> Result<Vec<Suggestion>, HistoryError> {
        self.asked.lock().unwrap().push(request.clone());
        Ok(self.suggestions.lock().unwrap().clone())
    }
}
