//! `picket up --demo`: a fleet of this server's own, over real connections.

use std::path::Path;

use picket_device_client::{Endpoint, Identity};
use picket_ports::enrollment::{EnrollError, Enrollment as _, NewDeviceRequest, ThingBundle};
use picket_simulate::{InvalidSimulation, Simulation, SimulationConfig, scenarios};

use super::Server;
use crate::bundle::{self, Bundle, BundleError};

/// What goes wrong in a demonstration.
const SCENARIO: &str = "ftp-backdoor";

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DemoPlan {
    /// Devices.
    pub(crate) things: u32,
}

/// Why there is no simulated fleet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// A device could not be enrolled.
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    /// Its files could not be kept.
    #[error(transparent)]
    Keep(#[from] BundleError),
    /// Its files could not be read again.
    #[error(transparent)]
    Identity(#[from] picket_device_client::IdentityError),
    /// The plan makes no sense.
    #[error(transparent)]
    Plan(#[from] InvalidSimulation),
    /// There is no TLS listener.
    #[error("a simulated fleet connects to `gateway.mqtt`, which is off")]
    NoListener,
}

/// Enrolls the fleet, whose identities are kept in `DIR/demo`, and starts it.
pub(super) async fn start(server: &Server, plan: DemoPlan) -> Result<(), DemoError> {
    let mqtt = &server.credentials.mqtt;
    let port = mqtt.port.ok_or(DemoError::NoListener)?;
    let directory = server.data.join("demo");
    let mut identities = Vec::new();
    for name in picket_simulate::names(plan.things as usize) {
        let identity = identity(server, &directory.join(&name), &name).await?;
        identities.push((name, identity));
    }
    let config =
        SimulationConfig { scenario: scenarios::find(SCENARIO)?, ..SimulationConfig::default() };
    let endpoint = Endpoint::new(mqtt.host.clone(), port);
    let simulation = Simulation::new(config, endpoint, identities, server.clock.clone())?;
    tracing::info!(
        things = plan.things,
        scenario = SCENARIO,
        victim = simulation.victim(),
        "a simulated fleet is coming up"
    );
    simulation.start(&server.scopes.simulation);
    Ok(())
}

/// The identity that is kept in `directory`, or a new one.
async fn identity(server: &Server, directory: &Path, name: &str) -> Result<Identity, DemoError> {
    if !bundle::is_in(directory) {
        let ThingBundle { thing: _, certificate_id, certificate_pem, private_key_pem, ca_pem } =
            server.enroller.create_thing(NewDeviceRequest::named(name)).await?;
        Bundle { certificate_id, certificate_pem, private_key_pem, ca_pem }.write(directory)?;
    }
    Ok(bundle::load(directory)?)
}
