//! The front door with real sockets, real TLS and a client made of the same protocol crate.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod client;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod dialect;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod security;
#[cfg(test)]
mod semantics;
