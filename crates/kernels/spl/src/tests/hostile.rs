//! Text that nobody should send.

use proptest::prelude::*;

use crate::{COMMANDS, Query};

/// Parses; only that it comes back at all, with a place inside the text, is of interest.
fn check(text: &str) {
    if let Err(error) = Query::parse(text) {
        assert!(error.at <= text.len(), "{} beyond {text:?}", error.at);
        assert!(!error.message.is_empty());
        let (line, column) = error.position(text);
        assert!(line > 0 && column > 0);
    }
}

/// Pieces that mean something, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "search",
        "|",
        "stats",
        "count",
        "by",
        "chart",
        "over",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "'",
        "=",
        "!=",
        "<",
        "*",
        "NOT",
        "AND",
        "OR",
        "IN",
        "eval",
        "where",
        "x",
        "1",
        ",",
        "`",
        "```",
        "\\",
        "as",
        "rename",
        "sort",
        "-",
        "+",
        "span=1h",
        "timechart",
        "rex",
        "(?<a>",
        "spath",
        "{",
        "}",
        "é",
        "\u{0}",
        "case(",
        "if(",
        "limit=",
        "earliest=",
        "-1d@d",
        "%",
        ".",
        "mode=sed",
        "s/a/b/",
    ];
    let word = prop::sample::select(words.to_vec());
    let command =
        prop::sample::select(COMMANDS.iter().map(|command| command.name).collect::<Vec<_>>());
    prop::collection::vec(prop_oneof![word, command], 0..24).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_text_gives_a_search_or_an_error(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_order_of_meaningful_pieces_gives_a_search_or_an_error(text in pieces()) {
        check(&text);
        check(&text.replace(' ', ""));
    }

    #[test]
    fn an_example_cut_anywhere_or_with_a_character_changed_is_no_trouble(
        number in 0..COMMANDS.len(),
        at in any::<prop::sample::Index>(),
        c in any::<char>(),
    ) {
        let chars: Vec<char> = COMMANDS[number].example.chars().collect();
        let at = at.index(chars.len());
        check(&chars[..at].iter().collect::<String>());
        let mut changed = chars;
        changed[at] = c;
        check(&changed.iter().collect::<String>());
    }
}

#[test]
fn size_count_and_depth_are_bounded() {
    let error = Query::parse(&"x ".repeat(40_000)).unwrap_err();
    assert!(error.message.contains("at most 65536"), "{error}");
    let error = Query::parse(&format!("x{}", "| head ".repeat(256))).unwrap_err();
    assert!(error.message.contains("at most 256 commands"), "{error}");
    for nested in ["(", "NOT "] {
        let error = Query::parse(&nested.repeat(1000)).unwrap_err();
        assert!(error.message.contains("nested deeper"), "{error}");
    }
    assert!(Query::parse(&format!("x{}", "| head ".repeat(255))).is_ok());
    assert!(Query::parse(&format!("x | where {}", "(".repeat(30_000))).is_err());
    assert!(Query::parse(&format!("x=1 {}", "OR x=b ".repeat(9000))).is_ok());
    let error = Query::parse(&format!("x {}", "OR a=b ".repeat(9000))).unwrap_err();
    assert!(error.message.contains("more than 1000 terms"), "{error}");
}
