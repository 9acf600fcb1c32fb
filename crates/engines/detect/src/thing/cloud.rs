//! The front door's view of one device.

use std::collections::VecDeque;
use std::net::IpAddr;

use picket_core::Timestamp;
use picket_profile::WindowCounts;
use serde::{Deserialize, Serialize};

use crate::record::DeviceDelta;

/// What is known of a device's sessions and of the windows that are not over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CloudState {
    /// The address it is connected from, while it is.
    pub(crate) connected: Option<IpAddr>,
    /// When the newest session began.
    pub(crate) connected_at: Option<Timestamp>,
    /// When the newest session ended; absent while connected.
    pub(crate) offline_since: Option<Timestamp>,
    /// Windows that are not closed yet.
    pub(super) open: Vec<Window>,
    /// Closed windows that longer periods still need, oldest first.
    pub(crate) closed: VecDeque<Window>,
}

/// What one device did in one window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    pub(crate) start: Timestamp,
    /// Everything.
    pub(crate) counts: WindowCounts,
    /// What concerns some topics only, by lens. Without an entry it is nothing.
    pub(crate) scoped: Vec<(u64, WindowCounts)>,
    /// Whether the device was connected or tried to connect. Known when the window is closed.
    pub(crate) active: bool,
}

impl Window {
    /// The counts of a lens, or all; `None` for nothing.
    pub(crate) fn seen_through(&self, lens: Option<u64>) -> Option<&WindowCounts> {
        match lens {
            None => Some(&self.counts),
            Some(lens) => self.scoped.iter().find(|(it, _)| *it == lens).map(|(_, counts)| counts),
        }
    }

    fn add(&mut self, counts: &WindowCounts, scoped: &[(u64, WindowCounts)]) {
        self.counts.add(counts);
        for (lens, counts) in scoped {
            match self.scoped.iter_mut().find(|(it, _)| it == lens) {
                Some((_, sum)) => sum.add(counts),
                None => self.scoped.push((*lens, counts.clone())),
            }
        }
    }
}

impl CloudState {
    /// Takes in what happened in the window that begins at `start`, as told at `at`.
    pub(crate) fn take(&mut self, (start, at): (Timestamp, Timestamp), device: &DeviceDelta) {
        let DeviceDelta { identity: _, counts, connected, scoped } = device;
        if !counts.is_empty() {
            match self.open.iter_mut().find(|window| window.start == start) {
                Some(open) => open.add(counts, scoped),
                None => {
                    let mut window = Window { start, ..Window::default() };
                    window.add(counts, scoped);
                    self.open.push(window);
                }
            }
        }
        if counts.connects > 0 {
            self.connected_at = Some(at);
        }
        let was_here = self.connected.is_some() || counts.connects > 0;
        self.connected = *connected;
        if connected.is_some() {
            self.offline_since = None;
        } else if was_here {
            self.offline_since = Some(at);
        }
    }

    /// Closes the window from `start` to `end`.
    pub(crate) fn close(&mut self, start: Timestamp, end: Timestamp) -> Window {
        let mut window = Window { start, ..Window::default() };
        self.open.retain(|open| {
            let due = open.start <= start;
            if due {
                window.add(&open.counts, &open.scoped);
            }
            !due
        });
        let began = self.connected_at.is_some_and(|at| at < end);
        let ended = self.offline_since.is_some_and(|at| at < start);
        let present = began && !ended;
        window.active = present || !window.counts.is_empty();
        if let Some(address) = self.connected.filter(|_| present) {
            window.counts.source(address);
        }
        window
    }

    /// Brings the view back to `now` after the clock was set back: what lies ahead of it belongs to the
    /// window of now.
    pub(crate) fn set_back(&mut self, now: Timestamp, window_start: Timestamp) {
        for window in &mut self.open {
            window.start = window.start.min(window_start);
        }
        self.closed.clear();
        for time in [&mut self.connected_at, &mut self.offline_since].into_iter().flatten() {
            *time = (*time).min(now);
        }
    }
}
