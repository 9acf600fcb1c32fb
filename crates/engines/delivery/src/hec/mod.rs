//! The client of Splunk's HTTP Event Collector (spec delivery §2.5, §2.6, §6).

mod channel;
mod classify;
mod client;
pub(crate) mod deliver;

use std::time::Duration;

pub(crate) use client::{HecClient, HecOptions};

/// Longest pause between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// `pause`, capped, and up to 15 % more or less, so that streams do not retry in step.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.min(BACKOFF_MAX).mul_f64(rand::random_range(0.85..1.15))
}
