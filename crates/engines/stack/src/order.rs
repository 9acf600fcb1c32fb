//! The order in which resources come into being: what another one needs comes first.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Problems, nearest, shown};
use crate::node::Node;
use crate::resolve::placeholders;
use crate::template::Resource;

/// The indices of `resources` in an order in which each comes after all it depends on; in template
/// order where that leaves a choice.
pub(crate) fn order(resources: &[Resource], problems: &mut Problems) -> Vec<usize> {
    let index: BTreeMap<&str, usize> =
        resources.iter().enumerate().map(|(at, resource)| (resource.id.as_str(), at)).collect();
    let mut needs: Vec<BTreeSet<usize>> = Vec::with_capacity(resources.len());
    for resource in resources {
        let mut names = BTreeSet::new();
        mentioned(&resource.properties, &mut names);
        let mut needed: BTreeSet<usize> =
            names.iter().filter_map(|name| index.get(name.as_str()).copied()).collect();
        for name in &resource.depends_on {
            match index.get(name.as_str()) {
                Some(at) => {
                    needed.insert(*at);
                }
                None if problems.is_full() => {}
                None => {
                    let near = nearest(name, index.keys().copied());
                    let problem = format!("there is no resource `{}`{near}", shown(name));
                    problems.push(format!("Resources.{}.DependsOn", resource.id), problem);
                }
            }
        }
        needs.push(needed);
    }
    sorted(resources, &needs, problems)
}

fn sorted(
    resources: &[Resource],
    needs: &[BTreeSet<usize>],
    problems: &mut Problems,
) -> Vec<usize> {
    let mut ordered: Vec<usize> = Vec::with_capacity(resources.len());
    let mut done = BTreeSet::new();
    let mut left: Vec<usize> = (0..resources.len()).collect();
    while !left.is_empty() {
        let is_ready = |at: &usize| needs.get(*at).is_none_or(|needed| needed.is_subset(&done));
        let (ready, rest): (Vec<usize>, Vec<usize>) = left.into_iter().partition(is_ready);
        if ready.is_empty() {
            let names = rest.iter().filter_map(|at| resources.get(*at));
            let names: Vec<&str> = names.map(|resource| resource.id.as_str()).collect();
            let problem = format!("circular dependency between resources: [{}]", names.join(", "));
            problems.push("Resources", problem);
            break;
        }
        done.extend(ready.iter().copied());
        ordered.extend(ready);
        left = rest;
    }
    ordered
}

/// The names that functions inside `node` refer to.
fn mentioned(node: &Node, names: &mut BTreeSet<String>) {
    match node.single_pair() {
        Some(("Ref", argument)) => names.extend(argument.scalar().map(str::to_owned)),
        Some(("Fn::GetAtt", argument)) => {
            let first = match argument {
                Node::List(parts) => parts.first().and_then(Node::scalar),
                whole => whole.scalar().and_then(|text| text.split('.').next()),
            };
            names.extend(first.map(str::to_owned));
        }
        Some(("Fn::Sub", argument)) => {
            let text = match argument {
                Node::List(parts) => parts.first().and_then(Node::scalar),
                whole => whole.scalar(),
            };
            for name in placeholders(text.unwrap_or_default()) {
                names.extend(name.split('.').next().map(str::to_owned));
            }
        }
        _ => {}
    }
    match node {
        Node::List(items) => items.iter().for_each(|item| mentioned(item, names)),
        Node::Map(pairs) => pairs.iter().for_each(|(_, value)| mentioned(value, names)),
        Node::Null | Node::Plain(_) | Node::Text(_) => {}
    }
}
