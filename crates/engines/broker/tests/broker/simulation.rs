//! Crashes at every moment, by seed: what was promised is never lost.

use std::collections::BTreeSet;

use picket_broker::{Attachment, BrokerConfig, Stored};
use picket_core::Timestamp;
use picket_session::Effect;
use proptest::prelude::*;

use crate::rig::{Rig, graceful, kept, message, qos, subscribe};
use crate::store::MemoryStates;

/// One step of a life.
#[derive(Debug, Clone, Copy)]
enum Step {
    Publish,
    Connect,
    Leave,
    /// Takes messages and acknowledges this many of those that are open.
    Receive(u8),
    /// Lets other tasks run, so that the store gets its turn.
    Pause(u8),
    /// Everything in memory is gone.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Publish),
        2 => Just(Step::Connect),
        1 => Just(Step::Leave),
        3 => (0u8..6).prop_map(Step::Receive),
        4 => (1u8..12).prop_map(Step::Pause),
        1 => Just(Step::Crash),
    ]
}

struct Life {
    rig: Rig,
    states: MemoryStates,
    client: Option<Attachment>,
    /// Sent to the client and not acknowledged: packet id and payload.
    open: Vec<(u16, String)>,
    promises: Vec<(String, Stored)>,
    /// Published, promised durable, and not acknowledged by the client.
    owed: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    published: u32,
}

impl Life {
    async fn new() -> Self {
        let states = MemoryStates::new();
        let rig = open(&states).await;
        let client = rig.kept("pump").await;
        subscribe(&client, "in", qos(1)).await;
        Self {
            rig,
            states,
            client: Some(client),
            open: Vec::new(),
            promises: Vec::new(),
            owed: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            published: 0,
        }
    }

    async fn act(&mut self, step: Step) {
        match step {
            Step::Publish => {
                let payload = self.published.to_string();
                self.published += 1;
                let routed = self.rig.route_message(message("in", &payload));
                self.promises.push((payload, routed.stored.unwrap()));
            }
            Step::Connect => {
                self.open.clear();
                self.client = Some(self.rig.connect(kept("pump")).attachment);
            }
            Step::Leave => {
                self.open.clear();
                if let Some(client) = self.client.take() {
                    graceful(client);
                }
            }
            Step::Receive(count) => self.receive(usize::from(count)),
            Step::Pause(turns) => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }
            Step::Crash => {
                self.collect().await;
                self.states = self.states.copy();
                // Nothing the old broker does from here on counts.
                self.client = None;
                self.rig = open(&self.states).await;
                self.open.clear();
                self.promises.clear();
            }
        }
        self.collect().await;
    }

    fn receive(&mut self, count: usize) {
        let Some(client) = &self.client else { return };
        let mut effects = Vec::new();
        client.fill(100, &mut |_| true, &mut effects);
        for effect in effects {
            if let Effect::Send { packet_id: Some(id), delivery, .. } = effect {
                let payload = String::from_utf8_lossy(&delivery.message.payload).into_owned();
                self.open.push((id, payload));
            }
        }
        for (id, payload) in self.open.drain(..count.min(self.open.len())) {
            client.acknowledged(id);
            self.owed.remove(&payload);
            self.acknowledged.insert(payload);
        }
    }

    /// Looks which promises are kept by now.
    async fn collect(&mut self) {
        for (payload, promise) in std::mem::take(&mut self.promises) {
            let polled = futures::poll!(std::pin::pin!(promise.wait()));
            match polled {
                std::task::Poll::Ready(outcome) => {
                    outcome.unwrap();
                    if !self.acknowledged.contains(&payload) {
                        self.owed.insert(payload);
                    }
                }
                std::task::Poll::Pending => self.promises.push((payload, promise)),
            }
        }
    }

    /// Everything that is still in the session.
    fn drain(&mut self) -> BTreeSet<String> {
        let connected = self.rig.connect(kept("pump"));
        assert!(connected.session_present);
        let mut got = BTreeSet::new();
        loop {
            let mut effects = Vec::new();
            connected.attachment.fill(100, &mut |_| true, &mut effects);
            if effects.is_empty() {
                return got;
            }
            for effect in effects {
                if let Effect::Send { packet_id: Some(id), delivery, .. } = effect {
                    connected.attachment.acknowledged(id);
                    got.insert(String::from_utf8_lossy(&delivery.message.payload).into_owned());
                }
            }
        }
    }
}

async fn open(states: &MemoryStates) -> Rig {
    let config = BrokerConfig { store_linger_ms: 0, ..BrokerConfig::default() };
    Rig::open_with(states, Timestamp::from_millis(1_000), config).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_was_promised_and_not_acknowledged_is_delivered_whatever_crashes(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut life = Life::new().await;
            for step in steps {
                life.act(step).await;
            }
            life.act(Step::Crash).await;
            let owed = std::mem::take(&mut life.owed);
            let got = life.drain();
            let lost: Vec<_> = owed.difference(&got).collect();
            prop_assert!(lost.is_empty(), "lost {lost:?}");
            let invented = got.iter().filter(|payload| {
                payload.parse::<u32>().map_or(true, |number| number >= life.published)
            });
            prop_assert_eq!(invented.count(), 0);
            Ok(())
        })?;
    }
}
