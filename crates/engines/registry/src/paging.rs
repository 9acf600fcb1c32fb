//! Pages of lists that are read whole.

use picket_ports::registry::{Page, Rows};

/// The page of `items`, which are in the order of what `key` gives.
pub(crate) fn page_of<T>(items: Vec<T>, page: &Page, key: impl Fn(&T) -> &str) -> Rows<T> {
    let rows_max = usize::try_from(page.rows_max.max(1)).unwrap_or(usize::MAX);
    let is_later = |item: &T| page.after.as_deref().is_none_or(|after| key(item) > after);
    let mut later = items.into_iter().filter(is_later);
    let rows: Vec<T> = later.by_ref().take(rows_max).collect();
    let next = later.next().and(rows.last()).map(|last| key(last).to_owned());
    Rows { rows, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(names: &[&str], rows_max: u32) -> Vec<Vec<String>> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut pages = Vec::new();
        let mut page = Page::first(rows_max);
        loop {
            let rows = page_of(names.clone(), &page, String::as_str);
            pages.push(rows.rows);
            match rows.next {
                None => return pages,
                after => page.after = after,
            }
        }
    }

    #[test]
    fn pages_hold_each_item_once_and_the_last_says_so() {
        assert_eq!(pages(&["a", "b", "c"], 2), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(pages(&["a", "b"], 2), [vec!["a", "b"]]);
        assert_eq!(pages(&[], 2), [Vec::<String>::new()]);
    }
}
