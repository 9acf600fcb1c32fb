//! Internet addresses.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{Arity, EvalFunction, Returns};
use crate::value::{Kind, Value};

pub(super) const CIDRMATCH: EvalFunction = EvalFunction {
    name: "cidrmatch",
    arity: Arity::exactly(2),
    doc: "Whether an address is in a network such as 10.0.0.0/8.",
    examples: &[
        ("tostring(cidrmatch(\"10.0.0.0/8\", \"10.20.30.40\"))", "True"),
        ("tostring(cidrmatch(\"10.0.0.0/8\", \"11.0.0.1\"))", "False"),
        ("tostring(cidrmatch(\"10.1.2.3/8\", \"10.0.0.1\"))", "True"),
        ("tostring(cidrmatch(\"2001:db8::/32\", \"2001:db8::1\"))", "True"),
        ("tostring(cidrmatch(\"10.0.0.0/8\", thing))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let network = arguments.text(0)?;
        let address = arguments.value(1)?;
        let network: Option<IpNet> =
            network.parse().or_else(|_| network.parse::<IpAddr>().map(IpNet::from)).ok();
        let is_inside = |address: &str| {
            let address = address.parse::<IpAddr>();
            network.zip(address.ok()).is_some_and(|(network, address)| network.contains(&address))
        };
        Some(Value::Bool(address.any(is_inside)))
    },
};

pub(super) const IPMASK: EvalFunction = EvalFunction {
    name: "ipmask",
    arity: Arity::exactly(2),
    doc: "The bits of an address that a mask has.",
    examples: &[
        ("ipmask(\"255.255.255.0\", \"10.20.30.120\")", "10.20.30.0"),
        ("ipmask(\"255.0.0.0\", thing)", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let mask: Ipv4Addr = arguments.text(0)?.parse().ok()?;
        let address: Ipv4Addr = arguments.text(1)?.parse().ok()?;
        Some(Value::text_of((mask & address).to_string()))
    },
};
