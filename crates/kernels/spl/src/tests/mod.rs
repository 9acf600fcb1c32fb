//! Whole searches.

mod hostile;
mod reading;
