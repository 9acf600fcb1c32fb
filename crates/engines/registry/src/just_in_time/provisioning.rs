//! What a template asks for, made: policies, the thing with its groups, the certificate attached to
//! both, and at the very end its status. Until then the certificate has no rights, so a device is
//! either provisioned or it is not.
//!
//! Each step is fine when it has been done before, so that a device that tries again after a crash in
//! between completes what was begun. What fails by rule takes back what this try has made.

use picket_core::{PolicyName, ThingName};
use picket_ports::RegistryError;
use picket_ports::registry::{Certificate, Page, Policy, Thing};

use super::Newcomer;
use super::made::Made;
use super::template::{Override, Plan, PlannedPolicy, PlannedThing, Template};
use crate::{
    AttributeChange, ControlError, ControlPlane, GroupMoves, NewThing, ThingChange, TypeChange,
    checked,
};

impl ControlPlane {
    pub(super) async fn provision(
        &self,
        newcomer: &Newcomer,
        template: &Template,
    ) -> Result<Certificate, ControlError> {
        let failure = |text: String| ControlError::RegistrationFailure(text);
        let plan = template.plan(&newcomer.read).map_err(|error| failure(error.to_string()))?;
        // Two certificates may be for one thing.
        let thing = plan.thing.as_ref().map(|thing| format!("thing/{}", thing.name));
        let mut made = Made::default();
        let done = {
            let _held = match &thing {
                Some(lock) => self.provisioning.hold(&[lock]).await,
                None => Vec::new(),
            };
            Box::pin(self.carry_out(&plan, newcomer, &mut made)).await
        };
        match done {
            Ok(certificate) => Ok(certificate),
            Err(error) => {
                self.take_back(made, &newcomer.read.facts.id).await;
                Err(error)
            }
        }
    }

    async fn carry_out(
        &self,
        plan: &Plan,
        newcomer: &Newcomer,
        made: &mut Made,
    ) -> Result<Certificate, ControlError> {
        let count_max = self.parts.limits.policies_per_certificate_max;
        if plan.policies.len() > count_max {
            return Err(ControlError::RegistrationFailure(format!(
                "the template has {} policies; a certificate can have at most {count_max}",
                plan.policies.len()
            )));
        }
        let mut policies = Vec::with_capacity(plan.policies.len());
        for policy in &plan.policies {
            policies.push(self.ready_policy(policy, made).await?);
        }
        let thing = match &plan.thing {
            Some(planned) => Some(self.ready_thing(planned, made).await?),
            None => None,
        };
        let id = match &newcomer.registered {
            Some(registered) => registered.id.clone(),
            None => {
                let pending = self.register_pending(newcomer).await?;
                made.certificate = Some(pending.id.clone());
                pending.id
            }
        };
        self.attach_policies(policies, &id, made).await?;
        if let Some(thing) = &thing {
            self.attach_thing(thing, &id, made).await?;
        }
        let certificate = self.set_certificate_status(&id, plan.status).await?;
        self.record_provisioning(newcomer, &id, plan).await;
        Ok(certificate)
    }

