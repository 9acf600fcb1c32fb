//! Whole devices.

use async_trait::async_trait;
use picket_ports::registry::{Devices, NewDevice, PolicyTarget};

use crate::{Result, SqliteRegistry, certificates, groups, policies, things};

#[async_trait]
impl Devices for SqliteRegistry {
    async fn enroll(&self, device: &NewDevice<'_>) -> Result<()> {
        let (thing, certificate) = (device.thing.clone(), device.certificate.clone());
        let (policy, group) = (device.policy.clone(), device.group.to_owned());
        self.write(move |database, changes| {
            groups::must_exist(database, &group)?;
            policies::must_exist(database, &policy)?;
            let (name, id) = (thing.name.clone(), certificate.id.clone());
            things::insert(database, thing, changes)?;
            certificates::insert(database, &certificate, changes)?;
            certificates::attach(database, (name.clone(), id.clone(), false), changes)?;
            groups::join(database, (name, group), changes)?;
            policies::attach(database, (policy, PolicyTarget::Certificate(id)), changes)
        })
        .await
    }
}
