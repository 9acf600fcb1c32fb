//! Dimensions (spec device-defender §2.8).

mod create_dimension;
mod delete_dimension;
mod describe_dimension;
mod list_dimensions;
mod rendering;
mod update_dimension;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_dimension::OPERATION,
    &delete_dimension::OPERATION,
    &describe_dimension::OPERATION,
    &list_dimensions::OPERATION,
    &update_dimension::OPERATION,
];
