//! What can go wrong. One file a scenario; [`ALL`] is the list.

mod brute_force;
mod exfiltration;
mod ftp_backdoor;
mod none;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use picket_wire_report::Report;

use crate::config::InvalidSimulation;
use crate::device::{Device, Moment};

/// Every scenario.
pub const ALL: &[&dyn Scenario] =
    &[NONE, &ftp_backdoor::FtpBackdoor, &exfiltration::Exfiltration, &brute_force::BruteForce];

/// Nothing goes wrong.
pub const NONE: &dyn Scenario = &none::Quiet;

/// Something that goes wrong with one device of a fleet.
pub trait Scenario: Debug + Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// What happens, in a sentence.
    fn doc(&self) -> &'static str;
    /// Changes what the device reports once the trouble has begun.
    fn alter(&self, device: &Device, moment: &Moment, report: &mut Report);
    /// Whether an intruder works with the device's certificate from then on.
    fn has_intruder(&self) -> bool {
        false
    }
}

/// The scenario of this name.
pub fn find(name: &str) -> Result<&'static dyn Scenario, InvalidSimulation> {
    ALL.iter()
        .copied()
        .find(|scenario| scenario.name() == name)
        .ok_or_else(|| InvalidSimulation::UnknownScenario { name: name.to_owned() })
}

/// What to say after the name of a scenario that does not exist.
pub(crate) fn hint(name: &str) -> String {
    let names = ALL.iter().map(|scenario| scenario.name());
    let nearest =
        names.clone().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len() / 3 => {
            format!("did you mean `{known}`?")
        }
        _ => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    }
}
