//! The threshold of a behaviour: `criteria.value` (spec device-defender §2.1).

use ipnet::IpNet;
use serde_json::{Map, Number, Value};

use super::criteria::Allowed;
use super::reader::{Reader, join, kind, whole};
use crate::blocks::Blocks;
use crate::evaluate::{Operator, Test};
use crate::metrics::Kind;

const VALUE_MEMBERS: &[&str] = &["count", "cidrs", "ports", "number", "numbers", "strings"];

pub(super) fn threshold(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    (operator, allowed): (Operator, &Allowed<'_>),
) -> Option<Test> {
    let members = reader.object(path, value, VALUE_MEMBERS)?;
    let mut given = members.iter();
    let (Some((name, value)), None) = (given.next(), given.next()) else {
        reader.problem(path, format!("must have exactly one member, not {}", members.len()));
        return None;
    };
    let at = join(path, name);
    match (name.as_str(), allowed.kind) {
        ("count", Kind::Count) => {
            let count = required(reader, &at, whole(value), "must be a whole number of at least 0");
            count.map(|it| Test::Count(operator, it))
        }
        // AWS's own samples write a custom number's threshold either way.
        ("number" | "count", Kind::Number) => {
            let number = required(reader, &at, number(value), "must be a number");
            number.map(|it| Test::Number(operator, it))
        }
        ("cidrs", Kind::Cidrs) => {
            let problem = "is no IP address or block";
            let blocks = elements(reader, &at, value, (&block, problem, allowed.elements_max))?;
            Some(Test::Blocks(operator, Blocks::new(blocks)))
        }
        ("ports", Kind::Ports) => {
            let problem = "is no port from 0 to 65535";
            let mut ports = elements(reader, &at, value, (&port, problem, allowed.elements_max))?;
            ports.sort_unstable();
            ports.dedup();
            Some(Test::Ports(operator, ports))
        }
        ("numbers", Kind::Numbers) => {
            let positive_zero = |it: &Value| number(it).map(|number| number + 0.0);
            let read = (&positive_zero as &dyn Fn(&Value) -> Option<f64>, "is no number");
            let mut numbers = elements(reader, &at, value, (read.0, read.1, allowed.elements_max))?;
            numbers.sort_unstable_by(f64::total_cmp);
            Some(Test::Numbers(operator, numbers))
        }
        ("strings", Kind::Strings) => {
            let text = |it: &Value| it.as_str().map(str::to_owned);
            let mut texts =
                elements(reader, &at, value, (&text, "is no text", allowed.elements_max))?;
            texts.sort_unstable();
            Some(Test::Texts(operator, texts))
        }
        _ => {
            let wanted = match allowed.kind {
                Kind::Count => "count",
                Kind::Cidrs => "cidrs",
                Kind::Ports => "ports",
                Kind::Number => "number",
                Kind::Numbers => "numbers",
                Kind::Strings => "strings",
            };
            let problem = format!("metric {} takes `{wanted}`, not `{name}`", allowed.metric);
            reader.problem(path, problem);
            None
        }
    }
}

fn required<T>(reader: &mut Reader, path: &str, value: Option<T>, problem: &str) -> Option<T> {
    if value.is_none() {
        reader.problem(path, problem);
    }
    value
}

/// Reads one element.
type Read<'a, T> = &'a dyn Fn(&Value) -> Option<T>;

fn elements<T>(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    (read, problem, elements_max): (Read<'_, T>, &str, usize),
) -> Option<Vec<T>> {
    let Some(items) = value.as_array() else {
        reader.problem(path, format!("must be a list, not {}", kind(value)));
        return None;
    };
    if items.len() > elements_max {
        let problem = format!("has {} elements; at most {elements_max} are allowed", items.len());
        reader.problem(path, problem);
        return None;
    }
    reader.elements += items.len();
    let mut read_items = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match read(item) {
            Some(item) => read_items.push(item),
            None => {
                let shown: String = item.to_string().chars().take(64).collect();
                reader.problem(&format!("{path}[{index}]"), format!("{shown} {problem}"));
            }
        }
    }
    (read_items.len() == items.len()).then_some(read_items)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|it: &f64| it.is_finite()),
        _ => None,
    }
}

fn port(value: &Value) -> Option<u16> {
    whole(value).and_then(|number| u16::try_from(number).ok())
}

/// A block, or an address, which is the block of itself.
fn block(value: &Value) -> Option<IpNet> {
    let text = value.as_str()?;
    text.parse().ok().or_else(|| text.parse().ok().map(|ip: std::net::IpAddr| IpNet::from(ip)))
}

/// The threshold as AWS shows it: numbers that CloudFormation wrote as texts are numbers.
pub(super) fn plain(value: &Value) -> Value {
    let number = |it: &Value| match it {
        Value::String(text) => match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Value::from(whole),
            (_, Ok(number)) => Number::from_f64(number).map_or(it.clone(), Value::Number),
            _ => it.clone(),
        },
        _ => it.clone(),
    };
    let member = |(name, it): (&String, &Value)| {
        let it = match (name.as_str(), it) {
            ("cidrs" | "strings", _) => it.clone(),
            (_, Value::Array(items)) => items.iter().map(number).collect(),
            _ => number(it),
        };
        (name.clone(), it)
    };
    value.as_object().map_or(Value::Null, |members| {
        Value::Object(members.iter().map(member).collect::<Map<_, _>>())
    })
}
