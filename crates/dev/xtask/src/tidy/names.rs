//! File names say what is inside.

use crate::tidy::Page;

const FORBIDDEN: &[&str] =
    &["types.rs", "utils.rs", "util.rs", "common.rs", "helpers.rs", "misc.rs"];

pub(super) fn problems(pages: &[Page]) -> Vec<String> {
    pages
        .iter()
        .filter(|page| {
            let name = page.path.rsplit('/').next().unwrap_or(&page.path);
            FORBIDDEN.contains(&name)
        })
        .map(|page| format!("{}: the name says nothing; name the one idea inside", page.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::page;

    #[test]
    fn a_drawer_of_odds_and_ends_is_refused() {
        let pages = [page("crates/x/src/utils.rs", ""), page("crates/x/src/trie.rs", "")];
        assert_eq!(problems(&pages).len(), 1);
    }
}
