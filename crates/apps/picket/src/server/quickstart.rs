//! First start: what `templates/quickstart.yaml` names is made, so that a device is watched from its
//! first report.

use std::sync::Arc;

use picket_core::{Account, Secret, Timestamp};
use picket_ports::Registry;
use picket_ports::registry::DocumentKind;
use picket_stack::{Parameters, Provisioner, ResourceState, StackError};
use serde_json::Value;

const TEMPLATE: &str = include_str!("../../../../../templates/quickstart.yaml");

/// The group that new things join.
pub(crate) const FLEET_GROUP: &str = "picket-fleet";
/// The policy that new certificates get.
pub(crate) const DEVICE_POLICY: &str = "picket-device";
/// What a stream's `HECEndpoint` says when it means our own collector, wherever that listens.
const OWN_COLLECTOR: &str = "picket://hec";
/// The index that the stream writes to.
pub(crate) const INDEX: &str = "iot";

/// Makes what is not there yet. `hec_token` becomes the collector's first token.
pub(crate) async fn apply(
    registry: Arc<dyn Registry>,
    account: &Account,
    hec_token: &Secret,
    now: Timestamp,
) -> Result<(), StackError> {
    let parameters =
        Parameters::new().with("HecUrl", OWN_COLLECTOR).with("HecToken", hec_token.expose());
    let outcome = provisioner(registry, account).apply(TEMPLATE, &parameters, now).await?;
    let created = outcome.with_state(ResourceState::Created).count();
    tracing::info!(created, "the quickstart set is in place");
    Ok(())
}

/// A provisioner that has every document checked by the engine that will read it. Security profiles it
/// checks by itself, with the words that the template adds.
fn provisioner(registry: Arc<dyn Registry>, account: &Account) -> Provisioner {
    Provisioner::new(registry, account.clone())
        .with_check(DocumentKind::TopicRule, |_, body| {
            picket_rules::validate(body).map_err(|problems| texts(&problems))
        })
        .with_check(DocumentKind::MitigationAction, |_, body| {
            let body: Value = serde_json::from_str(body).map_err(|error| texts(&[error]))?;
            let params = body.get("actionParams").unwrap_or(&Value::Null);
            picket_mitigate::ActionParams::read(params).map(drop).map_err(|error| texts(&[error]))
        })
        .with_check(DocumentKind::DeliveryStream, |name, body| {
            picket_delivery::validate(name, body).map_err(|p| texts(&p))
        })
        .with_check(DocumentKind::Index, |name, body| {
            picket_siem::IndexDocument::parse(name, body)
                .map(drop)
                .map_err(|error| vec![error.to_string()])
        })
        .with_check(DocumentKind::HecToken, |name, body| {
            picket_api_splunk::HecToken::parse(name, body).map(drop).map_err(|p| texts(&p))
        })
}

fn texts(problems: &[impl ToString]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use picket_core::PolicyName;
    use picket_sqlite::SqliteRegistry;

    use super::*;

    #[tokio::test]
    async fn every_engine_takes_its_document_of_the_quickstart_set_and_a_second_start_changes_nothing()
     {
        let dir = tempfile::tempdir().unwrap();
        let registry = SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap();
        let registry: Arc<dyn Registry> = Arc::new(registry);
        let (account, token) = (Account::default(), Secret::new("a token of some length"));
        let now = Timestamp::from_millis(1);
        apply(registry.clone(), &account, &token, now).await.unwrap();
        assert_eq!(registry.group(FLEET_GROUP).await.unwrap().name, FLEET_GROUP);
        let policy = PolicyName::new(DEVICE_POLICY).unwrap();
        assert_eq!(registry.policy(&policy).await.unwrap().name, policy);
        assert!(registry.document(DocumentKind::Index, INDEX).await.is_ok());
        let revision = *registry.revision().borrow();
        apply(registry.clone(), &account, &token, now).await.unwrap();
        assert_eq!(*registry.revision().borrow(), revision);
    }
}
