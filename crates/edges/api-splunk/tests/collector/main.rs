//! The collector with real sockets and real storage: bytes in, bytes out.

#[cfg(test)]
mod acks;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod client;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod tls;
