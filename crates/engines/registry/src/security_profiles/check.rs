//! Whether a profile may be stored: the kernel's reading of it, and what only the API knows.

use picket_profile::Problem;
use serde_json::{Map, Value};

use super::problem_texts::{joined, texts};
use super::vocabulary::Words;
use super::{ProfileContent, SecurityProfile};
use crate::{ControlError, ControlPlane};

const DESCRIPTION: &str = "securityProfileDescription";

impl ControlPlane {
    /// Everything that is wrong with a profile of this name and content; empty if it may be stored.
    pub async fn security_profile_problems(
        &self,
        name: &str,
        content: &ProfileContent,
    ) -> Result<Vec<Problem>, ControlError> {
        Ok(problems(name, content, &self.words().await?))
    }

    /// The problems of each of `profiles`, in their order.
    pub async fn problems_of_security_profiles(
        &self,
        profiles: &[SecurityProfile],
    ) -> Result<Vec<Vec<Problem>>, ControlError> {
        let words = self.words().await?;
        Ok(profiles.iter().map(|it| problems(&it.name, &it.content, &words)).collect())
    }

    /// `ValidateSecurityProfileBehaviors`: what is wrong with the behaviours, in AWS's words.
    pub async fn validate_behaviors(
        &self,
        behaviors: Vec<Value>,
    ) -> Result<Vec<String>, ControlError> {
        let members = Map::from_iter([("behaviors".to_owned(), Value::Array(behaviors))]);
        let content = ProfileContent::new(members);
        Ok(texts(&content, &self.security_profile_problems("unnamed", &content).await?))
    }

    /// Refuses content with problems, in AWS's words.
    pub(super) async fn check_profile(
        &self,
        name: &str,
        content: &ProfileContent,
    ) -> Result<(), ControlError> {
        let problems = self.security_profile_problems(name, content).await?;
        if problems.is_empty() {
            return Ok(());
        }
        Err(ControlError::Invalid(joined(&texts(content, &problems))))
    }
}

fn problems(name: &str, content: &ProfileContent, words: &Words) -> Vec<Problem> {
    let mut problems: Vec<Problem> = content.foreign().filter_map(foreign).collect();
    let body = Value::Object(content.members().clone()).to_string();
    if let Err(found) = picket_profile::parse(name, &body, &words.vocabulary()) {
        problems.extend(found);
    }
    // AWS's pattern has no letters beyond ASCII; the kernel has nothing against them.
    let odd = content.text(DESCRIPTION).and_then(|text| text.chars().find(|c| !c.is_ascii()));
    if let Some(odd) = odd.filter(|_| problems.iter().all(|it| it.path != DESCRIPTION)) {
        problems.push(at(DESCRIPTION, format!("holds {odd:?}; it must be of [\\p{{Graph}}\\x20]")));
    }
    problems
}

/// What the kernel knows as part of a stored document, but content must not hold.
fn foreign(name: &str) -> Option<Problem> {
    let problem = match name {
        "targets" => "is no part of what a profile says; attach the profile to its targets instead",
        "tags" => "is no part of what a profile says; tag the resource instead",
        "securityProfileName" | "version" | "modified_ms" => "is not for the document to say",
        // The kernel knows of no other, and names the nearest that there is.
        _ => return None,
    };
    Some(at(name, problem))
}

fn at(path: &str, problem: impl Into<String>) -> Problem {
    Problem { path: path.to_owned(), problem: problem.into() }
}
