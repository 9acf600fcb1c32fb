//! Tests run, all of them, and wait for conditions instead of sleeping.

use crate::tidy::Page;
use crate::tidy::source::lines;

/// What a test may not contain.
struct Ban {
    ending: &'static str,
    word: &'static str,
    why: &'static str,
}

// Spelled in two halves, so that this file does not find itself.
const BANS: &[Ban] = &[
    Ban { ending: ".rs", word: concat!("#[", "ignore"), why: "a test runs or is not there" },
    Ban { ending: ".rs", word: concat!("sleep", "("), why: "wait for a condition with a deadline" },
    Ban { ending: ".py", word: concat!("sleep", "("), why: "wait for a condition with a deadline" },
    Ban {
        ending: ".ts",
        word: concat!("waitFor", "Timeout("),
        why: "wait for what the page shows",
    },
    Ban { ending: ".ts", word: concat!("test.", "skip("), why: "a test runs or is not there" },
];

const POLL: &str = "the pause between two looks of a waiting loop, which has a deadline";

/// Files that may sleep in tests, and why. An entry without a sleep fails.
const ALLOWED: &[(&str, &str)] = &[
    ("crates/device/client/src/tests/asynchronous.rs", POLL),
    ("crates/device/simulate/src/fleet/tests.rs", POLL),
    ("crates/edges/api-splunk/tests/collector/bench.rs", POLL),
    ("crates/edges/gateway/tests/gateway/bench.rs", "paces a measurement; nothing waits for it"),
    ("crates/engines/broker/tests/broker/journal.rs", POLL),
    ("crates/engines/delivery/src/tests/rig.rs", POLL),
    ("crates/engines/detect/src/alarms/tests/mod.rs", POLL),
    ("crates/engines/detect/src/tests/rig.rs", POLL),
    ("crates/engines/mitigate/src/tests/world.rs", POLL),
    ("crates/engines/notify/src/tests/receiver.rs", "a peer that sends a byte at a time"),
    (
        "crates/engines/notify/src/tests/rig.rs",
        "a waiting loop, and a clock that goes on by itself",
    ),
    ("e2e/waiting.py", POLL),
];

pub(super) fn problems(pages: &[Page]) -> Vec<String> {
    judge(pages, ALLOWED)
}

fn judge(pages: &[Page], allowed: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut used = vec![false; allowed.len()];
    for page in pages {
        let excused = allowed.iter().position(|(path, _)| *path == page.path);
        for ban in BANS.iter().filter(|ban| page.path.ends_with(ban.ending)) {
            for number in hits(page, ban) {
                match excused {
                    Some(at) => used[at] = true,
                    None => {
                        found.push(format!(
                            "{}:{number}: `{}` in a test; {}",
                            page.path, ban.word, ban.why
                        ));
                    }
                }
            }
        }
    }
    let idle = allowed.iter().zip(&used).filter(|(_, used)| !**used);
    found.extend(
        idle.map(|((path, _), _)| format!("{path}: no longer sleeps; take it off the list")),
    );
    found
}

/// Lines of tests that contain the word.
fn hits(page: &Page, ban: &Ban) -> Vec<usize> {
    if page.path.ends_with(".rs") {
        return lines(page)
            .iter()
            .filter(|line| line.is_test && says(line.text, ban.word))
            .map(|line| line.number)
            .collect();
    }
    let is_test = page.path.split('/').any(|part| part == "e2e");
    let numbered = page.text.lines().enumerate();
    numbered.filter(|(_, text)| is_test && says(text, ban.word)).map(|(at, _)| at + 1).collect()
}

fn says(text: &str, word: &str) -> bool {
    let code = text.trim_start();
    let is_comment = code.starts_with("//") || code.starts_with("# ");
    !is_comment && code.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::page;

    fn sleeping() -> String {
        format!(
            "fn a() {{ {0}1); }}\n#[cfg(test)]\nmod tests {{\n    fn b() {{ {0}1); }}\n}}\n",
            BANS[1].word
        )
    }

    #[test]
    fn sleeping_is_found_in_tests_only() {
        let found = judge(&[page("crates/x/src/a.rs", &sleeping())], &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("crates/x/src/a.rs:4:"), "{found:?}");
    }

    #[test]
    fn the_list_excuses_a_file_that_still_needs_it() {
        let allowed = [("crates/x/src/a.rs", "a test")];
        assert!(judge(&[page("crates/x/src/a.rs", &sleeping())], &allowed).is_empty());
        let found = judge(&[page("crates/x/src/a.rs", "fn a() {}\n")], &allowed);
        assert!(found[0].contains("take it off the list"), "{found:?}");
    }

    #[test]
    fn ignored_tests_are_found() {
        let text = format!("    {}]\n    fn a() {{}}\n", BANS[0].word);
        assert_eq!(judge(&[page("crates/x/tests/a.rs", &text)], &[]).len(), 1);
    }

    #[test]
    fn clients_in_other_languages_wait_too() {
        let python = page("e2e/test_a.py", &format!("time.{}3)\n", BANS[2].word));
        let script = page("console/e2e/a.spec.ts", &format!("await page.{}300);\n", BANS[3].word));
        assert_eq!(judge(&[python, script], &[]).len(), 2);
    }
}
