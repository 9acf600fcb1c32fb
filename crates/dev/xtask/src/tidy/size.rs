//! A Rust file has 500 lines of code at most, tests apart.

use crate::tidy::Page;
use crate::tidy::source::{is_code, is_test_file, lines};

const LINES_MAX: usize = 500;

pub(super) fn problems(pages: &[Page]) -> Vec<String> {
    pages
        .iter()
        .filter(|page| page.path.ends_with(".rs") && !is_test_file(&page.path))
        .filter_map(|page| {
            let count =
                lines(page).iter().filter(|line| !line.is_test && is_code(line.text)).count();
            (count > LINES_MAX).then(|| {
                format!(
                    "{}: {count} lines of code; split it by meaning, {LINES_MAX} at most",
                    page.path
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::page;

    #[test]
    fn comments_blanks_and_tests_are_not_counted() {
        let code = "fn a() {}\n".repeat(LINES_MAX);
        let rest = "// why\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let fits =
            page("crates/x/src/a.rs", &format!("{}{rest}", code.replacen("fn a() {}\n", "", 1)));
        assert_eq!(problems(&[fits]), Vec::<String>::new());
        let over = page("crates/x/src/a.rs", &format!("{code}{rest}"));
        assert!(problems(&[over])[0].contains("501 lines of code"));
    }
}
