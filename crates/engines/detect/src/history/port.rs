//! The port: checking requests, and finding out whom they are about.

use std::time::Duration;

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::metric_history::{
    BacktestReport, BacktestRequest, Band, BandRequest, HistoryError, MetricHistory, Progress,
    Series, StoredDatapoint, SuggestRequest, Suggestion,
};
use picket_ports::registry::{Document, DocumentKind, Page, Rows};
use picket_ports::{Directory, RegistryError};
use picket_profile::{
    CustomMetric, Dimension, DimensionOperator, Kind, Target, Vocabulary, metrics, parse,
    parse_custom_metric, parse_dimension,
};

use super::backtest::Trial;
use super::suggest::Material;
use crate::engine::{DetectEngine, Shared};

/// Alarms of a backtest that are listed at most.
const ALARMS_MAX: usize = 1000;

/// What profiles may name at the moment.
struct Names {
    custom: Vec<CustomMetric>,
    /// When each of them was created.
    created: Vec<Timestamp>,
    dimensions: Vec<Dimension>,
}

impl Names {
    async fn read(shared: &Shared) -> Result<Self, HistoryError> {
        let registry = &shared.registry;
        let custom = registry.documents(DocumentKind::CustomMetric).await.map_err(failed)?;
        let dimensions = registry.documents(DocumentKind::Dimension).await.map_err(failed)?;
        // What is broken is not there, as for detection.
        let read = |it: &Document| {
            parse_custom_metric(&it.name, &it.body).ok().map(|metric| (metric, it.created))
        };
        let (custom, created) = custom.iter().filter_map(read).unzip();
        let dimensions =
            dimensions.iter().filter_map(|it| parse_dimension(&it.name, &it.body).ok());
        Ok(Self { custom, created, dimensions: dimensions.collect() })
    }

    /// From when on values are those of the metric that there is now: with a custom metric its data goes
    /// (spec §3.4), also when another one of its name is made.
    fn since(&self, metric: &str) -> Timestamp {
        let place = self.custom.iter().position(|it| it.name == metric);
        let created = place.and_then(|place| self.created.get(place)).copied();
        created.unwrap_or(Timestamp::from_millis(i64::MIN))
    }

    fn vocabulary(&self) -> Vocabulary<'_> {
        let (custom, dimensions) = (self.custom.as_slice(), self.dimensions.as_slice());
        Vocabulary { custom, dimensions, ..Vocabulary::default() }
    }

    fn kind(&self, metric: &str) -> Option<Kind> {
        match metrics::index_of(metric) {
            Some(index) => metrics::ALL.get(index).map(|metric| metric.kind()),
            None => self.custom.iter().find(|it| it.name == metric).map(|it| it.kind),
        }
    }

    /// Whether there is such a series; with the kind of its values.
    fn check(&self, series: &Series) -> Result<Kind, HistoryError> {
        let missing = |kind, name: &str| HistoryError::NotFound { kind, name: name.to_owned() };
        let kind = self.kind(&series.metric).ok_or_else(|| missing("metric", &series.metric))?;
        if let Some((dimension, operator)) = &series.dimension {
            if DimensionOperator::parse(operator).is_none() {
                let text = format!("the dimension's operator is IN or NOT_IN, not {operator}");
                return Err(HistoryError::Invalid(text));
            }
            if !self.dimensions.iter().any(|it| it.name == *dimension) {
                return Err(missing("dimension", dimension));
            }
        }
        Ok(kind)
    }
}

fn failed(error: RegistryError) -> HistoryError {
    HistoryError::Storage(error.to_string())
}

fn check_range(from: Timestamp, to: Timestamp) -> Result<(), HistoryError> {
    if from < to {
        return Ok(());
    }
    Err(HistoryError::Invalid(format!("the time must end after it begins, not {from} to {to}")))
}

/// Whether a device is a member of the group; everyone is of none.
fn members<'a>(
    directory: &'a dyn Directory,
    group: Option<&'a str>,
) -> impl Fn(&str) -> bool + Send + Sync + 'a {
    move |thing| group.is_none_or(|group| directory.groups_of(thing).iter().any(|it| it == group))
}

