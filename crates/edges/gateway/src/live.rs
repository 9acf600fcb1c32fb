//! The connections that are open now, and the way a change in the registry reaches them.
//!
//! A change first raises a flag on every connection it may concern, which a connection looks at before
//! it lets anything pass. Then those connections are woken a few at a time, so that ten thousand
//! sessions are looked at within a second and the rest of the server goes on meanwhile.

mod follower;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_core::CertificateId;
use picket_ports::KeyOwner;
use tokio::sync::Notify;

/// Who a connection has proven to be before it said a word of MQTT.
#[derive(Debug, Clone)]
pub(crate) enum Proven {
    /// Nobody: it comes in on the plaintext listener.
    Nobody,
    /// Holds the key of this certificate.
    Certificate(CertificateId),
    /// Has signed with this access key.
    Operator(Arc<KeyOwner>),
}

const CREDENTIAL: u8 = 1;
const RIGHTS: u8 = 2;
const STOP: u8 = 4;

/// What can be told to a connection from outside.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) proven: Proven,
    /// The connection's one reason to look up: messages, takeover or a flag below.
    pub(crate) wake: Arc<Notify>,
    flags: AtomicU8,
}

/// What a connection has been told since it last looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// Look whether the certificate or access key is still good.
    pub(crate) credential: bool,
    /// Work out the rights anew.
    pub(crate) rights: bool,
    /// The server stops.
    pub(crate) stop: bool,
}

impl Control {
    pub(crate) fn new(proven: Proven) -> Arc<Self> {
        Arc::new(Self { proven, wake: Arc::default(), flags: AtomicU8::new(0) })
    }

    fn raise(&self, flag: u8) {
        self.flags.fetch_or(flag, Ordering::AcqRel);
    }

    /// Whether there is anything to look up. Cheap; asked before each batch of packets.
    pub(crate) fn is_told(&self) -> bool {
        self.flags.load(Ordering::Acquire) != 0
    }
}

#[derive(Debug, Default)]
pub(crate) struct Live {
    connections: Mutex<Connections>,
    /// Connections that have looked up since the follower last asked.
    answers: AtomicUsize,
    /// As many answers as the follower waits for.
    awaited: AtomicUsize,
    answered: Notify,
}

#[derive(Debug, Default)]
struct Connections {
    by_certificate: AHashMap<CertificateId, Vec<Arc<Control>>>,
    operators: Vec<Arc<Control>>,
    nobodies: Vec<Arc<Control>>,
}

impl Connections {
    fn place(&mut self, control: &Control) -> &mut Vec<Arc<Control>> {
        match &control.proven {
            Proven::Certificate(id) => self.by_certificate.entry(id.clone()).or_default(),
            Proven::Operator(_) => &mut self.operators,
            Proven::Nobody => &mut self.nobodies,
        }
    }

    fn devices(&self) -> impl Iterator<Item = &Arc<Control>> {
        self.by_certificate.values().flatten()
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Control>> {
        self.devices().chain(&self.operators).chain(&self.nobodies)
    }
}

impl Live {
    pub(crate) fn add(&self, control: &Arc<Control>) {
        self.connections.lock().place(control).push(Arc::clone(control));
    }

    pub(crate) fn remove(&self, control: &Arc<Control>) {
        let mut connections = self.connections.lock();
        let place = connections.place(control);
        if let Some(at) = place.iter().position(|other| Arc::ptr_eq(other, control)) {
            place.swap_remove(at);
        }
        if let Proven::Certificate(id) = &control.proven
            && place.is_empty()
        {
            connections.by_certificate.remove(id);
        }
    }

    /// Tells every connection to end.
    pub(crate) fn stop_all(&self) {
        for control in self.connections.lock().all() {
            control.raise(STOP);
            control.wake.notify_one();
        }
    }

    /// Has every operator's access key looked at that `is_good` does not know any more.
    pub(crate) fn check_operators(&self, is_good: impl Fn(&KeyOwner) -> bool) {
        for control in &self.connections.lock().operators {
            if let Proven::Operator(owner) = &control.proven
                && !is_good(owner)
            {
                control.raise(CREDENTIAL);
                control.wake.notify_one();
            }
        }
    }

    /// What `control` has been told since the last call.
    pub(crate) fn take(&self, control: &Control) -> Told {
        let flags = control.flags.swap(0, Ordering::AcqRel);
        if flags & (CREDENTIAL | RIGHTS) != 0 {
            let answers = self.answers.fetch_add(1, Ordering::AcqRel) + 1;
            if answers >= self.awaited.load(Ordering::Acquire) {
                self.answered.notify_one();
            }
        }
        Told {
            credential: flags & CREDENTIAL != 0,
            rights: flags & RIGHTS != 0,
            stop: flags & STOP != 0,
        }
    }
}
