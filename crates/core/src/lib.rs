//! The vocabulary every other crate speaks: names, time, metric values, errors and the ledger.
//!
//! Nothing here does input or output; the one exception is [`time::SystemClock`], which is the only
//! place in the workspace that reads the wall clock.

pub mod account;
pub mod error_code;
pub mod ledger;
pub mod metric_value;
pub mod names;
pub mod role;
pub mod secret;
pub mod tasks;
pub mod time;
pub mod trace;

pub use account::Account;
pub use error_code::{Classified, ErrorCode};
pub use ledger::{Ledger, LedgerSnapshot};
pub use metric_value::MetricValue;
pub use names::{CertificateId, InvalidName, PolicyName, ThingName};
pub use role::Role;
pub use secret::Secret;
pub use tasks::Tasks;
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use trace::TraceId;
