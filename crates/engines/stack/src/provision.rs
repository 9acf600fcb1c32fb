//! From a template's text to resources in the registry.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use picket_core::{Account, Timestamp};
use picket_ports::registry::{DocumentKind, Policy, ThingGroup};
use picket_ports::{Registry, RegistryError};
use serde_json::Value;

use crate::error::{Problems, StackError};
use crate::node::Node;
use crate::order::order;
use crate::parameters::{Parameters, values};
use crate::profiles::Words;
use crate::resolve::Scope;
use crate::resources::{Item, Planned, ResourceType, Tags};
use crate::template::Template;
use crate::yaml;

/// What became of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceState {
    /// It was not there and is now.
    Created,
    /// It was there, just as the template says.
    Unchanged,
    /// It was there and differs from the template: somebody changed it, and it was left as it is.
    KeptAsIs,
}

/// A resource after a template was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceOutcome {
    /// Its logical id in the template.
    pub id: String,
    /// Its type.
    pub resource_type: &'static str,
    /// Its name in the registry.
    pub name: String,
    /// What became of it.
    pub state: ResourceState,
}

/// What applying a template did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The resources in the order they were handled.
    pub resources: Vec<ResourceOutcome>,
    /// The template's outputs.
    pub outputs: BTreeMap<String, String>,
}

impl Outcome {
    /// The resources with this state.
    pub fn with_state(&self, state: ResourceState) -> impl Iterator<Item = &ResourceOutcome> {
        self.resources.iter().filter(move |resource| resource.state == state)
    }
}

/// Checks the JSON text of a document (its name comes first) as the engine that owns it would.
type Check = Arc<dyn Fn(&str, &str) -> Result<(), Vec<String>> + Send + Sync>;

/// Applies templates. Only creates: what exists is never changed.
#[derive(Clone)]
pub struct Provisioner {
    registry: Arc<dyn Registry>,
    account: Account,
    checks: Vec<(DocumentKind, Check)>,
}

impl fmt::Debug for Provisioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checked: Vec<DocumentKind> = self.checks.iter().map(|(kind, _)| *kind).collect();
        f.debug_struct("Provisioner")
            .field("account", &self.account)
            .field("checked", &checked)
            .finish_non_exhaustive()
    }
}

/// A resource of the template, ready to be created.
struct Step {
    id: String,
    kind: &'static dyn ResourceType,
    planned: Planned,
}

impl Provisioner {
    /// A provisioner that writes to `registry` and builds ARNs of `account`.
    pub const fn new(registry: Arc<dyn Registry>, account: Account) -> Self {
        Self { registry, account, checks: Vec::new() }
    }

    /// Has every document of `kind` checked by `check` – name and JSON text in, problems out – before
    /// anything is created. The server hands in the parsers of the engines here.
    #[must_use]
    pub fn with_check(
        mut self,
        kind: DocumentKind,
        check: impl Fn(&str, &str) -> Result<(), Vec<String>> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((kind, Arc::new(check)));
        self
    }

