//! Reading a report: strict about its shape, patient with what real agents send
//! (spec device-defender §1.4–§1.7).

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::document::{Node, parse};
use crate::field::{self, Field};
use crate::{
    Connection, Connections, CustomValue, DeviceMetrics, Format, ListeningPort, ListeningPorts,
    NetworkStats, NotRetained, RemoteAddress, Report, Version, is_custom_metric_name,
};

/// The largest report, in bytes: MQTT's payload limit at AWS.
pub const REPORT_BYTES_MAX: usize = 128 * 1024;
/// The most entries of one list in a report.
pub const LIST_ENTRIES_MAX: usize = 1000;
/// The most custom metrics in one report.
pub const CUSTOM_METRICS_MAX: usize = 1000;
/// The deepest nesting of a report, unknown members included.
pub const NESTING_MAX: usize = 16;

/// Why a report was refused. Prints as `metrics.listening_tcp_ports.ports[3].port: must be …`; the
/// path always uses the long names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", Prefix(path))]
pub struct ReportError {
    /// The report's id, if the report could be read that far.
    pub report_id: Option<u64>,
    /// The offending field; empty for the document as a whole.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// Whether that is a number below zero where none can be.
    pub is_negative: bool,
}

struct Prefix<'a>(&'a str);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

/// Reads a report. Names may be long, short or mixed; unknown members are ignored; optional members
/// may be null; whole numbers may be floats or texts.
pub fn decode(format: Format, bytes: &[u8]) -> Result<Report, ReportError> {
    let whole =
        |problem| ReportError { report_id: None, path: String::new(), problem, is_negative: false };
    if bytes.len() > REPORT_BYTES_MAX {
        let size = bytes.len();
        return Err(whole(format!("has {size} bytes; at most {REPORT_BYTES_MAX} are allowed")));
    }
    let document = parse(format, bytes, NESTING_MAX).map_err(whole)?;
    let mut report = Report::default();
    match read_report(At::Root, &document, &mut report) {
        Ok(()) => Ok(report),
        Err(Problem { path, problem, is_negative }) => {
            let report_id = (report.report_id > 0).then_some(report.report_id);
            Err(ReportError { report_id, path, problem, is_negative })
        }
    }
}

/// Where in the document we are; written out only when something is wrong there.
#[derive(Clone, Copy)]
enum At<'a> {
    Root,
    Member(&'a At<'a>, &'a str),
    Entry(&'a At<'a>, usize),
}

impl At<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write(out);
                if !out.is_empty() {
                    out.push('.');
                }
                // A custom metric's name is the sender's: short and without control characters.
                out.extend(name.chars().take(128).flat_map(char::escape_debug));
            }
            Self::Entry(parent, index) => {
                parent.write(out);
                // Writing into a String does not fail.
                write!(out, "[{index}]").unwrap_or_default();
            }
        }
    }

    fn error(&self, problem: impl Into<String>) -> Problem {
        let mut path = String::new();
        self.write(&mut path);
        Problem { path, problem: problem.into(), is_negative: false }
    }
}

struct Problem {
    path: String,
    problem: String,
    is_negative: bool,
}

type Read<T> = Result<T, Problem>;

/// An object together with its place.
#[derive(Clone, Copy)]
struct Object<'n> {
    at: At<'n>,
    members: &'n [(std::borrow::Cow<'n, str>, Node<'n>)],
}

impl<'n> Object<'n> {
    fn new(at: At<'n>, node: &'n Node<'n>) -> Read<Self> {
        match node {
            Node::Map(members) => Ok(Self { at, members }),
            other => Err(at.error(format!("must be an object, not {}", other.kind()))),
        }
    }

    /// The field's value; `None` if it is absent or null.
    fn get(&self, field: Field) -> Read<Option<&'n Node<'n>>> {
        let mut found = None;
        for (name, value) in self.members {
            if name != field.long && name != field.short {
                continue;
            }
            if found.replace(value).is_some() {
                return Err(At::Member(&self.at, field.long).error("is given twice"));
            }
        }
        Ok(found.filter(|it| **it != Node::Null))
    }

