//! Whom a profile watches (spec device-defender §3.3).

/// One target of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Registered things and unregistered identities.
    All,
    /// Registered things.
    Registered,
    /// Identities without a thing.
    Unregistered,
    /// Members of the group and of the groups in it.
    Group(String),
}

impl Target {
    /// Reads a target's ARN, of any partition, region and account.
    pub fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (prefix, _, service) = (parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.nth(2)?;
        if prefix != "arn" || service != "iot" {
            return None;
        }
        match resource {
            "all/things" => Some(Self::All),
            "all/registered-things" => Some(Self::Registered),
            "all/unregistered-things" => Some(Self::Unregistered),
            _ => {
                let group = resource.strip_prefix("thinggroup/").filter(|name| !name.is_empty())?;
                Some(Self::Group(group.to_owned()))
            }
        }
    }

    /// Whether an identity is meant.
    pub fn covers(&self, registered: bool, groups: &[String]) -> bool {
        match self {
            Self::All => true,
            Self::Registered => registered,
            Self::Unregistered => !registered,
            Self::Group(group) => groups.contains(group),
        }
    }
}
