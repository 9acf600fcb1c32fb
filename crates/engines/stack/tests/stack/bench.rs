//! A registry in a directory of its own, and a provisioner on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_core::{Account, Timestamp};
use picket_ports::registry::{DocumentKind, Documents, GroupFilter, Groups, Order, Page, Policies};
use picket_sqlite::SqliteRegistry;
use picket_stack::{Outcome, Parameters, Provisioner, ResourceState, StackError};
use serde_json::Value;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

pub(crate) struct Bench {
    pub(crate) registry: Arc<SqliteRegistry>,
    pub(crate) provisioner: Provisioner,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("registry.db");
        let registry = Arc::new(SqliteRegistry::open(file).await.unwrap());
        let account = Account { region: "eu-west-1".to_owned(), id: "111122223333".to_owned() };
        let provisioner = Provisioner::new(registry.clone(), account);
        Self { registry, provisioner, _dir: dir }
    }

    pub(crate) async fn apply(&self, template: &str) -> Result<Outcome, StackError> {
        self.provisioner.apply(template, &Parameters::new(), NOW).await
    }

    /// The problems of a template that must have some, one a line.
    pub(crate) async fn problems(&self, template: &str) -> Vec<String> {
        match self.apply(template).await {
            Err(StackError::Invalid(problems)) => {
                problems.iter().map(ToString::to_string).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn body(&self, kind: DocumentKind, name: &str) -> Value {
        let document = self.registry.document(kind, name).await.unwrap();
        serde_json::from_str(&document.body).unwrap()
    }

    /// How many things of any kind the registry holds.
    pub(crate) async fn count(&self) -> usize {
        let page = Page::first(100);
        let groups = self.registry.groups(&GroupFilter::default(), &page).await.unwrap();
        let policies = self.registry.policies(Order::Ascending, &page).await.unwrap();
        let mut count = groups.rows.len() + policies.rows.len();
        for kind in [
            DocumentKind::SecurityProfile,
            DocumentKind::TopicRule,
            DocumentKind::DeliveryStream,
            DocumentKind::Index,
            DocumentKind::HecToken,
            DocumentKind::NotificationTopic,
            DocumentKind::MitigationAction,
        ] {
            count += self.registry.documents(kind).await.unwrap().len();
        }
        count
    }
}

/// Logical id → state.
pub(crate) fn states(outcome: &Outcome) -> BTreeMap<&str, ResourceState> {
    outcome.resources.iter().map(|it| (it.id.as_str(), it.state)).collect()
}
