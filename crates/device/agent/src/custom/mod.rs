//! Custom metrics: what a command prints or a file holds (spec device-defender §1.5).

mod command;
mod value;

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use picket_wire_report::CustomValue;

pub use value::ValueKind;

/// Most bytes of output or file that are read; more is a failure.
pub(crate) const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// Program and arguments; no shell is involved.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// How long it may take, with everything it starts.
        timeout: Duration,
    },
    /// A file.
    File(PathBuf),
}

/// One custom metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomMetric {
    /// Its name, as registered with the service.
    pub name: String,
    /// Its type.
    pub kind: ValueKind,
    /// Where its value comes from.
    pub source: ValueSource,
}

/// A custom metric had no value this time.
#[derive(Debug, thiserror::Error)]
#[error("custom metric `{name}`: {problem}")]
pub struct CustomMetricError {
    /// The metric.
    pub name: String,
    /// What went wrong.
    pub problem: String,
}

impl CustomMetric {
    /// Runs the command or reads the file.
    pub fn measure(&self) -> Result<CustomValue, CustomMetricError> {
        let fail = |problem| CustomMetricError { name: self.name.clone(), problem };
        let text = match &self.source {
            ValueSource::Command { argv, timeout } => command::output(argv, *timeout),
            ValueSource::File(path) => read(path),
        };
        self.kind.parse(&text.map_err(fail)?).map_err(fail)
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    let unreadable = |error| format!("{} cannot be read: {error}", path.display());
    let mut bytes = Vec::new();
    let limit = u64::try_from(OUTPUT_BYTES_MAX).unwrap_or(u64::MAX);
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > OUTPUT_BYTES_MAX {
        return Err(format!("{} is larger than {OUTPUT_BYTES_MAX} bytes", path.display()));
    }
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))
}
