//! Topics that begin with `$` (spec iot-core §3.7).

pub(crate) use picket_session::{Destination, can_be_subscribed, destination};
