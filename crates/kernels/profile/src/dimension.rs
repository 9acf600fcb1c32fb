//! Dimensions: counting only messages of some topics (spec device-defender §2.8).

use std::sync::Arc;

use sha2::{Digest, Sha256};

const CLIENT_ID: &str = "${iot:ClientId}";

/// A named set of topic filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// The filters as they were written; they may hold `+`, `#` and `${iot:ClientId}`.
    pub filters: Vec<String>,
}

/// Which messages count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum DimensionOperator {
    /// Those whose topic matches some filter.
    #[default]
    In,
    /// Those whose topic matches none.
    NotIn,
}

impl DimensionOperator {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::NotIn => "NOT_IN",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::In, Self::NotIn].into_iter().find(|it| it.as_str() == text)
    }
}

/// A dimension as a behaviour uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricDimension {
    /// The dimension.
    pub dimension: Arc<Dimension>,
    /// Which of the messages.
    pub operator: DimensionOperator,
    /// The same for the same name, operator and filters: what was counted through another set of
    /// filters is another count.
    pub lens: u64,
}

impl MetricDimension {
    /// The dimension with an operator.
    pub fn new(dimension: Arc<Dimension>, operator: DimensionOperator) -> Self {
        let mut hash = Sha256::new();
        let parts = [dimension.name.as_str(), operator.as_str()].into_iter();
        for part in parts.chain(dimension.filters.iter().map(String::as_str)) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let lens = digest.iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte));
        Self { dimension, operator, lens }
    }
}

/// Topic filters made ready for matching, without anything being allocated for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFilters(Vec<Vec<Part>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    ClientId,
    Level,
    Rest,
}

impl TopicFilters {
    /// Compiles filters that [`check_filter`] has nothing against.
    pub fn new<'a>(filters: impl IntoIterator<Item = &'a str>) -> Self {
        Self(filters.into_iter().map(compile).collect())
    }

    /// Whether a message of this client on this topic is meant. As in MQTT, a filter that begins with a
    /// wildcard does not match topics that begin with `$`.
    pub fn matches(&self, topic: &str, client_id: &str) -> bool {
        self.0.iter().any(|parts| matches(parts, topic, client_id))
    }
}

/// What is wrong with a filter; `None` if nothing is.
pub fn check_filter(filter: &str) -> Option<&'static str> {
    let plain = filter.replace(CLIENT_ID, "x");
    let mut levels = plain.split('/').peekable();
    if !(1..=256).contains(&filter.chars().count()) {
        return Some("must have 1 to 256 characters");
    }
    if plain.contains("${") {
        return Some("holds a variable other than ${iot:ClientId}");
    }
    if plain.contains('\0') {
        return Some("holds a null character");
    }
    while let Some(level) = levels.next() {
        if level.contains('+') && level != "+" {
            return Some("holds a `+` that does not stand alone between slashes");
        }
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Some("holds a `#` that does not stand alone at the end");
        }
    }
    None
}

fn compile(filter: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut levels = filter.split('/').peekable();
    let mut text = String::new();
    let end = |text: &mut String, parts: &mut Vec<Part>| {
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(text)));
        }
    };
    while let Some(level) = levels.next() {
        match level {
            "+" | "#" => {
                end(&mut text, &mut parts);
                parts.push(if level == "+" { Part::Level } else { Part::Rest });
            }
            _ => {
                for (index, piece) in level.split(CLIENT_ID).enumerate() {
                    if index > 0 {
                        end(&mut text, &mut parts);
                        parts.push(Part::ClientId);
                    }
                    text.push_str(piece);
                }
            }
        }
        if levels.peek().is_some() {
            text.push('/');
        }
    }
    end(&mut text, &mut parts);
    parts
}

fn matches(parts: &[Part], topic: &str, client_id: &str) -> bool {
    let mut rest = topic;
    for (index, part) in parts.iter().enumerate() {
        if index == 0 && matches!(part, Part::Level | Part::Rest) && topic.starts_with('$') {
            return false;
        }
        let after = match part {
            Part::Text(text) => {
                // `a/#` also means `a` itself.
                let is_before_rest = parts.get(index + 1) == Some(&Part::Rest);
                if is_before_rest && text.strip_suffix('/') == Some(rest) {
                    return true;
                }
                rest.strip_prefix(text.as_str())
            }
            Part::ClientId => rest.strip_prefix(client_id),
            Part::Level => rest.get(rest.find('/').unwrap_or(rest.len())..),
            Part::Rest => return true,
        };
        match after {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, topic: &str, expected: bool) {
        assert_eq!(check_filter(filter), None, "{filter}");
        let filters = TopicFilters::new([filter]);
        assert_eq!(filters.matches(topic, "cam-1"), expected, "{filter} {topic}");
    }

    #[test]
    fn filters_match_as_mqtt_filters_do() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/b/", false),
            ("a/b", "a/bc", false),
            ("a/+", "a/b", true),
            ("a/+", "a/", true),
            ("a/+", "a", false),
            ("a/+", "a/b/c", false),
            ("+/b/+", "a/b/c", true),
            ("+", "a", true),
            ("+", "/a", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/#", "ab", false),
            ("a/+/#", "a/b", true),
            ("+/#", "a", true),
            ("#", "a/b", true),
            ("#", "$aws/things", false),
            ("+/things", "$aws/things", false),
            ("$aws/#", "$aws/things", true),
            ("/#", "/", true),
        ] {
            check(filter, topic, expected);
        }
    }

    #[test]
    fn the_client_id_stands_for_the_device_itself() {
        check("dt/${iot:ClientId}/+", "dt/cam-1/x", true);
        check("dt/${iot:ClientId}/+", "dt/cam-2/x", false);
        check("dt/x${iot:ClientId}y", "dt/xcam-1y", true);
        check("dt/${iot:ClientId}/#", "dt/cam-1", true);
        check("dt/${iot:ClientId}", "dt/cam-11", false);
        check("${iot:ClientId}/#", "cam-1/a", true);
    }

    #[test]
    fn filters_that_mqtt_would_refuse_are_refused() {
        for filter in ["", "a+/b", "a/b#", "#/a", "${iot:Certificate}", "a\0b", &"x".repeat(257)] {
            assert!(check_filter(filter).is_some(), "{filter}");
        }
    }

    #[test]
    fn other_filters_are_another_lens() {
        let lens = |filters: &[&str], operator| {
            let filters = filters.iter().map(|it| (*it).to_owned()).collect();
            let dimension = Arc::new(Dimension { name: "d".to_owned(), filters });
            MetricDimension::new(dimension, operator).lens
        };
        let first = lens(&["a"], DimensionOperator::In);
        assert_eq!(first, lens(&["a"], DimensionOperator::In));
        assert_ne!(first, lens(&["a"], DimensionOperator::NotIn));
        assert_ne!(first, lens(&["b"], DimensionOperator::In));
    }
}
