//! House rules that no lint knows: size and names of files, ignored tests, sleeps in tests, dead links.

mod links;
mod names;
mod size;
mod source;
mod waits;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;

/// One file of the checkout.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Path below the checkout, with `/`.
    path: String,
    /// Its text; empty where a rule needs only the name.
    text: String,
}

/// One rule: what it finds wrong in all files.
type Rule = fn(&[Page]) -> Vec<String>;

const RULES: &[Rule] = &[size::problems, names::problems, waits::problems, links::problems];

/// Folders that are not ours to judge.
const SKIPPED: &[&str] = &["target", "node_modules", "dist", "picket-data", "__pycache__"];

/// Files whose text is read.
const READ: &[&str] = &["rs", "py", "ts", "tsx", "md"];

/// Fails with every breach; returns how many files were looked at.
pub(crate) fn check(workspace: &Workspace) -> Result<usize> {
    let mut pages = Vec::new();
    collect(&workspace.root, &workspace.root, &mut pages)?;
    let mut problems: Vec<_> = RULES.iter().flat_map(|rule| rule(&pages)).collect();
    problems.sort();
    if !problems.is_empty() {
        bail!("{} untidy places:\n  {}", problems.len(), problems.join("\n  "));
    }
    Ok(pages.len())
}

fn collect(root: &Path, folder: &Path, pages: &mut Vec<Page>) -> Result<()> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("failed to list {}", folder.display()))?
        .collect::<std::io::Result<Vec<_>>>()?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.starts_with("target-") || SKIPPED.contains(&name.as_str())
        {
            continue;
        }
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, pages)?;
        } else {
            pages.push(read(root, &path)?);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Result<Page> {
    let below = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let is_read = path.extension().is_some_and(|ending| READ.iter().any(|read| ending == *read));
    let text = if is_read {
        std::fs::read_to_string(path).with_context(|| format!("failed to read {below}"))?
    } else {
        String::new()
    };
    Ok(Page { path: below, text })
}

#[cfg(test)]
fn page(path: &str, text: &str) -> Page {
    Page { path: path.to_owned(), text: text.to_owned() }
}
