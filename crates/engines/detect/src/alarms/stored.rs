//! What is stored of alarms, with the versions of its formats.

use picket_core::Timestamp;
use picket_ports::alarms::{
    AlarmFacts, AlarmNews, CriteriaType, Verification, VerificationState, Violation, ViolationEvent,
};
use serde::{Deserialize, Serialize};

use crate::storage::{StorageError, read, write};
use crate::violation::v1::ViolationEventV1;

#[derive(Deserialize)]
enum StoredEvent {
    V1(ViolationEventV1),
    V2(ViolationEvent),
}

/// Writes what [`StoredEvent`] reads.
#[derive(Serialize)]
enum StoredEventRef<'a> {
    #[expect(dead_code, reason = "keeps the number of the version")]
    V1,
    V2(&'a ViolationEvent),
}

pub(super) fn write_event(event: &ViolationEvent) -> Result<Vec<u8>, StorageError> {
    write("alarm event", &StoredEventRef::V2(event))
}

pub(super) fn read_event(bytes: &[u8]) -> Result<ViolationEvent, StorageError> {
    Ok(match read("alarm event", bytes)? {
        StoredEvent::V1(old) => old.into(),
        StoredEvent::V2(event) => event,
    })
}

/// What an index says of an event, so that a filter need not read the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) thing: String,
    pub(super) profile: String,
    pub(super) behavior: String,
    pub(super) criteria: CriteriaType,
    pub(super) suppressed: bool,
}

impl Facts {
    pub(super) fn of(violation: &Violation) -> Self {
        Self {
            thing: violation.thing.clone(),
            profile: violation.profile.clone(),
            behavior: violation.behavior.clone(),
            criteria: violation.criteria,
            suppressed: violation.suppressed,
        }
    }

    pub(super) fn with(&self, verification: VerificationState) -> AlarmFacts<'_> {
        let Self { thing, profile, behavior, criteria, suppressed } = self;
        let (criteria, suppressed) = (*criteria, *suppressed);
        AlarmFacts { thing, profile, behavior, criteria, suppressed, verification }
    }
}

#[derive(Serialize, Deserialize)]
enum StoredFacts {
    V1(Facts),
}

pub(super) fn write_facts(facts: Facts) -> Result<Vec<u8>, StorageError> {
    write("alarm index entry", &StoredFacts::V1(facts))
}

pub(super) fn read_facts(bytes: &[u8]) -> Result<Facts, StorageError> {
    let StoredFacts::V1(facts) = read("alarm index entry", bytes)?;
    Ok(facts)
}

#[derive(Serialize, Deserialize)]
enum StoredVerification {
    V1(Verification),
}

pub(super) fn write_verification(verification: &Verification) -> Result<Vec<u8>, StorageError> {
    write("verification", &StoredVerification::V1(verification.clone()))
}

pub(super) fn read_verification(bytes: &[u8]) -> Result<Verification, StorageError> {
    let StoredVerification::V1(verification) = read("verification", bytes)?;
    Ok(verification)
}

/// News, and since when it is waiting.
#[derive(Serialize, Deserialize)]
enum StoredNews {
    V1 { queued: Timestamp, news: AlarmNews },
}

pub(super) fn write_news(queued: Timestamp, news: AlarmNews) -> Result<Vec<u8>, StorageError> {
    write("alarm news", &StoredNews::V1 { queued, news })
}

pub(super) fn read_news(bytes: &[u8]) -> Result<(Timestamp, AlarmNews), StorageError> {
    let StoredNews::V1 { queued, news } = read("alarm news", bytes)?;
    Ok((queued, news))
}
