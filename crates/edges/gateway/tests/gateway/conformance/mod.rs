//! What MQTT asks of a broker, tested by the byte on the plaintext listener.

mod basics;
mod malformed;
mod packet;
mod properties;
mod sessions;
mod streams;
mod wills;
mod wire;
