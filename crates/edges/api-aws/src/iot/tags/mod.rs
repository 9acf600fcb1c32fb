//! Tags on resources.

mod list_tags_for_resource;
mod tag_resource;
mod untag_resource;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] =
    &[&list_tags_for_resource::OPERATION, &tag_resource::OPERATION, &untag_resource::OPERATION];
