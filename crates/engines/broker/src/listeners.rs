//! Operators who watch messages pass (the console's test client).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::RwLock;
use picket_ports::Message;
use picket_ports::messages::{Listen, ListenError, ListenRequest, Listener};
use picket_session::{Dialect, Filter, TopicLimits, matches};
use tokio::sync::mpsc;

use crate::broker::Broker;

const LISTENERS_MAX: usize = 64;
const FILTERS_MAX: usize = 16;
const WAITING_MAX: usize = 10_000;
const LIMITS: TopicLimits = TopicLimits { bytes_max: 65_535, slashes_max: 128 };

#[derive(Debug)]
struct Ear {
    filters: Vec<String>,
    messages: mpsc::Sender<Arc<Message>>,
    missed: Arc<AtomicU64>,
}

impl Ear {
    fn hears(&self, topic: &str) -> bool {
        self.filters.iter().any(|filter| matches(filter, topic, Dialect::Standard))
    }

    fn tell(&self, message: &Arc<Message>) {
        if self.messages.try_send(Arc::clone(message)).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Everyone who listens. Costs a publish one look while nobody does.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    count: AtomicUsize,
    ears: RwLock<Vec<Ear>>,
}

impl Listeners {
    /// Lets `message` be heard. Never waits.
    pub(crate) fn tell(&self, message: &Arc<Message>) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        for ear in self.ears.read().iter().filter(|ear| ear.hears(&message.topic)) {
            ear.tell(message);
        }
    }

    pub(crate) fn would_hear(&self, topic: &str) -> bool {
        self.count.load(Ordering::Relaxed) > 0
            && self.ears.read().iter().any(|ear| ear.hears(topic) && !ear.messages.is_closed())
    }

    /// Removes those whose listener was dropped.
    pub(crate) fn sweep(&self) {
        if self.count.load(Ordering::Relaxed) > 0 {
            let mut ears = self.ears.write();
            ears.retain(|ear| !ear.messages.is_closed());
            self.count.store(ears.len(), Ordering::Relaxed);
        }
    }

    fn add(&self, ear: Ear) -> Result<(), ListenError> {
        self.sweep();
        let mut ears = self.ears.write();
        if ears.len() >= LISTENERS_MAX {
            return Err(ListenError::TooMany { max: LISTENERS_MAX });
        }
        ears.push(ear);
        self.count.store(ears.len(), Ordering::Relaxed);
        Ok(())
    }
}

fn check(request: &ListenRequest) -> Result<(), ListenError> {
    let given = request.filters.len();
    if !(1..=FILTERS_MAX).contains(&given) {
        return Err(ListenError::FilterCount { given, max: FILTERS_MAX });
    }
    for filter in &request.filters {
        let problem = match Filter::parse(filter, &LIMITS) {
            Ok(Filter { share: Some(_), .. }) => "a listener is no member of a shared subscription",
            Ok(_) => continue,
            Err(problem) => problem.as_str(),
        };
        return Err(ListenError::BadFilter { filter: filter.clone(), problem });
    }
    Ok(())
}

impl Listen for Broker {
    fn listen(&self, request: &ListenRequest) -> Result<Listener, ListenError> {
        check(request)?;
        let (messages, receiver) = mpsc::channel(request.waiting_max.clamp(1, WAITING_MAX));
        let missed = Arc::new(AtomicU64::new(0));
        let ear = Ear { filters: request.filters.clone(), messages, missed: Arc::clone(&missed) };
        if request.with_retained {
            for message in self.retained_for(&request.filters, request.waiting_max) {
                ear.tell(&message);
            }
        }
        self.listeners.add(ear)?;
        Ok(Listener::new(receiver, missed))
    }
}
