//! IAM policies: what the session of a role may do, and who may begin one (spec iot-core §4.5, §6).
//!
//! IAM's language is larger than what is known here. Whatever of a statement cannot be told, such as a
//! condition on a key that has no meaning here, counts against the caller: the statement allows nothing,
//! and denies what it may deny.

mod condition;
mod facts;
mod statement;
mod trust;

use std::sync::Arc;

pub use facts::Facts;
pub use trust::{Admission, Assumer, TrustPolicy};

use crate::document::{Effect, MalformedPolicy};
use crate::json::Text;
use statement::Statement;

/// What somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// For example `iot:DescribeThing`.
    pub action: &'a str,
    /// The ARN it is asked on. `None` where the action has none, or where it is not known here: then only
    /// a statement for every resource allows it, and one for any denies it.
    pub resource: Option<&'a str>,
    /// What conditions and variables may ask for.
    pub facts: &'a Facts,
}

/// A policy of a role.
#[derive(Debug, Clone)]
pub struct IamPolicy {
    name: Arc<str>,
    statements: Vec<Statement>,
}

/// How a statement relates to what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Yes,
    No,
    /// It cannot be told here.
    Untold,
}

impl Told {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Both have to hold.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Untold, _) | (_, Self::Untold) => Self::Untold,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

impl IamPolicy {
    /// Reads a document under its policy's name.
    ///
    /// # Errors
    /// What is not a policy of rights: bad JSON, a member that is there twice or missing, an unknown
    /// version or effect.
    pub fn parse(name: &str, json: &str) -> Result<Self, MalformedPolicy> {
        let text = Text::new(json);
        let statements = statement::of_document(&text.root()?, Statement::read)?;
        Ok(Self { name: name.into(), statements })
    }
}

/// Why `policies` together do not allow what is asked; `None` if they do. It reads well behind "X is not
/// authorized to perform Y".
pub fn refusal(policies: &[Arc<IamPolicy>], asked: &Asked<'_>) -> Option<String> {
    let (mut is_allowed, mut untold) = (false, None);
    for policy in policies {
        for statement in &policy.statements {
            match (statement.effect(), statement.tells(asked)) {
                (_, Told::No) => {}
                (Effect::Deny, Told::Yes | Told::Untold) => {
                    return Some(format!("with an explicit deny in policy {}", policy.name));
                }
                (Effect::Allow, Told::Yes) => is_allowed = true,
                (Effect::Allow, Told::Untold) => untold = Some(&policy.name),
            }
        }
    }
    if is_allowed {
        return None;
    }
    let action = asked.action;
    Some(match untold {
        None => format!("because no policy of the role allows {action}"),
        Some(name) => format!(
            "because no policy of the role allows {action}; a statement of policy {name} might, but its \
             condition or resource cannot be told here"
        ),
    })
}

#[cfg(test)]
mod tests;
