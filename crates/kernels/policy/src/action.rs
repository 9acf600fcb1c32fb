//! What a policy can allow or deny (spec iot-core §4.1).

/// An action that is checked against policies. The resource each is checked with is the ARN's last
/// part: `client/…`, `topic/…`, `topicfilter/…`, `thing/…`, `rolealias/…`, or `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Action {
    /// A CONNECT; `client/<clientId>`.
    Connect,
    /// A PUBLISH or a will; `topic/<topic>`.
    Publish,
    /// A PUBLISH with RETAIN, in addition to [`Action::Publish`]; `topic/<topic>`.
    RetainPublish,
    /// One filter of a SUBSCRIBE; `topicfilter/<filter as sent>`.
    Subscribe,
    /// A delivery; `topic/<topic>`.
    Receive,
    /// Reading a retained message over HTTP; `topic/<topic>`.
    GetRetainedMessage,
    /// Listing retained messages over HTTP; `*`.
    ListRetainedMessages,
    /// Reading a shadow; `thing/<name>[/<shadow>]`.
    GetThingShadow,
    /// Changing a shadow; `thing/<name>[/<shadow>]`.
    UpdateThingShadow,
    /// Deleting a shadow; `thing/<name>[/<shadow>]`.
    DeleteThingShadow,
    /// Reading a job execution; `thing/<name>`.
    DescribeJobExecution,
    /// Listing job executions; `thing/<name>`.
    GetPendingJobExecutions,
    /// Reporting on a job execution; `thing/<name>`.
    UpdateJobExecution,
    /// Starting the next job execution; `thing/<name>`.
    StartNextPendingJobExecution,
    /// Getting a role's credentials; `rolealias/<alias>`.
    AssumeRoleWithCertificate,
    /// Cutting a connection; `client/<clientId>`.
    DeleteConnection,
    /// Reading a connection's state; `client/<clientId>`.
    GetConnection,
    /// Listing a client's subscriptions; `client/<clientId>`.
    ListSubscriptions,
    /// Sending one client a message; `client/<clientId>`.
    SendDirectMessage,
}

impl Action {
    /// Every action.
    pub const ALL: &[Self] = &[
        Self::Connect,
        Self::Publish,
        Self::RetainPublish,
        Self::Subscribe,
        Self::Receive,
        Self::GetRetainedMessage,
        Self::ListRetainedMessages,
        Self::GetThingShadow,
        Self::UpdateThingShadow,
        Self::DeleteThingShadow,
        Self::DescribeJobExecution,
        Self::GetPendingJobExecutions,
        Self::UpdateJobExecution,
        Self::StartNextPendingJobExecution,
        Self::AssumeRoleWithCertificate,
        Self::DeleteConnection,
        Self::GetConnection,
        Self::ListSubscriptions,
        Self::SendDirectMessage,
    ];

    /// The name as policies write it, for example `iot:Publish`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "iot:Connect",
            Self::Publish => "iot:Publish",
            Self::RetainPublish => "iot:RetainPublish",
            Self::Subscribe => "iot:Subscribe",
            Self::Receive => "iot:Receive",
            Self::GetRetainedMessage => "iot:GetRetainedMessage",
            Self::ListRetainedMessages => "iot:ListRetainedMessages",
            Self::GetThingShadow => "iot:GetThingShadow",
            Self::UpdateThingShadow => "iot:UpdateThingShadow",
            Self::DeleteThingShadow => "iot:DeleteThingShadow",
            Self::DescribeJobExecution => "iot:DescribeJobExecution",
            Self::GetPendingJobExecutions => "iot:GetPendingJobExecutions",
            Self::UpdateJobExecution => "iot:UpdateJobExecution",
            Self::StartNextPendingJobExecution => "iot:StartNextPendingJobExecution",
            Self::AssumeRoleWithCertificate => "iot:AssumeRoleWithCertificate",
            Self::DeleteConnection => "iot:DeleteConnection",
            Self::GetConnection => "iot:GetConnection",
            Self::ListSubscriptions => "iot:ListSubscriptions",
            Self::SendDirectMessage => "iot:SendDirectMessage",
        }
    }

    /// The action with this name, which is compared without regard to case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name().eq_ignore_ascii_case(name))
    }

    /// What the action is done to.
    pub const fn resource_kind(self) -> ResourceKind {
        match self {
            Self::Connect
            | Self::DeleteConnection
            | Self::GetConnection
            | Self::ListSubscriptions
            | Self::SendDirectMessage => ResourceKind::Client,
            Self::Publish | Self::RetainPublish | Self::Receive | Self::GetRetainedMessage => {
                ResourceKind::Topic
            }
            Self::Subscribe => ResourceKind::TopicFilter,
            Self::ListRetainedMessages => ResourceKind::Everything,
            Self::GetThingShadow
            | Self::UpdateThingShadow
            | Self::DeleteThingShadow
            | Self::DescribeJobExecution
            | Self::GetPendingJobExecutions
            | Self::UpdateJobExecution
            | Self::StartNextPendingJobExecution => ResourceKind::Thing,
            Self::AssumeRoleWithCertificate => ResourceKind::RoleAlias,
        }
    }
}

/// What an action is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// `client/<clientId>`
    Client,
    /// `topic/<topic>`
    Topic,
    /// `topicfilter/<filter>`
    TopicFilter,
    /// `thing/<name>[/<shadow>]`
    Thing,
    /// `rolealias/<alias>`
    RoleAlias,
    /// `*`: the action has no resource of its own.
    Everything,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Client,
        Self::Topic,
        Self::TopicFilter,
        Self::Thing,
        Self::RoleAlias,
        Self::Everything,
    ];

    /// What stands before the name in the ARN's last part, for example `topic/`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Client => "client/",
            Self::Topic => "topic/",
            Self::TopicFilter => "topicfilter/",
            Self::Thing => "thing/",
            Self::RoleAlias => "rolealias/",
            Self::Everything => "",
        }
    }

    /// Whether `+` and `#` in a device's own name would turn into MQTT wildcards there.
    pub(crate) const fn is_about_topics(self) -> bool {
        matches!(self, Self::Topic | Self::TopicFilter)
    }
}

/// A set of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ActionSet(u32);

impl ActionSet {
    pub(crate) const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u32) != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions in either.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The actions in both.
    pub(crate) const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |set, action| set | 1 << action as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_fits_into_a_set_once() {
        let set: ActionSet = Action::ALL.iter().copied().collect();
        assert_eq!(set.0.count_ones() as usize, Action::ALL.len());
        assert!(!ActionSet::default().contains(Action::Connect));
    }

    #[test]
    fn a_name_is_read_back_without_regard_to_case() {
        for action in Action::ALL {
            assert_eq!(Action::parse(&action.name().to_uppercase()), Some(*action));
        }
        assert_eq!(Action::parse("iot:Pub"), None);
    }
}
