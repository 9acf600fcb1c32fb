//! Why something would be allowed or denied: for the editor, and for `picket policy explain`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use picket_pki::der_of;
use picket_policy::{
    Action, Effect, Explanation, Outcome, PolicyDocument, StatementReport, Subject,
};
use picket_registry::{Caller, ExplainRequest, ExplainedRights};
use serde::{Deserialize, Serialize};

use super::read;
use crate::error::{ApiError, ApiResult};
use crate::routes::Body;
use crate::state::{ConsoleState, Shared};

/// Documents that may be given besides those of the certificate.
const DOCUMENTS_MAX: usize = 10;
/// What a document that is being written is called.
const DRAFT: &str = "this document";

/// Rights of a device as they stand, whole: for scripts.
pub(crate) async fn rights(
    State(state): State<Shared>,
    Body(request): Body<ExplainRequest>,
) -> ApiResult<Json<ExplainedRights>> {
    Ok(Json(state.control.explain(&request).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// A certificate, whose policies count too.
    #[serde(default)]
    certificate: Option<String>,
    /// A thing, for whose certificate the same holds; it is the client id where none is given.
    #[serde(default)]
    thing: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    action: String,
    /// The client id, topic or topic filter.
    resource: String,
    #[serde(default)]
    documents: Vec<String>,
    /// A policy in whose place the documents stand; as stored, it does not count.
    #[serde(default)]
    replaces: Option<String>,
}

#[derive(Debug, Serialize)]
struct StatementView {
    policy: String,
    index: u32,
    sid: Option<String>,
    effect: Effect,
    matches: bool,
    reason: String,
    text: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    decision: &'static str,
    sentence: String,
    deciding: Option<usize>,
    statements: Vec<StatementView>,
}

pub(crate) async fn explain(
    State(state): State<Shared>,
    Body(question): Body<Question>,
) -> ApiResult<Json<Answer>> {
    if question.documents.len() > DOCUMENTS_MAX {
        return Err(ApiError::invalid(format!("at most {DOCUMENTS_MAX} documents can be given")));
    }
    let action =
        Action::named(&question.action).map_err(|error| ApiError::invalid(error.to_string()))?;
    let (mut documents, subject) = applying(&state, &question).await?;
    if let Some(replaced) = &question.replaces {
        documents.retain(|document| document.name() != replaced);
    }
    let mut texts = Vec::with_capacity(documents.len());
    for document in &documents {
        texts.push(state.control.get_policy(document.name()).await?.document().to_string());
    }
    for text in question.documents {
        documents.push(Arc::new(read(&text)?.named(DRAFT)));
        texts.push(text);
    }
    let resource = action.arn(state.control.account(), &question.resource);
    let explanation = picket_policy::explain(&documents, &subject, action, &resource);
    Ok(Json(answer(explanation, &texts)))
}

/// The documents that apply to the certificate that is asked about, and its facts.
async fn applying(
    state: &ConsoleState,
    question: &Question,
) -> ApiResult<(Vec<Arc<PolicyDocument>>, Subject)> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let request = ExplainRequest {
        certificate: given(&question.certificate),
        thing: given(&question.thing),
        ..ExplainRequest::default()
    };
    let client_id = given(&question.client_id).or_else(|| request.thing.clone());
    if request.certificate.is_none() && request.thing.is_none() {
        return Ok((Vec::new(), Subject { client_id, ..Subject::default() }));
    }
    let certificate = state.control.explained_certificate(&request).await?;
    let der = der_of(&certificate.pem).unwrap_or_default();
    let mut caller = Caller::new(&certificate.id, &der);
    caller.client_id = client_id.as_deref();
    let examined = state.control.rights().examine(&caller);
    examined.map_err(|unreadable| ApiError::invalid(unreadable.to_string()))
}

fn answer(explanation: Explanation, texts: &[String]) -> Answer {
    let decision = match explanation.outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitDeny => "explicit_deny",
        Outcome::ImplicitDeny => "implicit_deny",
    };
    Answer {
        decision,
        sentence: sentence(&explanation),
        deciding: explanation.decided_by,
        statements: explanation.statements.into_iter().map(|report| view(report, texts)).collect(),
    }
}

fn sentence(explanation: &Explanation) -> String {
    let request = format!("{} on {}", explanation.action, explanation.resource);
    let decided = explanation.decided_by.and_then(|place| explanation.statements.get(place));
    match decided {
        Some(report) => {
            let verb = if report.effect == Effect::Deny { "denies" } else { "allows" };
            format!("{} of {} {verb} {request}.", title(report), report.policy)
        }
        None => format!("No statement speaks of {request}."),
    }
}

fn title(report: &StatementReport) -> String {
    report.sid.clone().unwrap_or_else(|| format!("Statement {}", report.index + 1))
}

fn view(report: StatementReport, texts: &[String]) -> StatementView {
    let obstacles = report.obstacles();
    let text = texts.get(report.document as usize).map_or("", String::as_str);
    let lines = text.lines().skip(report.line_first.saturating_sub(1) as usize);
    let count = (report.line_last + 1).saturating_sub(report.line_first) as usize;
    StatementView {
        reason: match obstacles.is_empty() {
            true => "It applies: action, resource and conditions match.".to_owned(),
            false => format!("It does not apply: {}.", obstacles.join("; ")),
        },
        text: lines.take(count).collect::<Vec<_>>().join("\n"),
        policy: report.policy,
        index: report.index,
        sid: report.sid,
        effect: report.effect,
        matches: report.applies,
    }
}
