//! The policies of AWS that IoT roles are usually given. The documents hold the actions that AWS documents
//! for them.

use picket_core::Timestamp;

use super::ManagedPolicy;

const PATH: &str = "/service-role/";
/// 2015-10-08, when the oldest of them was published.
const CREATED: Timestamp = Timestamp::from_millis(1_444_262_400_000);

const ALL: &[(&str, &str, &str)] = &[
    (
        "AWSIoTDeviceDefenderAudit",
        "ANPAPICKETDEVDEFAUDIT",
        include_str!("aws_owned/device_defender_audit.json"),
    ),
    ("AWSIoTLogging", "ANPAPICKETIOTLOGGING0", include_str!("aws_owned/logging.json")),
    ("AWSIoTRuleActions", "ANPAPICKETRULEACTIONS", include_str!("aws_owned/rule_actions.json")),
    (
        "AWSIoTThingsRegistration",
        "ANPAPICKETTHINGREGIST",
        include_str!("aws_owned/things_registration.json"),
    ),
];

/// Every one.
pub(super) fn all() -> impl Iterator<Item = ManagedPolicy> {
    ALL.iter().map(|(name, id, document)| ManagedPolicy {
        name: (*name).to_owned(),
        id: (*id).to_owned(),
        arn: format!("arn:aws:iam::aws:policy{PATH}{name}"),
        path: PATH.to_owned(),
        description: None,
        document: (*document).to_owned(),
        created: CREATED,
        attachments: 0,
        is_aws_owned: true,
    })
}

/// The one of this ARN.
pub(super) fn find(arn: &str) -> Option<ManagedPolicy> {
    all().find(|policy| policy.arn == arn)
}

/// The document of the one of this ARN.
pub(crate) fn document(arn: &str) -> Option<&'static str> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy")?.strip_prefix(PATH)?;
    ALL.iter().find(|(known, ..)| *known == name).map(|(_, _, document)| *document)
}
