//! Certificate authorities.

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[];
