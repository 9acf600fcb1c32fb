//! Entries by name or ARN, and how an entry is kept while another begins to refer to it.

use picket_core::{Account, ThingName};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::checked::{ENTRY_NAME, shown};
use crate::{ControlError, checked};

/// One entry, named in either of the two ways the API offers. Both together must agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameOrArn<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its ARN.
    pub arn: Option<&'a str>,
}

impl<'a> NameOrArn<'a> {
    /// The entry `name`.
    pub const fn name(name: &'a str) -> Self {
        Self { name: Some(name), arn: None }
    }

    /// The name of a thing.
    pub(crate) fn thing(self, account: &Account) -> Result<ThingName, ControlError> {
        checked::thing_name(self.resolve(account, "thing", "thing/")?)
    }

    /// The name of a thing group.
    pub(crate) fn group(self, account: &Account) -> Result<&'a str, ControlError> {
        let name = self.resolve(account, "thingGroup", "thinggroup/")?;
        ENTRY_NAME.check("thingGroupName", name).map(|()| name)
    }

    /// The name of a billing group.
    pub(crate) fn billing_group(self, account: &Account) -> Result<&'a str, ControlError> {
        let name = self.resolve(account, "billingGroup", "billinggroup/")?;
        ENTRY_NAME.check("billingGroupName", name).map(|()| name)
    }

    fn resolve(
        self,
        account: &Account,
        member: &str,
        resource: &str,
    ) -> Result<&'a str, ControlError> {
        let prefix = account.iot_arn(resource);
        let from_arn = match self.arn {
            None => None,
            Some(arn) => Some(arn.strip_prefix(prefix.as_str()).ok_or_else(|| {
                let arn = shown(arn);
                ControlError::Invalid(format!(
                    "`{member}Arn` is `{arn}`, but must begin with `{prefix}`"
                ))
            })?),
        };
        match (self.name, from_arn) {
            (Some(name), None) | (None, Some(name)) => Ok(name),
            (Some(name), Some(other)) if name == other => Ok(name),
            (Some(_), Some(_)) => Err(ControlError::Invalid(format!(
                "`{member}Name` and `{member}Arn` name different entries"
            ))),
            (None, None) => Err(ControlError::Invalid(format!(
                "either `{member}Name` or `{member}Arn` is required"
            ))),
        }
    }
}

/// Keeps types and groups where they are while things begin to refer to them.
///
/// Whoever checks that an entry is there and then writes a reference to it shares this; whoever takes
/// entries away has it alone. Many share it at once, so that things are created as fast as storage
/// takes them. Taken after the locks of names, never before.
#[derive(Debug, Default)]
pub(crate) struct References(RwLock<()>);

impl References {
    /// While this is held nothing that can be referred to goes away.
    pub(crate) async fn share(&self) -> RwLockReadGuard<'_, ()> {
        self.0.read().await
    }

    /// While this is held nothing begins to refer to anything.
    pub(crate) async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.write().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_an_arn_or_both_that_agree_name_a_thing() {
        let account = Account::default();
        let arn = account.iot_arn("thing/pump-17");
        let by_arn = NameOrArn { name: None, arn: Some(&arn) };
        let by_both = NameOrArn { name: Some("pump-17"), arn: Some(&arn) };
        for given in [NameOrArn::name("pump-17"), by_arn, by_both] {
            assert_eq!(given.thing(&account).unwrap().as_str(), "pump-17");
        }
    }

    #[test]
    fn nothing_two_things_and_an_arn_of_something_else_are_refused() {
        let account = Account::default();
        let arn = account.iot_arn("thing/pump-17");
        let group = account.iot_arn("thinggroup/ward");
        let odd = account.iot_arn("thing/a/b");
        let refused = [
            (NameOrArn::default(), "is required"),
            (NameOrArn { name: Some("pump-18"), arn: Some(&arn) }, "different entries"),
            (NameOrArn { name: None, arn: Some(&group) }, "must begin with"),
            (NameOrArn { name: None, arn: Some("arn:aws:iot:eu-west-1:1:thing/x") }, "begin with"),
            (NameOrArn { name: None, arn: Some(&odd) }, "holds '/'"),
            (NameOrArn::name(""), "is empty"),
        ];
        for (given, problem) in refused {
            let text = given.thing(&account).unwrap_err().to_string();
            assert!(text.contains(problem), "{given:?}: {text}");
        }
    }
}
