//! Writing a report, as the agent and the simulator do.

use std::borrow::Cow;

use crate::document::{Node, write};
use crate::field::{self, Field};
use crate::{
    Connection, Connections, CustomValue, DeviceMetrics, Format, ListeningPort, ListeningPorts,
    NetworkStats, Report, Version,
};

/// Which of a field's two names to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Names {
    /// `header`, `metrics`, …
    Long,
    /// `hed`, `met`, …: about half the bytes.
    Short,
}

/// Writes `report`. What is absent in it is left out; [`Report::not_retained`] is not written.
pub fn encode(format: Format, names: Names, report: &Report) -> Vec<u8> {
    let Report { report_id, version, metrics, custom_metrics, not_retained: _ } = report;
    let Version { major, minor } = version;
    let header = Object::new(names)
        .with(field::REPORT_ID, Node::Unsigned(*report_id))
        .with(field::VERSION, Node::Text(format!("{major}.{minor}").into()));
    let document = Object::new(names)
        .with(field::HEADER, header.end())
        .with_some(field::METRICS, metrics.as_ref().map(|it| device_metrics(names, it)))
        .with_some(field::CUSTOM_METRICS, custom_metrics.as_ref().map(|it| custom_block(it)));
    write(format, &document.end())
}

/// Collects the members of one object.
struct Object<'a> {
    names: Names,
    members: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Object<'a> {
    const fn new(names: Names) -> Self {
        Self { names, members: Vec::new() }
    }

    fn with(mut self, field: Field, value: Node<'a>) -> Self {
        let name = match self.names {
            Names::Long => field.long,
            Names::Short => field.short,
        };
        self.members.push((Cow::Borrowed(name), value));
        self
    }

    fn with_some(self, field: Field, value: Option<Node<'a>>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    fn end(self) -> Node<'a> {
        Node::Map(self.members)
    }
}

fn device_metrics(names: Names, metrics: &DeviceMetrics) -> Node<'_> {
    let DeviceMetrics {
        listening_tcp_ports,
        listening_udp_ports,
        network_stats,
        established_connections,
    } = metrics;
    let tcp = listening_tcp_ports.as_ref().map(|it| listening(names, it));
    let udp = listening_udp_ports.as_ref().map(|it| listening(names, it));
    let connections = established_connections
        .as_ref()
        .map(|it| Object::new(names).with(field::ESTABLISHED, established(names, it)).end());
    Object::new(names)
        .with_some(field::LISTENING_TCP, tcp)
        .with_some(field::LISTENING_UDP, udp)
        .with_some(field::NETWORK_STATS, network_stats.map(|it| traffic(names, it)))
        .with_some(field::TCP_CONNECTIONS, connections)
        .end()
}

fn listening(names: Names, listening: &ListeningPorts) -> Node<'_> {
    let ListeningPorts { ports, total } = listening;
    let entry = |entry: &ListeningPort| {
        let ListeningPort { port, interface } = entry;
        Object::new(names)
            .with_some(field::INTERFACE, interface.clone().map(|it| Node::Text(it.into())))
            .with(field::PORT, Node::Unsigned(u64::from(*port)))
            .end()
    };
    let ports = ports.as_ref().map(|ports| Node::List(ports.iter().map(entry).collect()));
    Object::new(names)
        .with_some(field::PORTS, ports)
        .with_some(field::TOTAL, total.map(Node::Unsigned))
        .end()
}

fn traffic(names: Names, stats: NetworkStats) -> Node<'static> {
    let NetworkStats { bytes_in, bytes_out, packets_in, packets_out } = stats;
    Object::new(names)
        .with_some(field::BYTES_IN, bytes_in.map(Node::Unsigned))
        .with_some(field::BYTES_OUT, bytes_out.map(Node::Unsigned))
        .with_some(field::PACKETS_IN, packets_in.map(Node::Unsigned))
        .with_some(field::PACKETS_OUT, packets_out.map(Node::Unsigned))
        .end()
}

fn established(names: Names, established: &Connections) -> Node<'_> {
    let Connections { connections, total } = established;
    let entry = |connection: &Connection| {
        let Connection { remote, local_port, local_interface } = connection;
        let port = local_port.map(|it| Node::Unsigned(u64::from(it)));
        Object::new(names)
            .with_some(
                field::LOCAL_INTERFACE,
                local_interface.clone().map(|it| Node::Text(it.into())),
            )
            .with_some(field::LOCAL_PORT, port)
            .with(field::REMOTE_ADDR, Node::Text(remote.to_string().into()))
            .end()
    };
    let list = connections.as_ref().map(|all| Node::List(all.iter().map(entry).collect()));
    Object::new(names)
        .with_some(field::CONNECTIONS, list)
        .with_some(field::TOTAL, total.map(Node::Unsigned))
        .end()
}

fn custom_block(values: &[(String, CustomValue)]) -> Node<'_> {
    let entry = |(name, value): &'_ (String, CustomValue)| {
        let (kind, node) = custom_value(value);
        let inner = Node::Map(vec![(Cow::Borrowed(kind), node)]);
        (Cow::Owned(name.clone()), Node::List(vec![inner]))
    };
    Node::Map(values.iter().map(entry).collect())
}

/// The report's key for the kind of `value`, and its content.
fn custom_value(value: &CustomValue) -> (&'static str, Node<'static>) {
    match value {
        CustomValue::Number(number) => ("number", Node::Float(*number)),
        CustomValue::NumberList(numbers) => {
            ("number_list", Node::List(numbers.iter().copied().map(Node::Float).collect()))
        }
        CustomValue::StringList(texts) => {
            let texts = texts.iter().map(|it| Node::Text(it.clone().into())).collect();
            ("string_list", Node::List(texts))
        }
        CustomValue::IpList(addresses) => {
            let texts = addresses.iter().map(|it| Node::Text(it.to_string().into())).collect();
            ("ip_list", Node::List(texts))
        }
    }
}
