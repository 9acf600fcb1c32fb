//! What a connection may do.

use std::borrow::Cow;
use std::sync::Arc;

use mqtt_protocol_core::mqtt::result_code::SubackReasonCode;
use picket_core::Role;
use picket_policy::{Action, Authorizer};
use picket_ports::directory::{PolicyText, Principal, ThingEntry};
use picket_session::{Dialect, matches};

use crate::session_rights::SessionRights;

/// Policies named in an explanation.
const NAMED_MAX: usize = 5;

/// What the rights of a certificate were worked out from.
#[derive(Debug)]
pub(crate) struct Basis {
    policies: Box<[Arc<PolicyText>]>,
    thing: Option<Arc<ThingEntry>>,
}

impl Basis {
    pub(crate) fn of(principal: &Principal) -> Self {
        Self { policies: principal.policies.as_slice().into(), thing: principal.thing.clone() }
    }

    /// Whether `principal` would come to the same rights.
    fn is_still(&self, principal: &Principal) -> bool {
        let (old, new) = (&*self.policies, &principal.policies);
        old.len() == new.len()
            && old.iter().zip(new).all(|(old, new)| Arc::ptr_eq(old, new))
            && self.thing == principal.thing
    }
}

/// The rights of one connection.
#[derive(Debug)]
pub(crate) enum Rights {
    /// As the policies of a certificate say.
    Policies(Authorizer, Basis),
    /// Those of a user of the server: an admin may do everything, others may listen.
    Operator(Role),
    /// The session of an IAM role: what the role's policies say.
    Session(Box<SessionRights>),
    /// The plaintext listener: everything but `$` topics and these filters.
    Open { deny_subscribe: Arc<[String]> },
}

impl Rights {
    /// How a denied SUBSCRIBE is answered. On the plaintext listener no policy is asked, so there it is
    /// the code without a cause, which is also the only one that MQTT 3.1.1 knows.
    pub(crate) const fn subscribe_denial(&self) -> SubackReasonCode {
        match self {
            Self::Policies(..) | Self::Operator(_) | Self::Session(_) => {
                SubackReasonCode::NotAuthorized
            }
            Self::Open { .. } => SubackReasonCode::UnspecifiedError,
        }
    }

    /// Whether nothing has changed that they depend on.
    pub(crate) fn are_still(&self, principal: &Principal) -> bool {
        matches!(self, Self::Policies(_, basis) if basis.is_still(principal))
    }

    /// Whether `action` is allowed on `name`, a client id, topic or filter.
    pub(crate) fn allow(&self, action: Action, name: &str) -> bool {
        match self {
            Self::Policies(authorizer, _) => authorizer.allows(action, name),
            Self::Session(session) => session.refusal(action, name).is_none(),
            Self::Operator(Role::Admin) => true,
            Self::Operator(_) => {
                matches!(action, Action::Connect | Action::Subscribe | Action::Receive)
            }
            Self::Open { .. } if action == Action::Connect => true,
            Self::Open { deny_subscribe } if action == Action::Subscribe => {
                let shared = name.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
                let pattern = shared.map_or(name, |(_group, pattern)| pattern);
                let is_denied =
                    |deny: &String| deny == pattern || matches(deny, pattern, Dialect::Standard);
                !pattern.starts_with('$') && !deny_subscribe.iter().any(is_denied)
            }
            Self::Open { .. } => !name.starts_with('$'),
        }
    }

    /// Why `action` on `name` is not allowed, for the developer of the client.
    pub(crate) fn refusal(&self, action: Action, name: &str) -> Cow<'static, str> {
        match self {
            Self::Policies(authorizer, _) => explain(authorizer, action, name),
            Self::Session(session) => {
                session.refusal(action, name).map_or("it is allowed".into(), Cow::from)
            }
            Self::Operator(role) => {
                let (role, action) = (role.as_str(), action.name());
                Cow::from(format!("the role {role} does not allow {action}; an admin may"))
            }
            Self::Open { .. } if action == Action::Subscribe => {
                "this listener does not let anybody subscribe to that filter".into()
            }
            Self::Open { .. } => {
                "topics that begin with $ are not for clients of this listener".into()
            }
        }
    }
}

