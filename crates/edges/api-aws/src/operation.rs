//! What an operation and a service are.

use futures::future::BoxFuture;
use http::Method;
use picket_registry::ControlError;
use picket_wire_aws::{AwsError, Protocol};

use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;

pub(crate) type ApiResult<T = Answer> = Result<T, ApiError>;

/// Who may call an operation, and whether the audit trail takes note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Every user.
    Read,
    /// Admins only. Every attempt is in the audit trail before it is answered.
    Write,
    /// Admins, and devices with a client certificate, whose policies the operation itself asks. Not in
    /// the audit trail: this is messages, not changes.
    Data,
    /// Every user, and devices as with [`Access::Data`].
    DeviceRead,
    /// Admins, and devices as with [`Access::Data`]. Every attempt is in the audit trail.
    DeviceWrite,
    /// Devices only, as with [`Access::Data`].
    Device,
    /// Whoever has signed.
    Open,
    /// Whom the trust policy of a role lets, which the operation itself asks. Every attempt is in the audit
    /// trail.
    Assume,
}

impl Access {
    /// Whether it changes something, which is written down.
    pub(crate) const fn is_change(self) -> bool {
        matches!(self, Self::Write | Self::DeviceWrite | Self::Assume)
    }

    /// Whether every user may, not only admins.
    pub(crate) const fn is_for_every_user(self) -> bool {
        matches!(self, Self::Read | Self::DeviceRead | Self::Open | Self::Assume)
    }

    /// Whether devices may ask, whose policies then decide.
    pub(crate) const fn is_for_devices(self) -> bool {
        matches!(self, Self::Data | Self::DeviceRead | Self::DeviceWrite | Self::Device)
    }
}

/// An operation: one of these in each file, named in the list of its folder.
#[derive(Debug)]
pub(crate) struct Operation {
    /// AWS's name, for example `DescribeThing`.
    pub(crate) name: &'static str,
    /// The method; POST for the protocols that tell operations apart otherwise.
    pub(crate) method: Method,
    /// AWS's path, with labels as in `/things/{thingName}` and greedy ones as in `/topics/{topic+}`; `/`
    /// for the protocols that tell operations apart otherwise.
    pub(crate) path: &'static str,
    /// Who may call it.
    pub(crate) access: Access,
    /// Runs it: parse, call the control plane, render.
    pub(crate) run: fn(Call) -> BoxFuture<'static, ApiResult>,
}

/// A service with its operations.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its name, as in `boto3.client(…)`.
    pub(crate) name: &'static str,
    /// How it talks.
    pub(crate) protocol: Protocol,
    /// The names it is signed under.
    pub(crate) signing_names: &'static [&'static str],
    /// JSON 1.1: what `X-Amz-Target` begins with, before the dot.
    pub(crate) target_prefix: Option<&'static str>,
    /// The control plane's errors in the words of this service.
    pub(crate) faults: fn(ControlError) -> AwsError,
    /// Query: the namespace of its answers, which ends with its version.
    pub(crate) namespace: Option<&'static str>,
    /// Lists of operations, one for each folder.
    pub(crate) operations: &'static [&'static [&'static Operation]],
    /// Every operation of AWS's model: `NAME METHOD PATH` lines.
    pub(crate) model: &'static str,
}

impl Service {
    /// Every operation that is there.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Operation> {
        self.operations.iter().flat_map(|list| list.iter().copied())
    }

    /// Every operation of AWS's model as (name, method, path).
    pub(crate) fn modelled(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        self.model.lines().filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?, words.next()?))
        })
    }
}
