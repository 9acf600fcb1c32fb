//! The stats functions by name.

use crate::nearest::hint;

/// A stats function.
#[derive(Debug)]
pub struct StatsFunction {
    /// Its name in lower case; `perc` and its kin are followed by a number.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// One sentence for whoever writes a search.
    pub doc: &'static str,
    pub(super) measure: Measure,
}

/// What a stats function computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    Count,
    Distinct,
    Sum,
    Average,
    SumOfSquares,
    Min,
    Max,
    Range,
    Deviation {
        sample: bool,
    },
    Variance {
        sample: bool,
    },
    Percentile {
        percent: f64,
        exact: bool,
    },
    Mode,
    Values,
    List,
    First,
    Last,
    Earliest,
    Latest,
    EarliestTime,
    LatestTime,
    Rate,
    /// The sum for every so many seconds of a bucket.
    Per {
        seconds: f64,
    },
}

impl Measure {
    pub(super) fn needs_order(self) -> bool {
        let is_by_place = matches!(self, Self::Mode | Self::List | Self::First | Self::Last);
        is_by_place || matches!(self, Self::Earliest | Self::Latest | Self::Rate)
    }

    pub(super) fn needs_time(self) -> bool {
        matches!(
            self,
            Self::Earliest | Self::Latest | Self::EarliestTime | Self::LatestTime | Self::Rate
        )
    }
}

macro_rules! function {
    ($name:literal, $aliases:expr, $measure:expr, $doc:literal) => {
        StatsFunction { name: $name, aliases: &$aliases, doc: $doc, measure: $measure }
    };
}

/// Every stats function, by name.
pub const ALL: &[StatsFunction] = &[
    function!("avg", ["mean"], Measure::Average, "The mean of the numbers."),
    function!("count", ["c"], Measure::Count, "How many rows, or values of a field."),
    function!(
        "dc",
        ["distinct_count", "estdc"],
        Measure::Distinct,
        "How many different values; 1 and 1.0 differ."
    ),
    function!("earliest", [], Measure::Earliest, "The value at the earliest time."),
    function!(
        "earliest_time",
        [],
        Measure::EarliestTime,
        "The time of the earliest value, in seconds since 1970."
    ),
    function!(
        "exactperc",
        [],
        Measure::Percentile { percent: 0.0, exact: true },
        "The value at a percentile, from all values: exactperc95(x)."
    ),
    function!("first", [], Measure::First, "The value that comes first; events come newest first."),
    function!("last", [], Measure::Last, "The value that comes last."),
    function!("latest", [], Measure::Latest, "The value at the latest time."),
    function!(
        "latest_time",
        [],
        Measure::LatestTime,
        "The time of the latest value, in seconds since 1970."
    ),
    function!("list", [], Measure::List, "The first 100 values in order of arrival."),
    function!(
        "max",
        [],
        Measure::Max,
        "The greatest number; if there is text, the last in text order."
    ),
    function!(
        "median",
        [],
        Measure::Percentile { percent: 50.0, exact: false },
        "The value in the middle."
    ),
    function!(
        "min",
        [],
        Measure::Min,
        "The least number; if there are none, the first in text order."
    ),
    function!("mode", [], Measure::Mode, "The value that is seen most, the earlier of equals."),
    function!(
        "per_day",
        [],
        Measure::Per { seconds: 86_400.0 },
        "The sum for each day, in timechart."
    ),
    function!(
        "per_hour",
        [],
        Measure::Per { seconds: 3600.0 },
        "The sum for each hour, in timechart."
    ),
    function!(
        "per_minute",
        [],
        Measure::Per { seconds: 60.0 },
        "The sum for each minute, in timechart."
    ),
    function!(
        "per_second",
        [],
        Measure::Per { seconds: 1.0 },
        "The sum for each second, in timechart."
    ),
    function!(
        "perc",
        ["p", "upperperc"],
        Measure::Percentile { percent: 0.0, exact: false },
        "The value at a percentile: perc95(x), p99.9(x). An estimate above 1000 values."
    ),
    function!("range", [], Measure::Range, "The greatest number less the least."),
    function!("rate", [], Measure::Rate, "How much the value rose for each second."),
    function!(
        "stdev",
        [],
        Measure::Deviation { sample: true },
        "The standard deviation of a sample."
    ),
    function!(
        "stdevp",
        [],
        Measure::Deviation { sample: false },
        "The standard deviation of a population."
    ),
    function!("sum", [], Measure::Sum, "The sum of the numbers."),
    function!("sumsq", [], Measure::SumOfSquares, "The sum of the squares of the numbers."),
    function!("values", [], Measure::Values, "The different values in text order."),
    function!("var", [], Measure::Variance { sample: true }, "The variance of a sample."),
    function!("varp", [], Measure::Variance { sample: false }, "The variance of a population."),
];

/// The measure of the function called `name`, or what is wrong with the name.
pub(super) fn find(name: &str) -> Result<Measure, String> {
    let lower = name.to_ascii_lowercase();
    let named = |wanted: &str| ALL.iter().find(|f| f.name == wanted || f.aliases.contains(&wanted));
    let digits = lower.find(|c: char| c.is_ascii_digit()).unwrap_or(lower.len());
    let (word, number) = lower.split_at_checked(digits).unwrap_or((&lower, ""));
    match named(word).map(|function| function.measure) {
        Some(Measure::Percentile { exact, .. }) if word != "median" => {
            let percent = number.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
            let percent = percent.ok_or_else(|| {
                format!("`{name}` takes a percentage from 0 to 100 in its name, as in `{word}95`")
            })?;
            Ok(Measure::Percentile { percent, exact })
        }
        Some(measure) if number.is_empty() => Ok(measure),
        _ if lower == "sparkline" => Err("`sparkline` is not supported".to_owned()),
        _ => {
            let names = ALL.iter().flat_map(|f| std::iter::once(&f.name).chain(f.aliases));
            let hint = hint(&lower, names.copied());
            Err(format!("there is no stats function `{name}`{hint}"))
        }
    }
}
