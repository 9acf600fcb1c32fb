//! IoT policies: documents, and the decision whether a connection may do something
//! (spec iot-core §4).
//!
//! A [`PolicyDocument`] is parsed once per policy version. A [`CompiledPolicy`] is one with the facts
//! of a connection (a [`Subject`]) put in; an [`Authorizer`] holds those that apply to a connection,
//! and [`Authorizer::check`] answers per message without allocating. [`explain`] takes the same
//! decision slowly and says why. Nothing here does input or output.

mod action;
mod authorizer;
mod compiled;
mod condition;
mod document;
mod explain;
pub mod iam;
mod json;
mod number;
mod operator;
mod pattern;
mod request;
mod subject;
mod template;

pub use action::{Action, ResourceKind};
pub use authorizer::{Authorizer, Decision, StatementRef};
pub use compiled::CompiledPolicy;
pub use document::{Effect, MalformedPolicy, PolicyDocument};
pub use explain::{
    ConditionReport, Explanation, Outcome, PatternReport, StatementReport, TermReport, explain,
};
pub use request::InvalidRequest;
pub use subject::{CertificateFacts, NameField, Subject, ThingFacts};
