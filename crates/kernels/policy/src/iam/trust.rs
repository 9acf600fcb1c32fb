//! Trust policies: who may begin a session of a role.

use super::Told;
use super::facts::Facts;
use super::statement::{Terms, find, of_document, only, texts};
use crate::document::{Effect, MalformedPolicy};
use crate::json::{Node, Text};

const ACTION: &str = "sts:AssumeRole";

/// Who asks for a session.
#[derive(Debug, Clone, Copy)]
pub enum Assumer<'a> {
    /// A service, for example `credentials.iot.amazonaws.com`.
    Service(&'a str),
    /// Somebody of the account.
    Identity {
        /// The account, twelve digits.
        account: &'a str,
        /// What they are called by: a user's ARN; or a session's and its role's.
        arns: &'a [String],
    },
}

/// What a trust policy says to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// They are named.
    ByName,
    /// Their account is named, or everybody is: they may if their own rights say so.
    ByAccount,
    /// They may not. The text reads well behind "X is not authorized to perform sts:AssumeRole".
    Refused(String),
}

/// Who may begin a session of a role.
#[derive(Debug, Clone)]
pub struct TrustPolicy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    terms: Terms,
    principals: Vec<Principal>,
    principals_negated: bool,
}

/// Somebody a statement names: the kind, `AWS` or `Service` or another, and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Principal {
    kind: String,
    text: String,
}

impl TrustPolicy {
    /// Reads a document.
    ///
    /// # Errors
    /// What is not a trust policy; see [`super::IamPolicy::parse`].
    pub fn parse(json: &str) -> Result<Self, MalformedPolicy> {
        let text = Text::new(json);
        Ok(Self { statements: of_document(&text.root()?, Statement::read)? })
    }

    /// Whether `assumer` may begin a session.
    pub fn admission(&self, assumer: Assumer<'_>, facts: &Facts) -> Admission {
        let (mut by_name, mut by_account, mut is_untold) = (false, false, false);
        for statement in &self.statements {
            let told = statement.terms.tells(ACTION, facts);
            let (named, is_exact) = statement.names(assumer);
            match (statement.terms.effect, told.and(named)) {
                (_, Told::No) => {}
                (Effect::Deny, Told::Yes | Told::Untold) => {
                    return Admission::Refused("the role's trust policy denies it".to_owned());
                }
                (Effect::Allow, Told::Untold) => is_untold = true,
                (Effect::Allow, Told::Yes) if is_exact => by_name = true,
                (Effect::Allow, Told::Yes) => by_account = true,
            }
        }
        match (by_name, by_account, is_untold) {
            (true, ..) => Admission::ByName,
            (_, true, _) => Admission::ByAccount,
            (_, _, true) => Admission::Refused(
                "a statement of the role's trust policy might allow it, but its condition cannot be \
                 told here"
                    .to_owned(),
            ),
            _ => Admission::Refused("the role's trust policy does not allow it".to_owned()),
        }
    }
}

impl Statement {
    fn read(node: &Node<'_>, has_variables: bool) -> Result<Self, MalformedPolicy> {
        let members = node.members()?;
        let known =
            ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"];
        only(node, &members, &known)?;
        let (principals, principals_negated) =
            match (find(&members, "Principal"), find(&members, "NotPrincipal")) {
                (Some(node), None) => (principals(node)?, false),
                (None, Some(node)) => (principals(node)?, true),
                _ => {
                    let problem = "it must have one of `Principal` and `NotPrincipal`";
                    return Err(node.malformed(problem));
                }
            };
        let terms = Terms::read(node, &members, has_variables)?;
        Ok(Self { terms, principals, principals_negated })
    }

    /// Whether the statement is about `assumer`, and whether it names them and not only their account.
    fn names(&self, assumer: Assumer<'_>) -> (Told, bool) {
        let is_exact = self.principals.iter().any(|principal| principal.is(assumer));
        let is_wide = self.principals.iter().any(|principal| principal.covers(assumer));
        let named = is_exact || is_wide;
        match (self.principals_negated, named) {
            (false, named) => (Told::of(named), is_exact),
            (true, true) => (Told::No, false),
            // Everybody else: for a denial that is clear, for a permission too wide to be meant.
            (true, false) => (Told::Untold, false),
        }
    }
}

impl Principal {
    fn is(&self, assumer: Assumer<'_>) -> bool {
        match assumer {
            Assumer::Service(name) => self.kind == "Service" && self.text == name,
            Assumer::Identity { arns, .. } => self.kind == "AWS" && arns.contains(&self.text),
        }
    }

    fn covers(&self, assumer: Assumer<'_>) -> bool {
        let Assumer::Identity { account, .. } = assumer else { return false };
        let root = |text: &str| {
            text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"))
                == Some(account)
        };
        self.kind == "AWS" && (self.text == "*" || self.text == account || root(&self.text))
    }
}

fn principals(node: &Node<'_>) -> Result<Vec<Principal>, MalformedPolicy> {
    if let Some(text) = node.string() {
        if text != "*" {
            return Err(node.malformed("it must be an object such as {\"Service\": …}, or `*`"));
        }
        return Ok(vec![Principal { kind: "AWS".to_owned(), text }]);
    }
    let mut found = Vec::new();
    for (kind, names) in node.members()? {
        let named = texts(&names)?.into_iter();
        found.extend(named.map(|text| Principal { kind: kind.clone(), text }));
    }
    Ok(found)
}