impl Shared {
    async fn check_group(&self, group: Option<&str>) -> Result<(), HistoryError> {
        let Some(name) = group else { return Ok(()) };
        match self.registry.group(name).await {
            Ok(_) => Ok(()),
            Err(RegistryError::NotFound { .. }) => {
                Err(HistoryError::NotFound { kind: "thing group", name: name.to_owned() })
            }
            Err(error) => Err(failed(error)),
        }
    }

    async fn check_thing(&self, thing: &str) -> Result<(), HistoryError> {
        if self.directory.is_registered(thing) || !self.history.series_of(thing).await?.is_empty() {
            return Ok(());
        }
        Err(HistoryError::NotFound { kind: "thing", name: thing.to_owned() })
    }
}

#[async_trait]
impl MetricHistory for DetectEngine {
    async fn values(
        &self,
        thing: &str,
        series: &Series,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<StoredDatapoint>, HistoryError> {
        check_range(from, to)?;
        let names = Names::read(&self.shared).await?;
        names.check(series)?;
        let from = from.max(names.since(&series.metric));
        let rows = self.shared.history.values(thing, series, (from, to), page).await?;
        if rows.rows.is_empty() && page.after.is_none() {
            self.shared.check_thing(thing).await?;
        }
        Ok(rows)
    }

    async fn series_of(&self, thing: &str) -> Result<Vec<Series>, HistoryError> {
        self.shared.history.series_of(thing).await
    }

    async fn bands(&self, request: &BandRequest) -> Result<(Duration, Vec<Band>), HistoryError> {
        check_range(request.from, request.to)?;
        let names = Names::read(&self.shared).await?;
        let kind = names.check(&request.series)?;
        if !matches!(kind, Kind::Count | Kind::Number) {
            return Err(HistoryError::Invalid(format!(
                "{} has lists for values, which have no percentiles",
                request.series.metric
            )));
        }
        self.shared.check_group(request.group.as_deref()).await?;
        let wanted = members(&*self.shared.directory, request.group.as_deref());
        let from = request.from.max(names.since(&request.series.metric));
        self.shared.history.bands(&BandRequest { from, ..request.clone() }, &wanted).await
    }

    async fn backtest(
        &self,
        request: &BacktestRequest,
        progress: Progress<'_>,
    ) -> Result<BacktestReport, HistoryError> {
        check_range(request.from, request.to)?;
        let names = Names::read(&self.shared).await?;
        let parsed = parse(&request.name, &request.document, &names.vocabulary());
        let profile = parsed.map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            HistoryError::Invalid(format!("the profile is wrong: {}", problems.join("; ")))
        })?;
        let directory = &*self.shared.directory;
        let targets = profile.targets.clone();
        let uses_groups = targets.iter().any(|target| matches!(target, Target::Group(_)));
        let wanted = |thing: &str| {
            if targets.is_empty() {
                return true;
            }
            let registered = directory.is_registered(thing);
            let groups = if uses_groups { directory.groups_of(thing) } else { Vec::new() };
            targets.iter().any(|target| target.covers(registered, &groups))
        };
        let trial = Trial {
            profile,
            from: request.from,
            to: request.to,
            alarms_max: request.alarms_max.min(ALARMS_MAX),
            wanted: &wanted,
            progress,
        };
        self.shared.history.backtest(&self.shared.config, trial).await
    }

    async fn suggest(&self, request: &SuggestRequest) -> Result<Vec<Suggestion>, HistoryError> {
        check_range(request.from, request.to)?;
        let names = Names::read(&self.shared).await?;
        for metric in &request.metrics {
            names.check(&Series { metric: metric.clone(), dimension: None })?;
        }
        self.shared.check_group(request.group.as_deref()).await?;
        let wanted = members(&*self.shared.directory, request.group.as_deref());
        let material = Material {
            metrics: &request.metrics,
            from: request.from,
            to: request.to,
            wanted: &wanted,
            vocabulary: names.vocabulary(),
        };
        self.shared.history.suggest(&self.shared.config, &material).await
    }
}
