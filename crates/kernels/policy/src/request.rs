//! A request as people write it: an action's name and a resource.

use picket_core::Account;

use crate::action::{Action, ResourceKind};
use crate::document::unknown;

/// Why what was written is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// There is no such action.
    #[error("{0}")]
    Action(String),
    /// The action is not done to this.
    #[error("{action} is asked for {wanted}, not `{given}`")]
    Resource {
        /// The action's name.
        action: &'static str,
        /// What it is done to.
        wanted: &'static str,
        /// What was given.
        given: String,
    },
}

impl Action {
    /// The action called `name`, with or without `iot:`, in any case.
    ///
    /// # Errors
    /// An unknown action; the text names the nearest one.
    pub fn named(name: &str) -> Result<Self, InvalidRequest> {
        let full = if name.contains(':') { name.to_owned() } else { format!("iot:{name}") };
        Self::parse(&full).ok_or_else(|| {
            let known = Self::ALL.iter().map(|action| action.name().to_owned());
            InvalidRequest::Action(unknown("action", &full, known))
        })
    }

    /// The ARN that `resource` means: a whole ARN, or its last part such as `topic/a/b`; `*` for what
    /// has no resource of its own. A whole ARN may be of another account or region.
    ///
    /// # Errors
    /// A last part of a kind that the action is never done to.
    pub fn resource_arn(self, account: &Account, resource: &str) -> Result<String, InvalidRequest> {
        let kind = self.resource_kind();
        let is_arn = resource.starts_with("arn:");
        let last_part = if is_arn { resource.splitn(6, ':').nth(5) } else { Some(resource) };
        let is_of_kind = last_part.is_some_and(|last_part| match kind {
            ResourceKind::Everything => resource == "*",
            kind => last_part.starts_with(kind.prefix()),
        });
        if !is_of_kind {
            return Err(InvalidRequest::Resource {
                action: self.name(),
                wanted: kind.form(),
                given: resource.chars().take(64).flat_map(char::escape_debug).collect(),
            });
        }
        Ok(match kind {
            ResourceKind::Everything => resource.to_owned(),
            _ if is_arn => resource.to_owned(),
            _ => account.iot_arn(resource),
        })
    }

    /// The ARN to explain the action with on what is called `name`; see [`crate::Authorizer::check`].
    pub fn arn(self, account: &Account, name: &str) -> String {
        match self.resource_kind() {
            ResourceKind::Everything => name.to_owned(),
            kind => account.iot_arn(&format!("{}{name}", kind.prefix())),
        }
    }
}

impl ResourceKind {
    const fn form(self) -> &'static str {
        match self {
            Self::Client => "client/CLIENT_ID",
            Self::Topic => "topic/TOPIC",
            Self::TopicFilter => "topicfilter/FILTER",
            Self::Thing => "thing/NAME",
            Self::RoleAlias => "rolealias/ALIAS",
            Self::Everything => "`*`",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_needs_no_prefix_and_a_mistake_names_the_nearest() {
        assert_eq!(Action::named("publish"), Ok(Action::Publish));
        assert_eq!(Action::named("iot:Publish"), Ok(Action::Publish));
        let error = Action::named("iot:Publsih").unwrap_err().to_string();
        assert_eq!(error, "unknown action `iot:Publsih`; did you mean `iot:Publish`?");
    }

    #[test]
    fn a_resource_may_be_short_but_must_be_of_the_actions_kind() {
        let account = Account::default();
        let arn = |action: Action, text: &str| action.resource_arn(&account, text);
        let long = "arn:aws:iot:us-east-1:000000000000:topic/a";
        assert_eq!(arn(Action::Publish, "topic/a").as_deref(), Ok(long));
        assert_eq!(arn(Action::Publish, long).as_deref(), Ok(long));
        assert_eq!(arn(Action::ListRetainedMessages, "*").as_deref(), Ok("*"));
        let error = arn(Action::Subscribe, "topic/a").unwrap_err().to_string();
        assert_eq!(error, "iot:Subscribe is asked for topicfilter/FILTER, not `topic/a`");
        for (action, other) in [
            (Action::Connect, long),
            (Action::Publish, "arn:topic/a"),
            (Action::ListRetainedMessages, long),
        ] {
            let error = arn(action, other).unwrap_err().to_string();
            assert!(error.ends_with(&format!("not `{other}`")), "{error}");
        }
        let elsewhere = "arn:aws:iot:eu-west-1:1:topic/a:b";
        assert_eq!(arn(Action::Publish, elsewhere).as_deref(), Ok(elsewhere));
    }
}
