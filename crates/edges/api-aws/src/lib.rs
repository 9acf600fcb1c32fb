//! The AWS endpoint: one listener for the services that Picket stands in for.
