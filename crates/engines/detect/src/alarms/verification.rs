//! What operators found violations to be.

use std::collections::HashMap;

use futures::StreamExt;
use parking_lot::RwLock;
use picket_ports::alarms::{Verification, VerificationState, Violation, ViolationEvent};
use picket_ports::{StateBatch, StateStore};

use super::keys;
use super::stored;
use crate::storage::StorageError;

/// Characters of a note.
const DESCRIPTION_MAX: usize = 1000;
/// Verifications read in one go.
const CHUNK: usize = 1000;
/// Notes read at once.
const READS_MAX: usize = 16;

/// The state of each violation of which somebody said something; notes stay in the store.
#[derive(Debug, Default)]
pub(super) struct Verifications(RwLock<HashMap<u128, VerificationState>>);

/// What is wrong with a verification, if anything is.
pub(super) fn problem(verification: &Verification) -> Option<String> {
    let text = verification.description.as_deref()?;
    let length = text.chars().count();
    if length > DESCRIPTION_MAX {
        return Some(format!("the note is {length} characters long; at most 1000 are allowed"));
    }
    text.chars().any(char::is_control).then(|| "the note holds a control character".to_owned())
}

impl Verifications {
    /// Loads what is stored.
    pub(super) async fn open(store: &dyn StateStore) -> Result<Self, StorageError> {
        let mut states = HashMap::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let chunk = store.scan(keys::VERIFICATIONS, after.as_deref(), CHUNK).await?;
            for (key, value) in &chunk {
                let id = key.get(keys::VERIFICATIONS.len()..).unwrap_or_default();
                if let Some(id) = std::str::from_utf8(id).ok().and_then(keys::id) {
                    states.insert(id, stored::read_verification(value)?.state);
                }
            }
            match chunk.into_iter().next_back() {
                Some((key, _)) => after = Some(key),
                None => return Ok(Self(RwLock::new(states))),
            }
        }
    }

    /// What a violation was found to be.
    pub(super) fn state(&self, violation_id: &str) -> VerificationState {
        self.said(violation_id).unwrap_or_default()
    }

    fn said(&self, violation_id: &str) -> Option<VerificationState> {
        self.0.read().get(&keys::id(violation_id)?).copied()
    }

    /// Notes what has been stored.
    pub(super) fn set(&self, violation_id: &str, state: VerificationState) {
        if let Some(id) = keys::id(violation_id) {
            self.0.write().insert(id, state);
        }
    }

    /// Forgets violations of which nothing is stored any more.
    pub(super) fn forget(&self, violation_ids: &[String]) {
        let mut states = self.0.write();
        for id in violation_ids.iter().filter_map(|id| keys::id(id)) {
            states.remove(&id);
        }
    }

    /// Puts what was said into violations.
    pub(super) async fn fill(
        &self,
        store: &dyn StateStore,
        violations: Vec<Violation>,
    ) -> Result<Vec<Violation>, StorageError> {
        let filled = violations.into_iter().map(|mut violation| async move {
            if self.said(&violation.violation_id).is_some() {
                violation.verification = self.read(store, &violation.violation_id).await?;
            }
            Ok(violation)
        });
        let filled: Vec<Result<Violation, StorageError>> =
            futures::stream::iter(filled.collect::<Vec<_>>()).buffered(READS_MAX).collect().await;
        filled.into_iter().collect()
    }

    /// Puts what was said into the violations of events.
    pub(super) async fn fill_events(
        &self,
        store: &dyn StateStore,
        mut events: Vec<ViolationEvent>,
    ) -> Result<Vec<ViolationEvent>, StorageError> {
        for event in &mut events {
            let violation = &mut event.violation;
            if self.said(&violation.violation_id).is_some() {
                violation.verification = self.read(store, &violation.violation_id).await?;
            }
        }
        Ok(events)
    }

    /// Everything that was said of a violation.
    pub(super) async fn read(
        &self,
        store: &dyn StateStore,
        violation_id: &str,
    ) -> Result<Verification, StorageError> {
        match store.get(&keys::verification(violation_id)).await? {
            Some(bytes) => stored::read_verification(&bytes),
            None => Ok(Verification::default()),
        }
    }
}

/// Adds what was said of a violation to `batch`, and moves its events to the right index.
pub(super) fn save(
    (violation_id, events): (&str, &[ViolationEvent]),
    before: VerificationState,
    verification: &Verification,
    batch: &mut StateBatch,
) -> Result<(), StorageError> {
    batch.put(keys::verification(violation_id), stored::write_verification(verification)?);
    if before == verification.state {
        return Ok(());
    }
    for event in events {
        batch.delete(keys::entry(&keys::of_state(before), &keys::Tail::of(event)));
        super::history::save_found(event, verification.state, batch)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_bounded_and_has_no_control_characters() {
        let with = |text: &str| Verification {
            description: Some(text.to_owned()),
            ..Verification::default()
        };
        assert_eq!(problem(&Verification::default()), None);
        assert_eq!(problem(&with(&"ü".repeat(1000))), None);
        assert!(problem(&with(&"ü".repeat(1001))).unwrap().contains("1001"));
        assert!(problem(&with("a\nb")).unwrap().contains("control"));
    }
}
