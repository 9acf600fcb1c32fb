//! Tags on resources.

mod list_tags_for_resource;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[&list_tags_for_resource::OPERATION];
