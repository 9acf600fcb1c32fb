//! A tree that holds a JSON or CBOR document alike, borrowing its texts where it can.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::Format;

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl Node<'_> {
    /// What this is, for an error message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Unsigned(_) | Self::Negative(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

/// Reads one document that fills `bytes`; deeper than `nesting_max` levels is an error.
pub(crate) fn parse(format: Format, bytes: &[u8], nesting_max: usize) -> Result<Node<'_>, String> {
    let seed = NodeSeed { levels_left: nesting_max, nesting_max };
    match format {
        Format::Json => {
            let mut json = serde_json::Deserializer::from_slice(bytes);
            let node = seed.deserialize(&mut json).map_err(|e| format!("not valid JSON: {e}"))?;
            json.end().map_err(|e| format!("not valid JSON: {e}"))?;
            Ok(node)
        }
        Format::Cbor => parse_cbor(seed, bytes),
    }
}

fn parse_cbor<'a>(seed: NodeSeed, bytes: &[u8]) -> Result<Node<'a>, String> {
    let mut rest = bytes;
    let depth = seed.nesting_max + 2;
    let Cbor(node) = ciborium::de::from_reader_with_recursion_limit(&mut rest, depth)
        .map_err(|e| format!("not valid CBOR: {e}"))?;
    if rest.is_empty() {
        Ok(node)
    } else {
        Err(format!("not valid CBOR: {} bytes follow the document", rest.len()))
    }
}

/// Gives ciborium, which takes no seed, the nesting limit of a report.
struct Cbor<'a>(Node<'a>);

impl<'de> de::Deserialize<'de> for Cbor<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let nesting_max = crate::NESTING_MAX;
        let node = NodeSeed { levels_left: nesting_max, nesting_max }.deserialize(deserializer)?;
        Ok(Self(owned(node)))
    }
}

/// ciborium lends no text for longer than a call, so that this only relabels what is owned anyway.
fn owned(node: Node<'_>) -> Node<'static> {
    match node {
        Node::Null => Node::Null,
        Node::Bool(it) => Node::Bool(it),
        Node::Unsigned(it) => Node::Unsigned(it),
        Node::Negative(it) => Node::Negative(it),
        Node::Float(it) => Node::Float(it),
        Node::Text(it) => Node::Text(Cow::Owned(it.into_owned())),
        Node::List(items) => Node::List(items.into_iter().map(owned).collect()),
        Node::Map(pairs) => Node::Map(
            pairs.into_iter().map(|(k, v)| (Cow::Owned(k.into_owned()), owned(v))).collect(),
        ),
    }
}

/// Writes `node`. A number that JSON cannot hold (NaN, infinity) becomes null.
pub(crate) fn write(format: Format, node: &Node<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    // Neither can fail: the sink is memory and every key is a text.
    let written = match format {
        Format::Json => serde_json::to_writer(&mut out, node).is_ok(),
        Format::Cbor => ciborium::into_writer(node, &mut out).is_ok(),
    };
    debug_assert!(written, "a tree with text keys always serialises into memory");
    out
}

#[derive(Clone, Copy)]
struct NodeSeed {
    levels_left: usize,
    nesting_max: usize,
}

impl<'de> DeserializeSeed<'de> for NodeSeed {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl NodeSeed {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left, ..self }),
            None => Err(E::custom(format_args!("nested deeper than {} levels", self.nesting_max))),
        }
    }
}

impl<'de> Visitor<'de> for NodeSeed {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, list, text, number, boolean or null")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Node<'de>, E> {
        Ok(Node::Unsigned(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Node<'de>, E> {
        Ok(u64::try_from(it).map_or(Node::Negative(it), Node::Unsigned))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(it))
    }

    fn visit_str<E>(self, it: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(it.to_owned())))
    }

    fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(it)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let inner = self.inner()?;
        let mut pairs = Vec::with_capacity(4);
        while let Some(key) = map.next_key_seed(KeySeed)? {
            pairs.push((key, map.next_value_seed(inner)?));
        }
        Ok(Node::Map(pairs))
    }
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text as member name")
    }

    fn visit_str<E>(self, it: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(it.to_owned()))
    }

    fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(it))
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(it) => serializer.serialize_bool(*it),
            Self::Unsigned(it) => serializer.serialize_u64(*it),
            Self::Negative(it) => serializer.serialize_i64(*it),
            Self::Float(it) => serializer.serialize_f64(*it),
            Self::Text(it) => serializer.serialize_str(it),
            Self::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}