    fn required(&self, field: Field) -> Read<&'n Node<'n>> {
        self.get(field)?.ok_or_else(|| At::Member(&self.at, field.long).error("is missing"))
    }

    /// Reads an optional field with `read`.
    fn optional<T>(
        &self,
        field: Field,
        read: impl FnOnce(At<'_>, &Node<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        match self.get(field)? {
            Some(node) => read(At::Member(&self.at, field.long), node).map(Some),
            None => Ok(None),
        }
    }
}

fn read_report(at: At<'_>, node: &Node<'_>, report: &mut Report) -> Read<()> {
    let root = Object::new(at, node)?;
    let header_at = At::Member(&at, field::HEADER.long);
    let header = Object::new(header_at, root.required(field::HEADER)?)?;
    let id_at = At::Member(&header_at, field::REPORT_ID.long);
    let id = whole_number(id_at, header.required(field::REPORT_ID)?)?;
    if id == 0 {
        return Err(id_at.error("must be positive"));
    }
    report.report_id = id;
    let version_at = At::Member(&header_at, field::VERSION.long);
    report.version = version(version_at, header.required(field::VERSION)?)?;
    report.metrics = root.optional(field::METRICS, device_metrics)?;
    report.custom_metrics = root.optional(field::CUSTOM_METRICS, |at, node| {
        custom_metrics(at, node, &mut report.not_retained)
    })?;
    if report.metrics.is_none() && report.custom_metrics.is_none() {
        return Err(at.error("has neither `metrics` nor `custom_metrics`"));
    }
    Ok(())
}

fn version(at: At<'_>, node: &Node<'_>) -> Read<Version> {
    let text = text(at, node)?;
    let parsed = text.split_once('.').and_then(|(major, minor)| {
        Some(Version { major: major.parse().ok()?, minor: minor.parse().ok()? })
    });
    match parsed {
        Some(version) if version.major == 1 => Ok(version),
        Some(Version { major, .. }) => {
            Err(at.error(format!("major version {major} is not understood; send 1.0")))
        }
        None => Err(at.error("must be Major.Minor, for example 1.0")),
    }
}

fn device_metrics(at: At<'_>, node: &Node<'_>) -> Read<DeviceMetrics> {
    let metrics = Object::new(at, node)?;
    let established = |at: At<'_>, node: &Node<'_>| {
        Object::new(at, node)?.optional(field::ESTABLISHED, connections)
    };
    Ok(DeviceMetrics {
        listening_tcp_ports: metrics.optional(field::LISTENING_TCP, listening_ports)?,
        listening_udp_ports: metrics.optional(field::LISTENING_UDP, listening_ports)?,
        network_stats: metrics.optional(field::NETWORK_STATS, network_stats)?,
        established_connections: metrics.optional(field::TCP_CONNECTIONS, established)?.flatten(),
    })
}

fn listening_ports(at: At<'_>, node: &Node<'_>) -> Read<ListeningPorts> {
    let listening = Object::new(at, node)?;
    let ports = |at: At<'_>, node: &Node<'_>| list(at, node, listening_port);
    Ok(ListeningPorts {
        ports: listening.optional(field::PORTS, ports)?,
        total: listening.optional(field::TOTAL, whole_number)?,
    })
}

fn listening_port(at: At<'_>, node: &Node<'_>) -> Read<ListeningPort> {
    let entry = Object::new(at, node)?;
    let port_at = At::Member(&at, field::PORT.long);
    let number = port(port_at, entry.required(field::PORT)?)?;
    if number == 0 {
        return Err(port_at.error("must be between 1 and 65535, not 0"));
    }
    let interface = entry.optional(field::INTERFACE, text)?;
    Ok(ListeningPort { port: number, interface })
}