    /// The policy of this name, made if the template brings its document.
    async fn ready_policy(
        &self,
        planned: &PlannedPolicy,
        made: &mut Made,
    ) -> Result<PolicyName, ControlError> {
        let name = PolicyName::new(&planned.name)?;
        let registry = &self.parts.registry;
        let Some(document) = &planned.document else {
            return match registry.policy(&name).await {
                Ok(_) => Ok(name),
                Err(RegistryError::NotFound { .. }) => Err(ControlError::RegistrationFailure(
                    format!("policy {name}, which the template names, does not exist"),
                )),
                Err(other) => Err(other.into()),
            };
        };
        let policy = Policy::new(name.clone(), document.as_str(), self.parts.clock.now());
        match registry.create_policy(&policy).await {
            Ok(()) => {
                made.policies.push(name.clone());
                Ok(name)
            }
            Err(RegistryError::AlreadyExists { .. }) => {
                let stored = registry.policy(&name).await?;
                if *stored.document() == **document {
                    return Ok(name);
                }
                Err(ControlError::RegistrationFailure(format!(
                    "policy {name} exists with another document than the template's"
                )))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The thing, made or brought into line as the template's override settings say.
    async fn ready_thing(
        &self,
        planned: &PlannedThing,
        made: &mut Made,
    ) -> Result<ThingName, ControlError> {
        let name = checked::thing_name(&planned.name)?;
        let stored = match self.thing(&name).await {
            Ok(stored) if self.is_unfinished(planned, &stored).await? => None,
            Ok(stored) => Some(stored),
            Err(ControlError::NotFound { .. }) => {
                self.create_thing(new_thing(planned)).await?;
                made.thing = Some(name.clone());
                None
            }
            Err(other) => return Err(other),
        };
        match stored {
            None => self.join_groups(&name, &planned.groups).await?,
            Some(stored) => self.bring_into_line(planned, &stored).await?,
        }
        Ok(name)
    }

    /// Whether `stored` is what this template makes and nothing is attached to it: a try that ended
    /// between making the thing and putting it into its groups left it so.
    async fn is_unfinished(
        &self,
        planned: &PlannedThing,
        stored: &Thing,
    ) -> Result<bool, ControlError> {
        let registry = &self.parts.registry;
        Ok(is_as_planned(planned, stored)
            && registry.groups_of_thing(&stored.name).await?.is_empty()
            && registry.certificates_of_thing(&stored.name, &Page::first(1)).await?.rows.is_empty())
    }

    async fn join_groups(&self, thing: &ThingName, groups: &[String]) -> Result<(), ControlError> {
        if groups.is_empty() {
            return Ok(());
        }
        let moves = GroupMoves { add: groups, remove: &[] };
        self.update_thing_groups_for_thing(thing.as_str(), moves).await
    }

    async fn bring_into_line(
        &self,
        planned: &PlannedThing,
        stored: &Thing,
    ) -> Result<(), ControlError> {
        let overrides = &planned.overrides;
        let clash = |member: &str| {
            ControlError::RegistrationFailure(format!(
                "thing {} exists with another {member}, and the template's override setting is FAIL",
                stored.name
            ))
        };
        let mut change = ThingChange::default();
        let same_type = planned.type_name == stored.type_name;
        match (overrides.type_name, &planned.type_name) {
            (Override::Fail, _) if !same_type => return Err(clash("ThingTypeName")),
            (Override::Replace, Some(type_name)) if !same_type => {
                change.type_name = TypeChange::Set(type_name.clone());
            }
            _ => {}
        }
        let wanted = wanted_pairs(planned);
        let is_merge = overrides.attributes == Override::Merge;
        match overrides.attributes {
            Override::Fail if wanted != stored.attributes => return Err(clash("AttributePayload")),
            Override::Replace | Override::Merge => {
                let attributes = planned.attributes.clone();
                change.attributes = Some(AttributeChange { attributes, is_merge });
            }
            Override::Fail | Override::DoNothing => {}
        }
        let groups = self.group_moves(planned, &stored.name).await?;
        let Some((add, remove)) = groups else { return Err(clash("ThingGroups")) };
        if change != ThingChange::default() && !is_already(&change, stored, &wanted) {
            self.update_thing(stored.name.as_str(), &change).await?;
        }
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let moves = GroupMoves { add: &add, remove: &remove };
        self.update_thing_groups_for_thing(stored.name.as_str(), moves).await
    }

    /// Groups to join and to leave; `None` if the template forbids any.
    async fn group_moves(
        &self,
        planned: &PlannedThing,
        thing: &ThingName,
    ) -> Result<Option<(Vec<String>, Vec<String>)>, ControlError> {
        let is_in = self.parts.registry.groups_of_thing(thing).await?;
        let missing = planned.groups.iter().filter(|group| !is_in.contains(group));
        let missing: Vec<String> = missing.cloned().collect();
        let surplus = is_in.iter().filter(|group| !planned.groups.contains(group));
        let surplus: Vec<String> = surplus.cloned().collect();
        Ok(match planned.overrides.groups {
            Override::DoNothing => Some((Vec::new(), Vec::new())),
            Override::Merge => Some((missing, Vec::new())),
            Override::Replace => Some((missing, surplus)),
            Override::Fail if missing.is_empty() && surplus.is_empty() => {
                Some((Vec::new(), Vec::new()))
            }
            Override::Fail => None,
        })
    }
}

fn new_thing(planned: &PlannedThing) -> NewThing {
    NewThing {
        name: planned.name.clone(),
        type_name: planned.type_name.clone(),
        billing_group: planned.billing_group.clone(),
        attributes: planned.attributes.clone(),
    }
}

/// The planned attributes as they are stored.
fn wanted_pairs(planned: &PlannedThing) -> Vec<(String, String)> {
    let kept = planned.attributes.iter().filter(|(_, value)| !value.is_empty());
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn is_as_planned(planned: &PlannedThing, stored: &Thing) -> bool {
    stored.type_name == planned.type_name
        && stored.billing_group == planned.billing_group
        && stored.attributes == wanted_pairs(planned)
}

/// Whether `change` would leave the thing as it is, so that its version need not grow.
fn is_already(change: &ThingChange, stored: &Thing, wanted: &[(String, String)]) -> bool {
    let same_type = change.type_name == TypeChange::Keep;
    let same_attributes = change.attributes.as_ref().is_none_or(|change| match change.is_merge {
        true => wanted.iter().all(|pair| stored.attributes.contains(pair)),
        false => stored.attributes == wanted,
    });
    same_type && same_attributes
}
