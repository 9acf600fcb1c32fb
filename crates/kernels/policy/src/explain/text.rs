//! An explanation as text for a terminal: the decision, the deciding statement with its lines marked,
//! and what came near.

use std::fmt::Write as _;

use super::{Explanation, Outcome, StatementReport};
use crate::document::Effect;

/// Lines of the document shown before and behind the deciding statement.
const CONTEXT: u32 = 1;
/// Near misses shown.
const NEAR_MISSES_MAX: usize = 10;

impl Explanation {
    /// The explanation as text. `documents` are the policies that were asked, in their order, as
    /// written. Control characters, which may be a device's, are shown and not obeyed.
    pub fn to_text(&self, documents: &[&str]) -> String {
        let mut text = String::new();
        // Writing to a `String` does not fail.
        self.write_to(&mut text, documents).ok();
        text
    }

    fn write_to(&self, out: &mut String, documents: &[&str]) -> std::fmt::Result {
        writeln!(out, "{}: {} on {}", self.outcome.as_str(), self.action, visible(&self.resource))?;
        let deciding = self.decided_by.and_then(|at| self.statements.get(at));
        match deciding {
            Some(report) => {
                let verb = if report.effect == Effect::Deny { "denied" } else { "allowed" };
                writeln!(out, "\n{verb} by {}:", place(report))?;
                let document = documents.get(report.document as usize).copied().unwrap_or_default();
                excerpt(out, report, document)?;
            }
            None if self.statements.is_empty() => writeln!(out, "\nno policy applies")?,
            None => writeln!(out, "\nno statement applies")?,
        }
        self.others(out)?;
        if !self.missing.is_empty() {
            writeln!(out, "\nwithout a value here: {}", visible(&self.missing.join(", ")))?;
        }
        Ok(())
    }

    fn others(&self, out: &mut String) -> std::fmt::Result {
        let other = |(at, _): &(usize, &StatementReport)| Some(*at) != self.decided_by;
        let others: Vec<&StatementReport> =
            self.statements.iter().enumerate().filter(other).map(|(_, report)| report).collect();
        let overruled = others.iter().filter(|report| {
            report.applies
                && self.outcome == Outcome::ExplicitDeny
                && report.effect == Effect::Allow
        });
        for report in overruled {
            writeln!(out, "\noverruled: {} allows it", place(report))?;
        }
        let near: Vec<_> = others.iter().filter(|report| report.is_near_miss()).collect();
        if !near.is_empty() {
            writeln!(out, "\nabout this action, but not applying:")?;
        }
        for report in near.iter().take(NEAR_MISSES_MAX) {
            let effect = if report.effect == Effect::Deny { "deny" } else { "allow" };
            writeln!(out, "  {} would {effect} it, but", place(report))?;
            for obstacle in report.obstacles() {
                writeln!(out, "    - {}", visible(&obstacle))?;
            }
        }
        if near.len() > NEAR_MISSES_MAX {
            writeln!(out, "  and {} more", near.len() - NEAR_MISSES_MAX)?;
        }
        for report in &self.statements {
            for problem in report.unknown_actions() {
                writeln!(out, "\n{} names an {}", place(report), visible(problem))?;
            }
        }
        Ok(())
    }
}

/// For example `statement 2 (no-secrets) of policy fleet, lines 12-17`.
fn place(report: &StatementReport) -> String {
    let sid = report.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
    let lines = match (report.line_first, report.line_last) {
        (first, last) if first == last => format!("line {first}"),
        (first, last) => format!("lines {first}-{last}"),
    };
    let place = format!("statement {}{sid} of policy {}, {lines}", report.index + 1, report.policy);
    visible(&place)
}

/// The statement's lines, and those where action, resource and conditions matched, marked.
fn excerpt(out: &mut String, report: &StatementReport, document: &str) -> std::fmt::Result {
    let first = report.line_first.saturating_sub(CONTEXT).max(1);
    let last = report.line_last.saturating_add(CONTEXT);
    let matched = report.action.patterns.iter().chain(&report.resource.patterns);
    let mut decisive: Vec<u32> =
        matched.filter(|pattern| pattern.matches).map(|pattern| pattern.line).collect();
    decisive.extend(report.conditions.iter().map(|condition| condition.line));
    for (number, line) in (1..).zip(document.lines()) {
        if !(first..=last).contains(&number) {
            continue;
        }
        let mark = match number {
            number if decisive.contains(&number) => ">>",
            number if (report.line_first..=report.line_last).contains(&number) => " >",
            _ => "  ",
        };
        writeln!(out, "{mark} {number:>4} | {}", visible(line).trim_end())?;
    }
    Ok(())
}

/// `text` with control characters shown.
fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => "    ".to_owned(),
        c if c.is_control() => c.escape_debug().to_string(),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}
