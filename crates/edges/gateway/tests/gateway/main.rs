//! The front door with real sockets, real TLS and a client made of the same protocol crate.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod client;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod connection_log;
#[cfg(test)]
mod consequences;
#[cfg(test)]
mod dialect;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod events;
#[cfg(test)]
mod just_in_time;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod reasons;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod resumption;
#[cfg(test)]
mod security;
#[cfg(test)]
mod semantics;
#[cfg(test)]
mod store;
#[cfg(test)]
mod web_client;
#[cfg(test)]
mod websocket;