fn network_stats(at: At<'_>, node: &Node<'_>) -> Read<NetworkStats> {
    let stats = Object::new(at, node)?;
    Ok(NetworkStats {
        bytes_in: stats.optional(field::BYTES_IN, whole_number)?,
        bytes_out: stats.optional(field::BYTES_OUT, whole_number)?,
        packets_in: stats.optional(field::PACKETS_IN, whole_number)?,
        packets_out: stats.optional(field::PACKETS_OUT, whole_number)?,
    })
}

fn connections(at: At<'_>, node: &Node<'_>) -> Read<Connections> {
    let established = Object::new(at, node)?;
    let all = |at: At<'_>, node: &Node<'_>| list(at, node, connection);
    Ok(Connections {
        connections: established.optional(field::CONNECTIONS, all)?,
        total: established.optional(field::TOTAL, whole_number)?,
    })
}

fn connection(at: At<'_>, node: &Node<'_>) -> Read<Connection> {
    let entry = Object::new(at, node)?;
    let remote_at = At::Member(&at, field::REMOTE_ADDR.long);
    let remote = match entry.required(field::REMOTE_ADDR)? {
        Node::Text(text) => RemoteAddress::parse(text),
        other => return Err(remote_at.error(format!("must be text, not {}", other.kind()))),
    };
    Ok(Connection {
        remote: remote.ok_or_else(|| {
            remote_at.error("must be an IP address and a port, for example 192.0.2.1:443")
        })?,
        local_port: entry.optional(field::LOCAL_PORT, port)?,
        local_interface: entry.optional(field::LOCAL_INTERFACE, text)?,
    })
}

fn custom_metrics(
    at: At<'_>,
    node: &Node<'_>,
    not_retained: &mut Vec<NotRetained>,
) -> Read<Vec<(String, CustomValue)>> {
    let members = Object::new(at, node)?.members;
    if members.len() > CUSTOM_METRICS_MAX {
        let count = members.len();
        let problem = format!("holds {count} metrics; at most {CUSTOM_METRICS_MAX} are allowed");
        return Err(at.error(problem));
    }
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    let mut values = Vec::with_capacity(members.len());
    for (name, value) in members {
        let at = At::Member(&at, name);
        if !seen.insert(name.as_ref()) {
            return Err(at.error("is given twice"));
        }
        let read = custom_value(at, value)?;
        match read {
            Ok(_) if !is_custom_metric_name(name) => not_retained.push(NotRetained {
                name: name.chars().take(128).collect(),
                problem: "no custom metric can have this name",
            }),
            Ok(value) => values.push((name.as_ref().to_owned(), value)),
            Err(problem) => {
                not_retained.push(NotRetained { name: name.chars().take(128).collect(), problem });
            }
        }
    }
    Ok(values)
}

/// The outer error refuses the report; the inner one only leaves the value out.
fn custom_value(at: At<'_>, node: &Node<'_>) -> Read<Result<CustomValue, &'static str>> {
    const SHAPE: &str = "must be a list of exactly one object, for example [{\"number\": 1}]";
    let Node::List(items) = node else {
        return Err(at.error(format!("{SHAPE}, not {}", node.kind())));
    };
    let [item] = items.as_slice() else {
        return Err(at.error(format!("{SHAPE}; it has {} entries", items.len())));
    };
    let at = At::Entry(&at, 0);
    let [(kind, value)] = Object::new(at, item)?.members else {
        return Err(at.error("must have exactly one member"));
    };
    let inner = At::Member(&at, kind);
    match kind.as_ref() {
        "number" => Ok(number(inner, value)?.map(CustomValue::Number)),
        "number_list" => Ok(list(inner, value, number)?.into_iter().collect::<Result<_, _>>())
            .map(|read| read.map(CustomValue::NumberList)),
        "string_list" => Ok(list(inner, value, plain_text)?.into_iter().collect::<Result<_, _>>())
            .map(|read| read.map(CustomValue::StringList)),
        "ip_list" => Ok(list(inner, value, ip)?.into_iter().collect::<Result<_, _>>())
            .map(|read| read.map(CustomValue::IpList)),
        _ => Err(inner.error(
            "is no kind of value; the kinds are number, number_list, string_list and ip_list",
        )),
    }
}

