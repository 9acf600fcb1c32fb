//! The front door with real sockets, real TLS and a client made of the same protocol crate.

mod bench;
mod client;
mod limits;
mod security;
mod semantics;
