//! Alarms, active and past, and what they were found to be.

mod detail;
mod list;
mod verification;
mod view;

pub(crate) use self::detail::show;
pub(crate) use self::list::list;
pub(crate) use self::verification::{verify, verify_many};
pub(crate) use self::view::{AlarmView, DatapointView};
