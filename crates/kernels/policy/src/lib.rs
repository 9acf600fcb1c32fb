//! IoT policies: documents, and the decision whether a connection may do something
//! (spec iot-core §4).
//!
//! A [`PolicyDocument`] is parsed once per policy version. [`Authorizer::compile`] puts the facts of
//! one connection (a [`Subject`]) into the documents that apply to it; [`Authorizer::decide`] then
//! answers per message without allocating. Nothing here does input or output.

mod action;
mod authorizer;
mod condition;
mod document;
mod operator;
mod pattern;
mod subject;
mod template;

pub use action::Action;
pub use authorizer::{Authorizer, Decision, StatementRef};
pub use document::{MalformedPolicy, PolicyDocument};
pub use subject::{CertificateFacts, NameField, Subject, ThingFacts};
