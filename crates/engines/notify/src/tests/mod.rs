//! Deliveries over real sockets.

mod crashes;
mod deliveries;
mod failures;
mod mail;
mod receiver;
mod rig;
mod smtp;
mod subscriptions;
