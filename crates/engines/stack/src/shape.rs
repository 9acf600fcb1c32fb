//! What properties may hold, and what they are called in the AWS API (spec deploy §6.2).

use serde_json::{Map, Number, Value};

use crate::error::{Problems, nearest, shown};
use crate::node::Node;

/// A property of a resource type, or of an object inside one.
#[derive(Debug)]
pub struct Property {
    /// Its name in templates.
    pub name: &'static str,
    /// Its name in the API.
    pub api: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

/// What a property holds.
#[derive(Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number, as a number or in digits.
    Whole,
    /// A number, as such or in digits.
    Number,
    /// `true` or `false`, as such or as a text.
    Flag,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list.
    List(&'static Self),
    /// An object with these properties.
    Object(&'static [Property]),
    /// Any JSON, its keys as they are: policy documents.
    Json,
}

impl Property {
    /// A property that may be left out.
    pub(crate) const fn new(name: &'static str, api: &'static str, shape: Shape) -> Self {
        Self { name, api, shape, required: false }
    }

    /// A property that must be there.
    pub(crate) const fn required(name: &'static str, api: &'static str, shape: Shape) -> Self {
        Self { name, api, shape, required: true }
    }
}

/// `node` in the shape of the API; `None` if it does not fit, which is noted.
pub(crate) fn convert(
    node: &Node,
    shape: &Shape,
    place: &str,
    problems: &mut Problems,
) -> Option<Value> {
    match (shape, node) {
        (Shape::Object(properties), Node::Map(pairs)) => {
            Some(Value::Object(object(pairs, properties, place, problems)))
        }
        (Shape::List(shape), Node::List(items)) => {
            let items = items
                .iter()
                .enumerate()
                .filter_map(|(at, item)| convert(item, shape, &format!("{place}[{at}]"), problems));
            Some(Value::Array(items.collect()))
        }
        (Shape::Json, node) => Some(node.to_json()),
        (shape, Node::Plain(text) | Node::Text(text)) => match scalar(text, shape) {
            Ok(value) => Some(value),
            Err(expected) => {
                problems.push(place, format!("must be {expected}"));
                None
            }
        },
        (shape, node) => {
            let problem = format!("must be {}, not {}", expected(shape), node.kind());
            problems.push(place, problem);
            None
        }
    }
}

/// An object's members under their API names.
pub(crate) fn object(
    pairs: &[(String, Node)],
    properties: &[Property],
    place: &str,
    problems: &mut Problems,
) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, node) in pairs {
        if problems.is_full() {
            break;
        }
        let Some(property) = properties.iter().find(|property| property.name == name) else {
            let near = nearest(name, properties.iter().map(|property| property.name));
            let problem = format!("is not a property this version knows here{near}");
            problems.push(format!("{place}.{}", shown(name)), problem);
            continue;
        };
        let place = format!("{place}.{name}");
        if let Some(value) = convert(node, &property.shape, &place, problems) {
            members.insert(property.api.to_owned(), value);
        }
    }
    for property in properties.iter().filter(|property| property.required) {
        if !pairs.iter().any(|(name, _)| name == property.name) {
            problems.push(format!("{place}.{}", property.name), "is missing");
        }
    }
    members
}

fn scalar(text: &str, shape: &Shape) -> Result<Value, String> {
    let wrong = || expected(shape);
    match shape {
        Shape::Text => Ok(Value::String(text.to_owned())),
        Shape::Whole => text.parse::<i64>().map(Value::from).map_err(|_| wrong()),
        Shape::Number => text.parse::<Number>().map(Value::Number).map_err(|_| wrong()),
        Shape::Flag => text.parse::<bool>().map(Value::Bool).map_err(|_| wrong()),
        Shape::OneOf(known) if known.contains(&text) => Ok(Value::String(text.to_owned())),
        Shape::OneOf(known) => Err(format!("{}{}", wrong(), nearest(text, known.iter().copied()))),
        Shape::List(_) | Shape::Object(_) | Shape::Json => Err(format!("{}, not a text", wrong())),
    }
}

fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Text => "a text".to_owned(),
        Shape::Whole => "a whole number".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::OneOf(known) => format!("one of {}", known.join(", ")),
        Shape::List(_) => "a list".to_owned(),
        Shape::Object(_) => "an object".to_owned(),
        Shape::Json => "JSON".to_owned(),
    }
}
