//! YAML (and JSON, which is YAML) to [`Node`]s, within limits.
//!
//! The tags of CloudFormation become functions: `!Ref x` is `{"Ref": x}`, `!Sub x` is
//! `{"Fn::Sub": x}`. Anchors and aliases are refused: a small text could stand for a huge value.

use std::collections::HashSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use crate::error::{StackError, shown};
use crate::node::Node;

/// Largest template, in bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
const DEPTH_MAX: usize = 64;
const NODES_MAX: usize = 100_000;

/// Reads a text that holds one document.
pub(crate) fn read(text: &str) -> Result<Node, StackError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let begin = Marker::new(0, 1, 0);
    if text.len() > TEXT_BYTES_MAX {
        let problem = format!("it is larger than {TEXT_BYTES_MAX} bytes");
        return Err(error_at(&begin, problem));
    }
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| error_at(error.marker(), error.info().to_owned()))?;
        reader.take(event).map_err(|problem| error_at(&span.start, problem))?;
    }
    reader.done.ok_or_else(|| error_at(&begin, "it is empty".to_owned()))
}

fn error_at(marker: &Marker, problem: String) -> StackError {
    StackError::Syntax { line: marker.line(), column: marker.col() + 1, problem }
}

/// A list or an object whose end has not come yet.
struct Open {
    function: Option<String>,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map { pairs: Vec<(String, Node)>, seen: HashSet<String>, key: Option<String> },
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    done: Option<Node>,
    nodes: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_anchor(anchor)?;
                self.scalar(&text, style, tag.as_deref())
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_anchor(anchor)?;
                self.begin(tag.as_deref(), Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                refuse_anchor(anchor)?;
                let (pairs, seen) = (Vec::new(), HashSet::new());
                self.begin(tag.as_deref(), Inside::Map { pairs, seen, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(_) => refuse_anchor(1),
            Event::DocumentStart(_) if self.done.is_some() => {
                Err("it holds more than one document".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<(), String> {
        let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        let node = match style {
            ScalarStyle::Plain if !is_text => match text {
                "" | "~" | "null" => Node::Null,
                _ => Node::Plain(text.to_owned()),
            },
            _ => Node::Text(text.to_owned()),
        };
        let function = if is_text { None } else { function_of(tag)? };
        if let Some(Open { inside: Inside::Map { key: key @ None, seen, .. }, .. }) =
            self.open.last_mut()
        {
            if function.is_some() {
                return Err("a key cannot be a function".to_owned());
            }
            if !seen.insert(text.to_owned()) {
                return Err(format!("key `{}` is given twice", shown(text)));
            }
            *key = Some(text.to_owned());
            return Ok(());
        }
        self.put(wrap(function, node))
    }

    fn begin(&mut self, tag: Option<&Tag>, inside: Inside) -> Result<(), String> {
        if let Some(Open { inside: Inside::Map { key: None, .. }, .. }) = self.open.last() {
            return Err("a key must be a text".to_owned());
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(format!("it is nested deeper than {DEPTH_MAX} levels"));
        }
        self.open.push(Open { function: function_of(tag)?, inside });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(ended) = self.open.pop() else { return Ok(()) };
        let node = match ended.inside {
            Inside::List(items) => Node::List(items),
            Inside::Map { pairs, .. } => Node::Map(pairs),
        };
        self.put(wrap(ended.function, node))
    }

    fn put(&mut self, node: Node) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(format!("it holds more than {NODES_MAX} values"));
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.done = Some(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Map { pairs, key, .. }) => {
                pairs.push((key.take().unwrap_or_default(), node));
            }
        }
        Ok(())
    }
}

fn refuse_anchor(anchor: usize) -> Result<(), String> {
    if anchor == 0 { Ok(()) } else { Err("anchors and aliases are not supported".to_owned()) }
}

/// The function that a tag stands for.
fn function_of(tag: Option<&Tag>) -> Result<Option<String>, String> {
    match tag {
        None => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" | "seq" | "map" => Ok(None),
            other => Err(format!("tag `!!{}` is not supported", shown(other))),
        },
        Some(tag) if tag.handle == "!" && !tag.suffix.is_empty() => {
            Ok(Some(match tag.suffix.as_str() {
                "Ref" | "Condition" => tag.suffix.clone(),
                name => format!("Fn::{name}"),
            }))
        }
        Some(tag) => Err(format!("tag `{}` is not supported", shown(&tag.to_string()))),
    }
}

fn wrap(function: Option<String>, node: Node) -> Node {
    let Some(function) = function else { return node };
    let argument = match (&node, function.as_str()) {
        // `!GetAtt A.B.C` is split at the first dot.
        (Node::Plain(text) | Node::Text(text), "Fn::GetAtt") => match text.split_once('.') {
            Some((id, attribute)) => {
                Node::List([id, attribute].map(|part| Node::Text(part.to_owned())).to_vec())
            }
            None => node,
        },
        _ => node,
    };
    Node::Map(vec![(function, argument)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_read_the_same() {
        let expected = json!({"a": {"Ref": "X"}, "b": [1, "1", true, null], "c": "2012-10-17"});
        let yaml = "---\na: !Ref X\nb: [1, '1', true, ~]\nc: 2012-10-17\n";
        assert_eq!(read(yaml).unwrap().to_json(), expected);
        assert_eq!(read(&expected.to_string()).unwrap().to_json(), expected);
    }

    #[test]
    fn tags_become_functions() {
        let node = read("a: !GetAtt X.Y.Z\nb: !Sub ['${A}', {A: !Ref B}]\nc: !!str 1").unwrap();
        let expected = json!({
            "a": {"Fn::GetAtt": ["X", "Y.Z"]},
            "b": {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]},
            "c": "1",
        });
        assert_eq!(node.to_json(), expected);
    }

    #[test]
    fn what_could_hurt_is_refused_with_its_place() {
        assert!(problem("a: &x 1\nb: *x").contains("anchors"));
        assert!(problem("a: 1\na: 2").contains("line 2, column 1: key `a` is given twice"));
        assert!(problem("a: 1\n---\nb: 2").contains("more than one document"));
        assert!(problem("").contains("empty"));
        assert!(problem("a: [").contains("line "));
        assert!(problem("? [1]\n: 2").contains("a key must be a text"));
        assert!(problem("!Ref a: 1").contains("a key cannot be a function"));
        assert!(problem(&"[".repeat(65)).contains("nested deeper than 64"));
        assert!(problem(&format!("[{}1]", "1,".repeat(NODES_MAX))).contains("more than 100000"));
        assert!(problem(&" ".repeat(TEXT_BYTES_MAX + 1)).contains("larger than"));
    }

    #[test]
    fn a_megabyte_of_anything_ends_in_seconds() {
        for part in [
            "a", "a ", "- ", "? ", "[a,", "[]", "'", "\"", "\n", "a:\n ", "a: b\n", "# c\n", "&a ",
            "!t ", "|\n", "\t", "{a: ", ": ", "%", "---\n", "- a\n", "x: [", "\u{e9}", "a\n\n",
            ", ",
        ] {
            let begun = std::time::Instant::now();
            drop(read(&part.repeat(TEXT_BYTES_MAX / part.len())));
            assert!(begun.elapsed().as_secs() < 10, "{part:?} took {:?}", begun.elapsed());
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[ -~\n\u{e9}]{0,200}", wild in ".{0,200}") {
            drop(read(&text));
            drop(read(&wild));
        }
    }
}
