use super::*;
use crate::eval::testing::value;

#[test]
fn every_function_keeps_its_examples() {
    for function in ALL {
        let is_refused = function.name == "searchmatch";
        assert!(is_refused || !function.examples.is_empty(), "{} has no example", function.name);
        assert!(function.doc.ends_with('.'), "{}", function.name);
        for (expression, expected) in function.examples {
            assert_eq!(value(expression), *expected, "{expression}");
        }
    }
}

#[test]
fn names_are_sorted_and_unique() {
    let names: Vec<_> = ALL.iter().map(|function| function.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

#[test]
fn a_call_that_does_not_fit_says_what_does() {
    for (call, message) in [
        ("uper(thing)", "there is no function `uper`; did you mean `upper`?"),
        ("upper()", "upper() takes 1 argument, 0 given"),
        ("if(1=1, 2)", "if() takes 3 arguments, 2 given"),
        ("substr(thing)", "substr() takes 2 to 3 arguments, 1 given"),
        ("case(1=1)", "case() takes pairs of arguments, 1 given"),
        ("now(1)", "now() takes no arguments, 1 given"),
        ("coalesce()", "coalesce() takes 1 or more arguments, 0 given"),
        ("tonumber(\"x\")", "tonumber() of `x`, which is no number"),
        ("mvfilter(a=b)", "mvfilter() takes a condition on exactly one field"),
        ("mvmap(lower(a), a)", "mvmap() takes a field first"),
        ("if(port, 1, 2)", "if() takes a condition here, this is a value"),
    ] {
        assert_eq!(value(call), format!("error: {message}"), "{call}");
    }
    assert!(value("match(thing, \"(\")").starts_with("error: not a regular expression"));
    assert!(value("searchmatch(\"x\")").contains("not supported"));
}
