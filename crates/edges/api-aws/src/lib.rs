//! The AWS endpoint: one listener for the services that Picket stands in for.
//!
//! [`Endpoint`] takes a request, finds out who signed it (spec iot-core §1.3), which service and operation
//! it is for, runs the operation and puts the outcome into the words of the service's protocol. Around
//! every operation there is one place each for rights, throttling, the audit trail and timing.
//!
//! One operation is one file, for example `iot/settings/describe_endpoint.rs`, and one line in the list of its
//! folder. `docs/reference/aws-operations.md` is written from the lists.

mod answer;
mod call;
mod cognito_identity;
mod config;
mod credentials;
mod endpoint;
mod fault;
mod iam;
mod iot;
mod iot_data;
mod operation;
mod paging;
pub mod reference;
mod server;
mod services;
mod sns;
mod sts;

pub use answer::Answer;
pub use config::AwsConfig;
pub use endpoint::{AwsDeps, Endpoint, OperationStats};
pub use iot_data::{DataPlane, DataPlaneParts, https_router};
pub use server::{AwsServer, OpenError};
