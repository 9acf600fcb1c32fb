//! An engine over memory, for the tests of those who hold one.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_core::{Account, Clock, Tasks};
pub use picket_ports::state_store::by_hand::MemoryStates;
use picket_ports::{
    Delivery, DeliveryError, Message, Publish, PublishError, Receipt, Record, Registry,
};

use crate::{Dependencies, NotifyConfig, NotifyEngine, OpenError};

/// Remembers what was published and put.
#[derive(Debug, Default)]
pub struct Outlet {
    /// Publishes, in order.
    pub published: Mutex<Vec<Message>>,
    /// Records with their stream's name, in order.
    pub records: Mutex<Vec<(String, Record)>>,
}

#[async_trait]
impl Publish for Outlet {
    async fn publish(&self, message: Message) -> Result<(), PublishError> {
        self.published.lock().push(message);
        Ok(())
    }
}

#[async_trait]
impl Delivery for Outlet {
    async fn put(&self, stream: &str, records: Vec<Record>) -> Result<Vec<Receipt>, DeliveryError> {
        let receipts = records.iter().map(|_| Receipt { record_id: "0".to_owned() }).collect();
        let named = records.into_iter().map(|record| (stream.to_owned(), record));
        self.records.lock().extend(named);
        Ok(receipts)
    }
}

/// An engine with the default settings that has been started.
///
/// # Errors
/// When the registry cannot be read.
pub async fn engine(
    registry: Arc<dyn Registry>,
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> Result<Arc<NotifyEngine>, OpenError> {
    let outlet = Arc::new(Outlet::default());
    let deps = Dependencies {
        registry,
        states: Arc::new(MemoryStates::default()),
        publish: outlet.clone(),
        delivery: outlet,
        extra_roots: Vec::new(),
        account: Account::default(),
        clock,
        tasks: tasks.clone(),
    };
    let engine = NotifyEngine::open(NotifyConfig::default(), deps).await?;
    engine.start("http://127.0.0.1:4566");
    Ok(engine)
}
