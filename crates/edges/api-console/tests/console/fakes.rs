//! Stand-ins for the engines behind the console.

use std::sync::Mutex;

use async_trait::async_trait;
use picket_core::{CertificateId, Ledger, Secret, ThingName, Timestamp};
use picket_ports::alarms::{AlarmFilter, Violation, ViolationEvent};
use picket_ports::{
    Alarms, AlarmsError, EnrollError, Enrollment, Pipeline, StageStatus, ThingBundle,
};

/// Hands out bundles with made-up files.
#[derive(Debug, Default)]
pub(crate) struct FakeEnrollment {
    taken: Mutex<Vec<ThingName>>,
}

#[async_trait]
impl Enrollment for FakeEnrollment {
    async fn create_thing(
        &self,
        name: &str,
        group: Option<&str>,
    ) -> Result<ThingBundle, EnrollError> {
        let thing = ThingName::new(name)?;
        thing.can_be_registered()?;
        if let Some(group) = group.filter(|group| *group != "picket-fleet") {
            return Err(EnrollError::NoSuchGroup(group.to_owned()));
        }
        let mut taken = self.taken.lock().unwrap();
        if taken.contains(&thing) {
            return Err(EnrollError::AlreadyExists(thing));
        }
        taken.push(thing.clone());
        Ok(ThingBundle {
            thing,
            certificate_id: CertificateId::new("ab".repeat(32)).unwrap(),
            certificate_pem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
                .into(),
            private_key_pem: Secret::new(
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
            ),
            ca_pem: "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n".into(),
        })
    }
}

/// A book of alarms that is filled by hand.
#[derive(Debug, Default)]
pub(crate) struct FakeAlarms {
    pub(crate) active: Mutex<Vec<Violation>>,
    pub(crate) history: Mutex<Vec<ViolationEvent>>,
}

fn wanted(filter: &AlarmFilter, violation: &Violation) -> bool {
    filter.thing.as_ref().is_none_or(|thing| *thing == violation.thing)
        && filter.profile.as_ref().is_none_or(|profile| *profile == violation.profile)
}

#[async_trait]
impl Alarms for FakeAlarms {
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError> {
        let active = self.active.lock().unwrap();
        Ok(active.iter().filter(|violation| wanted(filter, violation)).cloned().collect())
    }

    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError> {
        let events = self.history.lock().unwrap();
        let events = events.iter().filter(|event| {
            event.time >= from && event.time < to && wanted(filter, &event.violation)
        });
        Ok(events.take(events_max).cloned().collect())
    }
}

/// Ledgers that are booked by hand.
#[derive(Debug)]
pub(crate) struct FakePipeline {
    pub(crate) stages: Vec<(Ledger, bool)>,
}

impl Default for FakePipeline {
    fn default() -> Self {
        let stage = |name, keeps_log| (Ledger::new(name), keeps_log);
        let stages = vec![
            stage("gateway", false),
            stage("reports", true),
            stage("detect", false),
            stage("export", false),
            stage("rules", false),
            stage("delivery", true),
            stage("hec", false),
            stage("index", false),
        ];
        Self { stages }
    }
}

impl Pipeline for FakePipeline {
    fn stages(&self) -> Vec<StageStatus> {
        self.stages
            .iter()
            .map(|(ledger, keeps_log)| {
                let ledger = ledger.snapshot();
                let backlog = keeps_log.then_some(ledger.in_flight);
                StageStatus { ledger, backlog }
            })
            .collect()
    }
}
