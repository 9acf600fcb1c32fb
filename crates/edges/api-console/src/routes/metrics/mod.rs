//! Stored datapoints: of one device, over the fleet, and what follows from them for a profile.

mod ask;
mod bands;
mod preview;
mod suggestion;
mod values;

pub(crate) use self::bands::show as bands;
pub(crate) use self::preview::run as preview;
pub(crate) use self::suggestion::run as suggest;
pub(crate) use self::values::{series, show as values};