fn explain(authorizer: &Authorizer, action: Action, name: &str) -> Cow<'static, str> {
    if authorizer.check(action, name).statement().is_some() {
        let text = authorizer.refusal(action, name);
        return text.map_or("it is allowed".into(), Cow::from);
    }
    let request = format!("{} on {}{name}", action.name(), action.resource_kind().prefix());
    let policies = authorizer.policies();
    if policies.is_empty() {
        return format!("{request} is not allowed: no policy applies to the certificate").into();
    }
    let named = policies.iter().take(NAMED_MAX).map(|policy| policy.document().name());
    let named = named.collect::<Vec<_>>().join(", ");
    let (kind, more) = match policies.len() {
        1 => ("policy", ""),
        ..=NAMED_MAX => ("policies", ""),
        _ => ("policies", ", …"),
    };
    format!("{request} is not allowed by any statement of {kind} {named}{more}").into()
}

#[cfg(test)]
mod tests {
    use picket_core::Account;
    use picket_policy::{PolicyDocument, Subject};

    use super::*;

    #[test]
    fn roles_differ_in_what_they_may_send() {
        for role in [Role::Analyst, Role::Viewer] {
            let rights = Rights::Operator(role);
            let allowed = |action| rights.allow(action, "$aws/events/#");
            assert!(allowed(Action::Connect) && allowed(Action::Subscribe));
            assert!(allowed(Action::Receive) && !allowed(Action::Publish));
            assert!(!allowed(Action::RetainPublish));
        }
        assert!(Rights::Operator(Role::Admin).allow(Action::Publish, "t"));
    }

    #[test]
    fn a_refusal_names_the_statement_or_the_policies() {
        let document = |name: &str, text: &str| {
            let statement = text.replace('\'', "\"");
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
            Arc::new(PolicyDocument::parse(&text).unwrap().named(name))
        };
        let documents = [
            document("p1", "{'Effect':'Allow','Action':'iot:Publish','Resource':'*:topic/own/*'}"),
            document("p2", "{'Sid':'no','Effect':'Deny','Action':'*','Resource':'*:topic/own/x'}"),
        ];
        let of = |documents: &[Arc<PolicyDocument>]| {
            let subject = Subject::default();
            let authorizer = Authorizer::compile(&Account::default(), documents, &subject);
            Rights::Policies(authorizer, Basis::of(&Principal::default()))
        };
        let says = |rights: &Rights, topic| rights.refusal(Action::Publish, topic);
        assert_eq!(
            says(&of(&documents), "own/x"),
            "statement 1 (no) of policy p2 denies iot:Publish on topic/own/x"
        );
        assert_eq!(
            says(&of(&documents), "a"),
            "iot:Publish on topic/a is not allowed by any statement of policies p1, p2"
        );
        assert!(says(&of(&[]), "a").ends_with("no policy applies to the certificate"));
    }

    #[test]
    fn rights_stay_as_long_as_policies_and_thing_do() {
        let policy = |name: &str| {
            let name = picket_core::PolicyName::new(name).unwrap();
            Arc::new(PolicyText { name, document: "{}".to_owned() })
        };
        let thing = |site: &str| {
            Some(Arc::new(ThingEntry {
                name: picket_core::ThingName::new("pump").unwrap(),
                type_name: None,
                attributes: vec![("site".to_owned(), site.to_owned())],
            }))
        };
        let before = Principal {
            policies: vec![policy("a"), policy("b")],
            thing: thing("north"),
            ..Principal::default()
        };
        let rights = Rights::Policies(Authorizer::default(), Basis::of(&before));
        let with = |change: &dyn Fn(&mut Principal)| {
            let mut after = before.clone();
            change(&mut after);
            rights.are_still(&after)
        };
        assert!(with(&|_| {}));
        assert!(with(&|after| after.thing = thing("north")));
        assert!(!with(&|after| after.thing = thing("south")));
        assert!(!with(&|after| after.thing = None));
        // The same text, but another version.
        assert!(!with(&|after| after.policies[1] = policy("b")));
        assert!(!with(&|after| drop(after.policies.pop())));
        assert!(!Rights::Operator(Role::Admin).are_still(&before));
    }
}
