//! Which rules a topic matches: a trie of topic filters.

use std::collections::HashMap;

/// Topic filters and what belongs to them.
#[derive(Debug)]
pub(crate) struct FilterTrie<T> {
    root: Node<T>,
}

#[derive(Debug)]
struct Node<T> {
    children: HashMap<Box<str>, Node<T>>,
    /// Below `+`.
    any_level: Option<Box<Node<T>>>,
    /// Filters that end here.
    here: Vec<T>,
    /// Filters that end with `#` below here.
    below: Vec<T>,
}

impl<T> Default for FilterTrie<T> {
    fn default() -> Self {
        Self { root: Node::default() }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { children: HashMap::new(), any_level: None, here: Vec::new(), below: Vec::new() }
    }
}

impl<T> FilterTrie<T> {
    /// Adds `value` under `filter`, which must be a valid topic filter.
    pub(crate) fn insert(&mut self, filter: &str, value: T) {
        let mut node = &mut self.root;
        for level in filter.split('/') {
            node = match level {
                "#" => {
                    node.below.push(value);
                    return;
                }
                "+" => node.any_level.get_or_insert_default(),
                level => node.children.entry(level.into()).or_default(),
            };
        }
        node.here.push(value);
    }

    /// Calls `found` with what belongs to each filter that matches `topic`, until it returns `true`;
    /// whether it did. As at AWS, `a/#` does not match `a`; wildcards at the beginning do not match
    /// topics that begin with `$`.
    pub(crate) fn matching<'t>(
        &'t self,
        topic: &str,
        mut found: impl FnMut(&'t T) -> bool,
    ) -> bool {
        let hidden = topic.starts_with('$');
        self.root.visit(Some(topic), hidden, &mut found)
    }
}

impl<T> Node<T> {
    /// `rest` is what of the topic has not been matched; `None` at its end.
    fn visit<'t>(
        &'t self,
        rest: Option<&str>,
        hidden: bool,
        found: &mut impl FnMut(&'t T) -> bool,
    ) -> bool {
        let Some(rest) = rest else { return self.here.iter().any(found) };
        let (level, rest) = match rest.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (rest, None),
        };
        if !hidden {
            if self.below.iter().any(&mut *found) {
                return true;
            }
            let any_level = self.any_level.as_ref();
            if any_level.is_some_and(|node| node.visit(rest, false, found)) {
                return true;
            }
        }
        self.children.get(level).is_some_and(|node| node.visit(rest, false, found))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(filter: &str, topic: &str) -> bool {
        let mut trie = FilterTrie::default();
        trie.insert(filter, ());
        trie.matching(topic, |()| true)
    }

    #[test]
    fn filters_match_as_subscriptions_do_at_aws() {
        for (filter, topic, expected) in [
            ("sensor/#", "sensor", false),
            ("sensor/#", "sensor/", true),
            ("sensor/#", "sensor/a/b", true),
            ("sensor/+", "sensor/a", true),
            ("sensor/+", "sensor/a/b", false),
            ("#", "a", true),
            ("#", "$aws/events/x", false),
            ("+/events/x", "$aws/events/x", false),
            ("$aws/events/#", "$aws/events/x", true),
            ("$aws/+/x", "$aws/events/x", true),
            ("a", "a", true),
            ("a", "a/b", false),
            ("+/+", "/", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} on {topic}");
        }
    }

    /// The definition, level by level.
    fn model(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            ([], []) => true,
            (["#"], [_, ..]) => true,
            ([f, filter @ ..], [t, topic @ ..]) => (*f == "+" || f == t) && model(filter, topic),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn agrees_with_the_definition(
            filters in prop::collection::vec("(a|b|\\+|)(/(a|b|\\+)){0,3}(/#)?", 1..8),
            topic in "(a|b|)(/(a|b|)){0,4}",
        ) {
            let mut trie = FilterTrie::default();
            for (index, filter) in filters.iter().enumerate() {
                trie.insert(filter, index);
            }
            let mut found = Vec::new();
            trie.matching(&topic, |index| { found.push(*index); false });
            found.sort_unstable();
            let levels: Vec<_> = topic.split('/').collect();
            let expected: Vec<_> = (0..filters.len())
                .filter(|i| model(&filters[*i].split('/').collect::<Vec<_>>(), &levels))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
