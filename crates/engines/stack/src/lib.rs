//! Templates: text in CloudFormation's language becomes resources in the registry.
//!
//! The one path by which Picket provisions itself at first start, and by which people deploy stacks.
//! A template goes through [`Provisioner::apply`]: YAML or JSON is read within limits (`yaml`), its
//! sections are told apart (`template`), parameters get their values (`parameters`), resources are put
//! in the order of their dependencies (`order`), functions are resolved (`resolve`), properties are
//! brought into the shape of the AWS API (`shape`, [`resources`]), and security profiles are read as the
//! detect engine reads them (`profiles`). Only when nothing at all is wrong
//! does the registry change, one resource after the other; what is there already is left as it is, so
//! a run that was cut off is completed by the next.

mod error;
mod node;
mod order;
mod parameters;
mod profiles;
mod provision;
mod resolve;
pub mod resources;
mod shape;
mod template;
mod yaml;

pub use error::{Problem, StackError};
pub use parameters::Parameters;
pub use provision::{Outcome, Provisioner, ResourceOutcome, ResourceState};
