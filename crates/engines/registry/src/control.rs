//! The control plane: the rules of the registry's operations, over its storage.
//!
//! One module for each kind of entry adds its operations to [`ControlPlane`] in an `impl` block of its
//! own. An operation checks the rules, changes rows by compare-and-swap on their versions, and tries
//! again where somebody else was faster. What more than one row decides is done under a lock of the
//! names concerned, so that two callers cannot pass the same check.

use std::sync::Arc;

use picket_core::{Account, Clock};
use picket_pki::Authority;
use picket_ports::{Directory, Publish, Registry};

use crate::certificates::KeyWork;
use crate::limits::RegistryLimits;
use crate::locks::NameLocks;
use crate::references::References;
use crate::registry_events::EventSwitches;
use crate::settings::LoggingRules;
use crate::{LiveDirectory, RightsBook};

/// How often a change is tried while others change the same entry.
pub(crate) const ATTEMPTS_MAX: usize = 32;

/// What a control plane works with.
#[derive(Debug, Clone)]
pub struct ControlParts {
    /// The storage.
    pub registry: Arc<dyn Registry>,
    /// The view the front door uses; an operation resolves when the view has its change.
    pub directory: Arc<LiveDirectory>,
    /// Our own CA, which signs what `CreateKeysAndCertificate` and the like hand out.
    pub authority: Arc<Authority>,
    /// Takes registry and certificate events.
    pub publish: Arc<dyn Publish>,
    /// The time of changes.
    pub clock: Arc<dyn Clock>,
    /// The account in ARNs.
    pub account: Account,
    /// Quotas.
    pub limits: RegistryLimits,
}

/// Things, groups, certificates, policies and settings, with AWS's rules (spec iot-core §2, §4, §6).
#[derive(Debug)]
pub struct ControlPlane {
    pub(crate) parts: ControlParts,
    pub(crate) locks: NameLocks,
    pub(crate) references: References,
    pub(crate) event_switches: EventSwitches,
    pub(crate) logging_rules: LoggingRules,
    pub(crate) key_work: KeyWork,
    pub(crate) rights: Arc<RightsBook>,
    pub(crate) presenting: NameLocks,
    pub(crate) provisioning: NameLocks,
    pub(crate) remedying: NameLocks,
}

impl ControlPlane {
    /// A control plane.
    pub fn new(parts: ControlParts) -> Self {
        let directory = Arc::clone(&parts.directory) as Arc<dyn Directory>;
        let rights = Arc::new(RightsBook::new(directory, parts.account.clone()));
        Self {
            parts,
            rights,
            locks: NameLocks::default(),
            references: References::default(),
            event_switches: EventSwitches::default(),
            logging_rules: LoggingRules::default(),
            key_work: KeyWork::default(),
            presenting: NameLocks::default(),
            provisioning: NameLocks::default(),
            remedying: NameLocks::default(),
        }
    }

    /// The account in ARNs.
    pub fn account(&self) -> &Account {
        &self.parts.account
    }

    /// Our own CA's certificate, PEM: what devices trust.
    pub fn authority_pem(&self) -> &str {
        self.parts.authority.certificate_pem()
    }

    /// The storage, for reads that have no rules.
    pub fn registry(&self) -> &Arc<dyn Registry> {
        &self.parts.registry
    }

    /// Resolves when the front door's view holds every change made so far.
    pub(crate) async fn in_force(&self) {
        let revision = *self.parts.registry.revision().borrow();
        self.parts.directory.caught_up(revision).await;
    }
}
