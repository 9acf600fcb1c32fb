//! Documents point to files that exist: Markdown links and paths in backticks.

use std::collections::HashSet;

use crate::tidy::Page;

/// Where a path in backticks must begin to be taken for one of ours.
const TOP: &[&str] = &["crates/", "console/", "docs/", "e2e/", "templates/"];

/// Built, not kept.
const BUILT: &[&str] = &["console/dist", "console/node_modules"];

pub(super) fn problems(pages: &[Page]) -> Vec<String> {
    let mut known = HashSet::new();
    for page in pages {
        let mut path = page.path.as_str();
        known.insert(path);
        while let Some((folder, _)) = path.rsplit_once('/') {
            known.insert(folder);
            path = folder;
        }
    }
    let documents = pages.iter().filter(|page| is_document(&page.path));
    documents.flat_map(|page| dead(page, &known)).collect()
}

fn is_document(path: &str) -> bool {
    path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"))
}

fn dead(page: &Page, known: &HashSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        let links =
            between(line, "](", ")").into_iter().filter_map(|link| resolve(&page.path, link));
        let paths = between(line, "`", "`").into_iter().filter_map(quoted);
        for path in links.chain(paths) {
            let is_built = BUILT.iter().any(|built| path.starts_with(built));
            if !is_built && !known.contains(path.as_str()) {
                found.push(format!("{}:{}: `{path}` does not exist", page.path, index + 1));
            }
        }
    }
    found
}

/// Every text between two marks of a line.
fn between<'a>(line: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(open) {
        let Some((inside, after)) = after.split_once(close) else { break };
        found.push(inside);
        rest = after;
    }
    found
}

/// The path in the checkout that a relative link means; none for addresses and anchors.
fn resolve(document: &str, link: &str) -> Option<String> {
    let target = link.split(['#', ' ']).next().unwrap_or_default();
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// A path of ours in backticks; none for patterns and anything else.
fn quoted(text: &str) -> Option<String> {
    let path = text.split("::").next().unwrap_or_default();
    let path = path.split_once(':').map_or(path, |(path, _)| path).trim_end_matches('/');
    let is_ours = TOP.iter().any(|top| path.starts_with(top));
    let is_plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    (is_ours && is_plain).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::page;

    fn found(path: &str, text: &str) -> Vec<String> {
        problems(&[
            page(path, text),
            page("crates/x/src/lib.rs", ""),
            page("docs/adr/0001-a.md", ""),
        ])
    }

    #[test]
    fn live_links_and_paths_pass() {
        let text = "See [a](docs/adr/0001-a.md#why), [b](https://example.org/x), `crates/x/src/lib.rs`,\n\
            `crates/x/`, `crates/x/src/lib.rs:12`, `crates/*/src`, `docs/NNNN-<title>` and `a/b`.";
        assert_eq!(found("README.md", text), Vec::<String>::new());
        assert_eq!(
            found("docs/index.md", "[a](adr/0001-a.md) [b](../crates/x)"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn dead_ones_are_named_with_their_line() {
        let text = "\n[a](docs/gone.md) and `crates/x/src/gone.rs`";
        let found = found("ARCHITECTURE.md", text);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("ARCHITECTURE.md:2: `docs/gone.md`"), "{found:?}");
    }
}