    /// Creates what `template` declares and the registry does not have yet, in the order of
    /// dependencies. Applying it again, after a crash too, creates what is missing.
    ///
    /// # Errors
    /// Everything that is wrong with the template, in which case nothing was changed; or the resource
    /// that the registry refused, in which case those before it were created.
    pub async fn apply(
        &self,
        template: &str,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<Outcome, StackError> {
        let (steps, outputs) = self.plan(template, parameters)?;
        self.check_profiles(&steps).await?;
        let mut outcome = Outcome { resources: Vec::with_capacity(steps.len()), outputs };
        for Step { id, kind, planned } in steps {
            let state = self.create(&planned, now).await.map_err(|source| {
                let (resource, resource_type) = (id.clone(), kind.name());
                StackError::Registry { resource, resource_type, source }
            })?;
            tracing::debug!(resource = id, name = planned.name, ?state, "resource provisioned");
            let (resource_type, name) = (kind.name(), planned.name);
            outcome.resources.push(ResourceOutcome { id, resource_type, name, state });
        }
        Ok(outcome)
    }

    /// Reads a template to its end without changing anything.
    fn plan(
        &self,
        text: &str,
        given: &Parameters,
    ) -> Result<(Vec<Step>, BTreeMap<String, String>), StackError> {
        let mut problems = Problems::default();
        let template = Template::read(yaml::read(text)?, &mut problems);
        let parameters = values(&template.parameters, given, &mut problems);
        let mut scope = Scope {
            account: &self.account,
            parameters: &parameters,
            parameter_names: template.parameters.iter().map(|it| it.name.as_str()).collect(),
            resource_ids: template.resources.iter().map(|it| it.id.as_str()).collect(),
            planned: BTreeMap::new(),
            bytes_used: 0,
        };
        let mut steps = Vec::new();
        for at in order(&template.resources, &mut problems) {
            let Some(resource) = template.resources.get(at) else { continue };
            let place = format!("Resources.{}", resource.id);
            let properties = format!("{place}.Properties");
            let Some(properties) = scope.resolve(&resource.properties, &properties, &mut problems)
            else {
                continue;
            };
            let account = &self.account;
            let planned = Planned::read(resource.kind, &properties, &place, account, &mut problems);
            let Some(planned) = planned else { continue };
            self.check(&planned, &place, &mut problems);
            scope.planned.insert(resource.id.clone(), planned.clone());
            steps.push(Step { id: resource.id.clone(), kind: resource.kind, planned });
        }
        refuse_same_names(&steps, &mut problems);
        let outputs = outputs(&template.outputs, &mut scope, &mut problems);
        problems.or((steps, outputs))
    }

    fn check(&self, planned: &Planned, place: &str, problems: &mut Problems) {
        let Item::Document { kind, name, body } = &planned.item else { return };
        let body = body.to_string();
        for (_, check) in self.checks.iter().filter(|(checked, _)| checked == kind) {
            for problem in check(name, &body).err().into_iter().flatten() {
                problems.push(format!("{place}.Properties"), problem);
            }
        }
    }

    /// Security profiles may name what is stored and what the template makes, wherever it stands there.
    async fn check_profiles(&self, steps: &[Step]) -> Result<(), StackError> {
        let is_profile = |step: &&Step| {
            matches!(&step.planned.item, Item::Document { kind: DocumentKind::SecurityProfile, .. })
        };
        let Some(first) = steps.iter().find(is_profile) else { return Ok(()) };
        let stored = Words::stored(&*self.registry).await;
        let mut words = stored.map_err(|source| {
            let (resource, resource_type) = (first.id.clone(), first.kind.name());
            StackError::Registry { resource, resource_type, source }
        })?;
        steps.iter().for_each(|step| words.learn_planned(&step.planned.item));
        let mut problems = Problems::default();
        for step in steps {
            let place = format!("Resources.{}", step.id);
            words.check(&step.planned.item, step.kind.properties(), &place, &mut problems);
        }
        problems.or(())
    }

    async fn create(
        &self,
        planned: &Planned,
        now: Timestamp,
    ) -> Result<ResourceState, RegistryError> {
        let item = &planned.item;
        // Before the resource, so that one that is there has its tags.
        if let Some(Tags { arn, pairs }) = &planned.tags
            && !self.is_there(item).await?
        {
            self.registry.tag(arn, pairs).await?;
        }
        let created = match item {
            Item::Group { name, parent } => {
                let id = uuid::Uuid::new_v4().to_string();
                let group = ThingGroup::new(name.clone(), id, parent.clone(), now);
                self.registry.create_group(&group).await
            }
            Item::Policy { name, document } => {
                // Laid out in lines, for people who read it and explanations that point into it.
                let policy = Policy::new(name.clone(), format!("{document:#}"), now);
                self.registry.create_policy(&policy).await
            }
            Item::Document { kind, name, body } => {
                let body = body.to_string();
                self.registry.create_document(*kind, name, &body, now).await.map(drop)
            }
        };
        match created {
            Ok(()) => Ok(ResourceState::Created),
            Err(RegistryError::AlreadyExists { .. }) if self.is_equal(item).await? => {
                Ok(ResourceState::Unchanged)
            }
            Err(RegistryError::AlreadyExists { .. }) => Ok(ResourceState::KeptAsIs),
            Err(error) => Err(error),
        }
    }

    async fn is_there(&self, item: &Item) -> Result<bool, RegistryError> {
        let Item::Document { kind, name, .. } = item else { return Ok(false) };
        match self.registry.document(*kind, name).await {
            Ok(_) => Ok(true),
            Err(RegistryError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether what is stored under the item's name is the item.
    async fn is_equal(&self, item: &Item) -> Result<bool, RegistryError> {
        let same = |stored: &str, wanted: &Value| {
            serde_json::from_str::<Value>(stored).is_ok_and(|stored| stored == *wanted)
        };
        Ok(match item {
            Item::Group { name, parent } => self.registry.group(name).await?.parent == *parent,
            Item::Policy { name, document } => {
                same(&self.registry.policy(name).await?.document(), document)
            }
            Item::Document { kind, name, body } => {
                let stored = self.registry.document(*kind, name).await?.body;
                let stored = serde_json::from_str(&stored).ok();
                stored.is_some_and(|it| said(*kind, it) == said(*kind, body.clone()))
            }
        })
    }
}

/// What a document says, without what the control plane notes beside it.
fn said(kind: DocumentKind, mut body: Value) -> Value {
    if let (DocumentKind::SecurityProfile, Some(members)) = (kind, body.as_object_mut()) {
        members.shift_remove("version");
        members.shift_remove("modified_ms");
        let targets = members.entry("targets").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(targets) = targets.as_array_mut() {
            targets.sort_by_key(ToString::to_string);
        }
    }
    body
}

/// Two resources of a type with one name would be one resource with two meanings.
fn refuse_same_names(steps: &[Step], problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for step in steps {
        let key = (step.kind.name(), step.planned.name.as_str());
        if let Some(other) = seen.insert(key, step.id.as_str()) {
            let problem = format!("has the name of resource `{other}`, which is of the same type");
            let naming = step.kind.name_property();
            problems.push(format!("Resources.{}.Properties.{naming}", step.id), problem);
        }
    }
}

fn outputs(
    declared: &[(String, Node)],
    scope: &mut Scope<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    for (name, node) in declared {
        let place = format!("Outputs.{name}.Value");
        match scope.resolve(node, &place, problems) {
            Some(Node::Plain(text) | Node::Text(text)) => {
                outputs.insert(name.clone(), text);
            }
            Some(other) => problems.push(place, format!("must be a text, not {}", other.kind())),
            None => {}
        }
    }
    outputs
}
