//! Templates against a real registry.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod provisioning;
#[cfg(test)]
mod quickstart;
