//! What is wrong with a profile, in AWS's words: "Behavior NAME is malformed. MEMBER …".

use picket_profile::Problem;
use serde_json::Value;

use super::ProfileContent;
use crate::checked::shown;

/// Most texts of one check; how many more there are is said.
const TEXTS_MAX: usize = 100;
/// Most characters of one text.
const TEXT_CHARS_MAX: usize = 512;
/// Most characters of all texts in one message.
const MESSAGE_CHARS_MAX: usize = 4096;

/// One text for each problem.
pub(super) fn texts(content: &ProfileContent, problems: &[Problem]) -> Vec<String> {
    let mut texts: Vec<String> =
        problems.iter().take(TEXTS_MAX).map(|problem| text(content, problem)).collect();
    let more = problems.len().saturating_sub(TEXTS_MAX);
    if more > 0 {
        texts.push(format!("{more} more problems"));
    }
    texts
}

/// All texts as one message, as far as they fit.
pub(super) fn joined(texts: &[String]) -> String {
    let mut message = String::new();
    let mut chars = 0;
    for (index, text) in texts.iter().enumerate() {
        chars += text.chars().count();
        if index > 0 && chars > MESSAGE_CHARS_MAX {
            message.push_str(&format!("; and {} more problems", texts.len() - index));
            break;
        }
        if index > 0 {
            message.push_str("; ");
        }
        message.push_str(text);
    }
    message
}

/// Problems that are not of a profile, as one message.
pub(crate) fn problem_message(problems: &[Problem]) -> String {
    joined(&texts(&ProfileContent::default(), problems))
}

fn text(content: &ProfileContent, problem: &Problem) -> String {
    let Problem { path, problem } = problem;
    let text = match behavior(content, path) {
        Some((name, "")) => format!("Behavior {name} is malformed. {problem}"),
        Some((name, member)) => format!("Behavior {name} is malformed. {member} {problem}"),
        None if path.is_empty() => format!("The document {problem}"),
        None => format!("{path} {problem}"),
    };
    if text.chars().count() <= TEXT_CHARS_MAX {
        return text;
    }
    text.chars().take(TEXT_CHARS_MAX - 1).chain(['…']).collect()
}

/// The behaviour that `path` is in, and the member of it; one without a name is told by its place.
fn behavior<'p>(content: &ProfileContent, path: &'p str) -> Option<(String, &'p str)> {
    let (index, member) = path.strip_prefix("behaviors[")?.split_once(']')?;
    let behavior = content.behaviors().get(index.parse::<usize>().ok()?)?;
    let name = behavior.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("behaviors[{index}]"), shown);
    let member = member.strip_prefix('.').unwrap_or(member);
    // AWS names what is in the criteria without saying so.
    Some((name, member.strip_prefix("criteria.").unwrap_or(member)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, problem: &str, expected: &str) {
        let behaviors = json!([{"name": "SentRate"}, {"name": 1}, {"name": "a\u{202e}b"}]);
        let members = json!({ "behaviors": behaviors }).as_object().unwrap().clone();
        let problem = Problem { path: path.to_owned(), problem: problem.to_owned() };
        assert_eq!(text(&ProfileContent::new(members), &problem), expected);
    }

    #[test]
    fn problems_of_behaviours_are_told_as_aws_tells_them() {
        check(
            "behaviors[0].criteria.consecutiveDatapointsToAlarm",
            "20 should be in range[1,10]",
            "Behavior SentRate is malformed. consecutiveDatapointsToAlarm 20 should be in range[1,10]",
        );
        check("behaviors[0]", "is odd", "Behavior SentRate is malformed. is odd");
        check("behaviors[0].metric", "is odd", "Behavior SentRate is malformed. metric is odd");
        check(
            "behaviors[1].criteria.value.ports[3]",
            "is odd",
            "Behavior behaviors[1] is malformed. value.ports[3] is odd",
        );
        check("behaviors[2]", "is odd", "Behavior a\\u{202e}b is malformed. is odd");
        check("behaviors[9]", "is odd", "behaviors[9] is odd");
        check("metricsExportConfig.mqttTopic", "is odd", "metricsExportConfig.mqttTopic is odd");
        check("", "is not JSON", "The document is not JSON");
    }

    #[test]
    fn a_message_stays_short_and_says_what_it_left_out() {
        let problem = |at: usize| Problem { path: format!("m{at}"), problem: "x".repeat(600) };
        let problems: Vec<Problem> = (0..150).map(problem).collect();
        let texts = texts(&ProfileContent::default(), &problems);
        assert_eq!((texts.len(), texts.last().unwrap().as_str()), (101, "50 more problems"));
        assert!(texts.iter().all(|text| text.chars().count() <= TEXT_CHARS_MAX));
        let message = joined(&texts);
        assert!(message.chars().count() < MESSAGE_CHARS_MAX + 100, "{}", message.len());
        assert!(message.ends_with("; and 93 more problems"), "{message}");
        assert_eq!(joined(&["a".into(), "b".into()]), "a; b");
    }
}
