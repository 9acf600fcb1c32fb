//! The connections that are open now, so that a change in the registry reaches them at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use picket_core::CertificateId;
use picket_ports::directory::DirectoryChange;
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// What can be told to a connection from outside.
#[derive(Debug, Default)]
pub(crate) struct Control {
    pub(crate) certificate: Option<CertificateId>,
    /// The connection's one reason to look up: messages, takeover or a flag below.
    pub(crate) wake: Arc<Notify>,
    check_certificate: AtomicBool,
    rights_changed: AtomicBool,
    stop: AtomicBool,
}

impl Control {
    pub(crate) fn new(certificate: Option<CertificateId>) -> Arc<Self> {
        Arc::new(Self { certificate, ..Self::default() })
    }

    fn raise(&self, flag: &AtomicBool) {
        flag.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(crate) fn take_check_certificate(&self) -> bool {
        self.check_certificate.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take_rights_changed(&self) -> bool {
        self.rights_changed.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Live {
    connections: Mutex<HashMap<Option<CertificateId>, Vec<Arc<Control>>>>,
}

impl Live {
    pub(crate) fn add(&self, control: &Arc<Control>) {
        let mut connections = self.connections.lock();
        connections.entry(control.certificate.clone()).or_default().push(Arc::clone(control));
    }

    pub(crate) fn remove(&self, control: &Arc<Control>) {
        let mut connections = self.connections.lock();
        if let Some(controls) = connections.get_mut(&control.certificate) {
            controls.retain(|other| !Arc::ptr_eq(other, control));
            if controls.is_empty() {
                connections.remove(&control.certificate);
            }
        }
    }

    fn each(&self, act: impl Fn(&Control)) {
        self.connections.lock().values().flatten().for_each(|control| act(control));
    }

    /// Tells every connection to end.
    pub(crate) fn stop_all(&self) {
        self.each(|control| control.raise(&control.stop));
    }

    /// Passes changes of the registry on until there are no more.
    pub(crate) async fn follow(&self, mut changes: Receiver<DirectoryChange>) {
        loop {
            match changes.recv().await {
                Ok(DirectoryChange::Certificate(id)) => {
                    let connections = self.connections.lock();
                    for control in connections.get(&Some(id)).into_iter().flatten() {
                        control.raise(&control.check_certificate);
                    }
                }
                Ok(DirectoryChange::RightsOf(id)) => {
                    let connections = self.connections.lock();
                    for control in connections.get(&Some(id)).into_iter().flatten() {
                        control.raise(&control.rights_changed);
                    }
                }
                Ok(DirectoryChange::Rights) => {
                    self.each(|control| control.raise(&control.rights_changed));
                }
                Ok(DirectoryChange::Things) => {}
                Err(RecvError::Lagged(_)) => self.each(|control| {
                    control.raise(&control.check_certificate);
                    control.raise(&control.rights_changed);
                }),
                Err(RecvError::Closed) => return,
            }
        }
    }
}
