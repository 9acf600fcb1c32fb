//! Streams on real storage, against a collector that can misbehave.

mod backups;
mod changes;
mod collector;
mod crashes;
mod functions;
mod rig;
mod wire;
