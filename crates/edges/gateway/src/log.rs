//! The connection log in memory: the newest events, and the last one of each client.

use std::collections::VecDeque;
use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_ports::connection_log::{ConnectionEvent, ConnectionLog, ConnectionLogFilter};

/// Clients whose last event is kept, for each event kept in all.
const CLIENTS_PER_EVENT: usize = 10;

#[derive(Debug)]
pub(crate) struct Log {
    events_max: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    events: VecDeque<Arc<ConnectionEvent>>,
    last: AHashMap<Arc<str>, Arc<ConnectionEvent>>,
    /// Who had an event, oldest first; whoever has had another since is here again.
    order: VecDeque<(u64, Arc<str>)>,
}

impl Log {
    /// Keeps `events_max` events.
    pub(crate) fn new(events_max: usize) -> Self {
        Self { events_max, inner: Mutex::default() }
    }

    /// Adds an event; its number is set here.
    pub(crate) fn add(&self, mut event: ConnectionEvent) {
        if self.events_max == 0 {
            return;
        }
        let mut inner = self.inner.lock();
        event.number = inner.next;
        inner.next += 1;
        let event = Arc::new(event);
        if inner.events.len() >= self.events_max {
            inner.events.pop_front();
        }
        inner.events.push_back(Arc::clone(&event));
        if let Some(client_id) = event.client_id.clone() {
            inner.order.push_back((event.number, Arc::clone(&client_id)));
            inner.last.insert(client_id, event);
            inner.forget(self.events_max.saturating_mul(CLIENTS_PER_EVENT));
        }
    }
}

impl Inner {
    /// Forgets the clients that nothing was heard of for longest.
    fn forget(&mut self, clients_max: usize) {
        while self.last.len() > clients_max || self.order.len() > 2 * self.last.len() + 16 {
            let Some((number, client_id)) = self.order.pop_front() else { return };
            if self.last.get(&client_id).is_none_or(|event| event.number != number) {
                continue;
            }
            if self.last.len() > clients_max {
                self.last.remove(&client_id);
            } else {
                self.order.push_back((number, client_id));
            }
        }
    }
}

impl ConnectionLog for Log {
    fn recent(&self, filter: &ConnectionLogFilter, rows_max: usize) -> Vec<ConnectionEvent> {
        let inner = self.inner.lock();
        let wanted = inner.events.iter().rev().filter(|event| filter.admits(event));
        wanted.take(rows_max).map(|event| ConnectionEvent::clone(event)).collect()
    }

    fn last(&self, client_id: &str) -> Option<ConnectionEvent> {
        self.inner.lock().last.get(client_id).map(|event| ConnectionEvent::clone(event))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use picket_core::Timestamp;
    use picket_ports::connection_log::ConnectionEventKind;

    use super::*;

    fn event(client_id: &str, kind: ConnectionEventKind) -> ConnectionEvent {
        ConnectionEvent {
            number: 0,
            time: Timestamp::from_millis(0),
            kind,
            client_id: (!client_id.is_empty()).then(|| client_id.into()),
            thing: None,
            principal: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            reason: None,
            detail: None,
            protocol: None,
            tls: None,
            listener: "mqtt",
        }
    }

    #[test]
    fn the_newest_events_are_kept_and_the_last_of_each_client_longer() {
        use ConnectionEventKind::{Connected, Disconnected, Refused};
        let log = Log::new(3);
        for (client_id, kind) in
            [("a", Connected), ("a", Disconnected), ("", Refused), ("b", Connected), ("", Refused)]
        {
            log.add(event(client_id, kind));
        }
        let numbers = |filter: ConnectionLogFilter| {
            log.recent(&filter, 2).iter().map(|event| event.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(ConnectionLogFilter::default()), [4, 3]);
        let before = ConnectionLogFilter { before: Some(3), ..ConnectionLogFilter::default() };
        assert_eq!(numbers(before), [2]);
        let kind = ConnectionLogFilter { kind: Some(Connected), ..ConnectionLogFilter::default() };
        assert_eq!(numbers(kind), [3]);
        let text = ConnectionLogFilter { text: Some("b".into()), ..ConnectionLogFilter::default() };
        assert_eq!(numbers(text), [3]);
        assert_eq!(log.last("a").unwrap().kind, Disconnected);
        assert_eq!(log.last("c"), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let log = Log::new(2);
        for n in 0..1000 {
            log.add(event(&(n % 50).to_string(), ConnectionEventKind::Connected));
            log.add(event("always", ConnectionEventKind::Connected));
        }
        let inner = log.inner.lock();
        assert_eq!((inner.events.len(), inner.last.len()), (2, 20));
        assert!(inner.order.len() <= 2 * 20 + 17, "{}", inner.order.len());
        assert!(inner.last.contains_key("always"));
    }
}
