//! What is published of violations and findings. Times are epoch milliseconds.

use picket_ports::Finding;
use picket_ports::alarms::{VerificationState, Violation};
use picket_ports::findings::FindingResource;
use serde_json::{Value, json};

/// A violation: the members of `ListActiveViolations`, with what an operator found it to be and the
/// sentence that explains it. AWS has no such message.
pub(crate) fn of_violation(violation: &Violation) -> Value {
    let Violation {
        violation_id,
        thing,
        profile,
        behavior,
        started,
        last_violation,
        last_value,
        ended,
        explanation,
        definition,
        verification,
        ..
    } = violation;
    let behavior = serde_json::from_str(definition)
        .ok()
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({ "name": behavior }));
    let mut document = json!({
        "violationId": violation_id,
        "thingName": thing,
        "securityProfileName": profile,
        "behavior": behavior,
        "violationStartTime": started,
        "lastViolationTime": last_violation,
        "lastViolationValue": last_value,
        "explanation": explanation,
    });
    if let Some(ended) = ended {
        document["violationEndTime"] = json!(ended);
    }
    if verification.state != VerificationState::Unknown {
        document["verificationState"] = json!(verification.state);
    }
    document
}

/// A finding, as AWS publishes it (spec device-defender §8.4).
pub(crate) fn of_finding(finding: &Finding) -> Value {
    let FindingResource { resource_type, resource_identifier, additional_info } =
        &finding.non_compliant_resource;
    let mut resource =
        json!({ "resourceType": resource_type, "resourceIdentifier": resource_identifier });
    if !additional_info.is_empty() {
        resource["additionalInfo"] = json!(additional_info);
    }
    json!({
        "findingId": finding.finding_id,
        "taskId": finding.task_id,
        "checkName": finding.check_name,
        "severity": finding.severity,
        "taskStartTime": finding.task_start_time,
        "findingTime": finding.finding_time,
        "nonCompliantResource": resource,
        "reasonForNonComplianceCode": finding.reason_for_non_compliance_code,
        "reasonForNonCompliance": finding.reason_for_non_compliance,
    })
}
