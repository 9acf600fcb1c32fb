//! A message for one client that is connected.

use std::sync::Arc;
use std::time::Duration;

use picket_ports::{DirectMessageError, Message};
use picket_session::{Delivery, DropReason, Fate};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::broker::Broker;
use crate::slot::Slot;

/// A message whose fate is waited for; dropped, nobody waits any more.
struct Awaited {
    slot: Arc<Slot>,
    number: u64,
    fate: oneshot::Receiver<Fate>,
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut state = self.slot.state.lock();
        state.session.unwatch(self.number);
        state.receipts.retain(|(number, _)| *number != self.number);
    }
}

impl Broker {
    /// Sends `message` to the client and waits; see [`picket_ports::Connections::send_direct`].
    pub(crate) async fn send_to_one(
        &self,
        client_id: &str,
        message: Message,
        patience: Duration,
    ) -> Result<(), DirectMessageError> {
        let (topic, wants_confirmation) = (Arc::clone(&message.topic), message.qos > 0);
        let owned = || client_id.to_owned();
        let sent = self.send_awaited(client_id, message);
        let mut awaited = sent.map_err(|reason| in_words(reason, owned(), &topic))?;
        match timeout(patience, &mut awaited.fate).await {
            Ok(Ok(Fate::Sent | Fate::Acknowledged)) => Ok(()),
            Ok(Ok(Fate::Dropped(reason))) => Err(in_words(Some(reason), owned(), &topic)),
            Ok(Err(_gone)) => Err(DirectMessageError::Left { client_id: owned() }),
            Err(_late) if wants_confirmation => {
                let seconds = patience.as_secs();
                Err(DirectMessageError::NotConfirmed { client_id: owned(), seconds })
            }
            // It waits for its turn.
            Err(_late) => Ok(()),
        }
    }

    /// Puts the message into the session of the client. `Err(None)` if that is not connected.
    fn send_awaited(
        &self,
        client_id: &str,
        message: Message,
    ) -> Result<Awaited, Option<DropReason>> {
        let slot = self.slot_of(client_id).ok_or(None)?;
        let mut state = slot.state.lock();
        if state.seat.is_none() || state.is_removed {
            return Err(None);
        }
        let delivery = Delivery {
            qos: message.qos,
            retain: false,
            is_shared: false,
            subscription_ids: Vec::new(),
            message: Arc::new(message),
        };
        let number = state.session.taken();
        // What is stored of it is the concern of the session: the caller waits for the client.
        self.put(&slot, &mut state, self.clock.now(), delivery)?;
        let (receipt, fate) = oneshot::channel();
        state.session.watch(number);
        state.receipts.push((number, receipt));
        drop(state);
        Ok(Awaited { slot, number, fate })
    }
}

fn in_words(reason: Option<DropReason>, client_id: String, topic: &str) -> DirectMessageError {
    match reason {
        None => DirectMessageError::NotConnected { client_id },
        Some(DropReason::Denied) => {
            DirectMessageError::ReceiveDenied { client_id, topic: topic.to_owned() }
        }
        Some(DropReason::TooLarge) => DirectMessageError::TooLarge { client_id },
        Some(DropReason::Offline | DropReason::SessionEnded | DropReason::Expired) => {
            DirectMessageError::Left { client_id }
        }
        Some(
            reason @ (DropReason::QueueFull | DropReason::AllQueuesFull | DropReason::NotStored),
        ) => DirectMessageError::Full { client_id, reason: reason.as_str() },
    }
}
