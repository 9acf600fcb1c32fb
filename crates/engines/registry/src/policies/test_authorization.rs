//! `TestAuthorization`.

use picket_policy::{Action, Effect, Explanation, Outcome, explain};

use super::examined::Examined;
use crate::checked::shown;
use crate::{ControlError, ControlPlane};

/// Most requests tested at once, as AWS has it.
const AUTH_INFOS_MAX: usize = 10;
/// Most resources of one of them, and most names of policies to add or to skip.
const LIST_MAX: usize = 100;

/// What is to be tested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizationTest {
    /// Who asks: a certificate's or group's ARN, or a Cognito identity. Without one, only the policies
    /// to add are tested.
    pub principal: Option<String>,
    /// The pool of the identity; must be there if named.
    pub identity_pool: Option<String>,
    /// The MQTT client id it connects with.
    pub client_id: Option<String>,
    /// What it asks for.
    pub auth_infos: Vec<AuthInfo>,
    /// Policies taken as attached.
    pub policies_to_add: Vec<String>,
    /// Policies taken as not attached.
    pub policies_to_skip: Vec<String>,
}

/// One action on some resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthInfo {
    /// `CONNECT`, `PUBLISH`, `SUBSCRIBE` or `RECEIVE`.
    pub action: String,
    /// ARNs.
    pub resources: Vec<String>,
}

/// What one [`AuthInfo`] comes to. With several resources it is allowed if all are, and denied
/// explicitly if one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthResult {
    /// What was tested.
    pub info: AuthInfo,
    /// The decision.
    pub outcome: Outcome,
    /// Policies with a statement that allows it.
    pub allowed: Vec<String>,
    /// Policies with a statement that denies it.
    pub denied: Vec<String>,
    /// Policies in which no statement applies.
    pub silent: Vec<String>,
    /// Variables and keys that the policies ask for and that have no value.
    pub missing: Vec<String>,
}

impl ControlPlane {
    /// `TestAuthorization`: what the front door would answer a principal, with policies added or taken
    /// away as wished. Whether its certificate is active is not asked.
    pub async fn test_authorization(
        &self,
        test: AuthorizationTest,
    ) -> Result<Vec<AuthResult>, ControlError> {
        let infos = checked_infos(&test)?;
        self.check_identity_pool(test.identity_pool.as_deref()).await?;
        let mut examined = match &test.principal {
            Some(principal) => {
                let target = self.target("principal", principal)?;
                self.examine(&target, test.client_id.as_deref()).await?
            }
            None => {
                let mut examined = Examined::default();
                examined.subject.client_id.clone_from(&test.client_id);
                examined
            }
        };
        self.adjust(&mut examined, &test.policies_to_add, &test.policies_to_skip).await?;
        let results = test.auth_infos.into_iter().zip(infos);
        Ok(results.map(|(info, action)| result(&examined, info, action)).collect())
    }
}

fn checked_infos(test: &AuthorizationTest) -> Result<Vec<Action>, ControlError> {
    let count = test.auth_infos.len();
    if !(1..=AUTH_INFOS_MAX).contains(&count) {
        return Err(ControlError::Invalid(format!(
            "`authInfos` has {count} entries; it must have 1 to {AUTH_INFOS_MAX}"
        )));
    }
    for (member, names) in
        [("policyNamesToAdd", &test.policies_to_add), ("policyNamesToSkip", &test.policies_to_skip)]
    {
        check_length(member, names.len(), 0)?;
    }
    test.auth_infos.iter().map(checked_info).collect()
}

fn checked_info(info: &AuthInfo) -> Result<Action, ControlError> {
    let action = match info.action.as_str() {
        "CONNECT" => Action::Connect,
        "PUBLISH" => Action::Publish,
        "SUBSCRIBE" => Action::Subscribe,
        "RECEIVE" => Action::Receive,
        other => {
            return Err(ControlError::Invalid(format!(
                "value `{}` at `actionType` must be one of CONNECT, PUBLISH, SUBSCRIBE, RECEIVE",
                shown(other)
            )));
        }
    };
    check_length("resources", info.resources.len(), 1)?;
    match info.resources.iter().find(|resource| !resource.starts_with("arn:")) {
        None => Ok(action),
        Some(resource) => Err(ControlError::Invalid(format!(
            "value `{}` at `resources` is not an ARN such as \
             arn:aws:iot:REGION:ACCOUNT:{}NAME",
            shown(resource),
            action.resource_kind().prefix()
        ))),
    }
}

fn check_length(member: &str, length: usize, min: usize) -> Result<(), ControlError> {
    if (min..=LIST_MAX).contains(&length) {
        return Ok(());
    }
    Err(ControlError::Invalid(format!(
        "`{member}` has {length} entries; it must have {min} to {LIST_MAX}"
    )))
}

fn result(examined: &Examined, info: AuthInfo, action: Action) -> AuthResult {
    let Examined { documents, subject } = examined;
    let explain = |resource: &String| explain(documents, subject, action, resource);
    let explanations: Vec<Explanation> = info.resources.iter().map(explain).collect();
    let has = |outcome| explanations.iter().any(|it| it.outcome == outcome);
    let outcome = match (has(Outcome::ExplicitDeny), has(Outcome::ImplicitDeny)) {
        (true, _) => Outcome::ExplicitDeny,
        (false, true) => Outcome::ImplicitDeny,
        (false, false) => Outcome::Allowed,
    };
    let (mut allowed, mut denied, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for (document, policy) in (0..).zip(documents) {
        let reports = explanations.iter().flat_map(|explanation| &explanation.statements);
        let applying = reports.filter(|report| report.document == document && report.applies);
        let effects: Vec<Effect> = applying.map(|report| report.effect).collect();
        let names = match () {
            () if effects.contains(&Effect::Deny) => &mut denied,
            () if effects.contains(&Effect::Allow) => &mut allowed,
            () => &mut silent,
        };
        names.push(policy.name().to_owned());
    }
    let mut missing: Vec<String> = Vec::new();
    for name in explanations.into_iter().flat_map(|explanation| explanation.missing) {
        if !missing.contains(&name) {
            missing.push(name);
        }
    }
    AuthResult { info, outcome, allowed, denied, silent, missing }
}