fn number(at: At<'_>, node: &Node<'_>) -> Read<Result<f64, &'static str>> {
    let number = match node {
        Node::Unsigned(it) => *it as f64,
        Node::Negative(it) => *it as f64,
        Node::Float(it) if it.is_finite() => *it,
        Node::Float(_) => return Err(at.error("must be a finite number")),
        other => return Err(at.error(format!("must be a number, not {}", other.kind()))),
    };
    let kept = significant_digits(number) <= 15;
    Ok(if kept { Ok(number) } else { Err("it has more than 15 digits of precision") })
}

/// Digits of the shortest text that reads back as `number`; as a 32-bit float where it is one, since
/// small devices send those in CBOR.
fn significant_digits(number: f64) -> usize {
    let narrow = number as f32;
    let text =
        if f64::from(narrow) == number { format!("{narrow:e}") } else { format!("{number:e}") };
    text.bytes().take_while(|c| *c != b'e').filter(u8::is_ascii_digit).count()
}

fn plain_text(at: At<'_>, node: &Node<'_>) -> Read<Result<String, &'static str>> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b":_-/.".contains(&c);
    let text = text(at, node)?;
    let kept = text.bytes().all(allowed);
    Ok(if kept {
        Ok(text)
    } else {
        Err("a text holds other characters than A-Z a-z 0-9 : _ - / .")
    })
}

fn ip(at: At<'_>, node: &Node<'_>) -> Read<Result<IpAddr, &'static str>> {
    Ok(text(at, node)?.parse().map_err(|_| "an entry is not an IPv4 or IPv6 address"))
}

fn list<T>(
    at: At<'_>,
    node: &Node<'_>,
    mut read: impl FnMut(At<'_>, &Node<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let Node::List(items) = node else {
        return Err(at.error(format!("must be a list, not {}", node.kind())));
    };
    if items.len() > LIST_ENTRIES_MAX {
        let count = items.len();
        return Err(
            at.error(format!("has {count} entries; at most {LIST_ENTRIES_MAX} are allowed"))
        );
    }
    items.iter().enumerate().map(|(index, item)| read(At::Entry(&at, index), item)).collect()
}

fn text(at: At<'_>, node: &Node<'_>) -> Read<String> {
    match node {
        Node::Text(text) => Ok(text.as_ref().to_owned()),
        other => Err(at.error(format!("must be text, not {}", other.kind()))),
    }
}

fn port(at: At<'_>, node: &Node<'_>) -> Read<u16> {
    let number = whole_number(at, node)?;
    u16::try_from(number)
        .map_err(|_| at.error(format!("must be between 1 and 65535, not {number}")))
}

fn whole_number(at: At<'_>, node: &Node<'_>) -> Read<u64> {
    whole(node).ok_or_else(|| match node {
        Node::Unsigned(_) | Node::Negative(_) | Node::Float(_) => {
            let problem = at.error("must be a whole number from 0 to 18446744073709551615");
            let is_negative = match node {
                Node::Negative(_) => true,
                Node::Float(number) => *number < 0.0,
                _ => false,
            };
            Problem { is_negative, ..problem }
        }
        other => at.error(format!("must be a whole number, not {}", other.kind())),
    })
}

/// A whole number as agents write it: an integer, a float without a fraction, or digits in a text.
pub(crate) fn whole(node: &Node<'_>) -> Option<u64> {
    match node {
        Node::Unsigned(it) => Some(*it),
        // 2^64 is the first float that does not fit.
        Node::Float(it)
            if it.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(it) =>
        {
            Some(*it as u64)
        }
        Node::Text(text) if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}
