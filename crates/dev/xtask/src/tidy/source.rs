//! Which lines of a Rust file are tests.

use crate::tidy::Page;

/// One line of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) text: &'a str,
    /// Inside a `#[cfg(test)]` module or in a file of tests.
    pub(super) is_test: bool,
}

/// The lines of a Rust file. Relies on rustfmt: a module's closing brace stands where the module does.
pub(super) fn lines(page: &Page) -> Vec<Line<'_>> {
    let whole = is_test_file(&page.path);
    let mut found = Vec::new();
    let mut marked = false;
    let mut end: Option<String> = None;
    for (index, text) in page.text.lines().enumerate() {
        let is_test = whole || marked || end.is_some();
        found.push(Line { number: index + 1, text, is_test });
        if let Some(closing) = &end {
            if text == closing {
                end = None;
            }
        } else if text.trim() == "#[cfg(test)]" {
            marked = true;
        } else if marked && !text.trim_start().starts_with("#[") {
            marked = false;
            end = opens(text);
        }
    }
    found
}

/// The closing line of an item that spans lines.
fn opens(text: &str) -> Option<String> {
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    text.trim_end().ends_with('{').then(|| format!("{indent}}}"))
}

/// Whether a whole file is tests or benches.
pub(super) fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// Whether a line is code: not empty, not only a comment.
pub(super) fn is_code(text: &str) -> bool {
    let text = text.trim_start();
    !text.is_empty() && !text.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::page;

    #[test]
    fn a_test_module_ends_where_its_brace_closes() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n";
        let page = page("crates/x/src/lib.rs", text);
        let tests: Vec<_> =
            lines(&page).iter().filter(|line| line.is_test).map(|line| line.number).collect();
        assert_eq!(tests, [3, 4, 5, 6]);
    }

    #[test]
    fn a_module_in_its_own_file_marks_one_line() {
        let page = page("crates/x/src/lib.rs", "#[cfg(test)]\nmod tests;\nfn c() {}\n");
        assert_eq!(lines(&page).iter().filter(|line| line.is_test).count(), 1);
    }

    #[test]
    fn files_of_tests_are_known_by_their_place() {
        assert!(is_test_file("crates/x/src/tests/rig.rs"));
        assert!(is_test_file("crates/x/src/engine/tests.rs"));
        assert!(is_test_file("crates/x/tests/api.rs"));
        assert!(!is_test_file("crates/x/src/testsuite.rs"));
    }
}
