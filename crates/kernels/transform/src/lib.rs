//! Record transforms that run inside Picket, without a Lambda function.
//!
//! [`native::NativeTransform`] turns what the pipeline carries – metrics exports and audit
//! notifications – into HEC events, byte for byte as the seed pipeline's Python function does
//! (spec delivery §7). [`python_json`] is the JSON writer that makes the bytes agree.

pub mod native;
pub mod python_json;

mod json_members;

pub use native::{EventTime, NativeTransform, TransformError};
