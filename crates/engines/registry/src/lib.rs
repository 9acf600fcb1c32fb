//! The registry engine: the rules of AWS's registry operations, the in-memory view that the front door
//! reads on every connection, and the enrollment of devices with certificates of our own CA.
//!
//! The stored registry is the truth. [`ControlPlane`] changes it by AWS's rules; [`LiveDirectory`] is a
//! view of it that follows its feed of changes, so a change is in force at the door within
//! milliseconds.

mod control;
mod control_error;
mod enroll;
mod limits;
mod live;
mod locks;
mod pki_files;
mod view;

pub use control::{ControlParts, ControlPlane};
pub use control_error::ControlError;
pub use enroll::{Enroller, EnrollmentDefaults};
pub use limits::RegistryLimits;
pub use live::LiveDirectory;
pub use pki_files::{PkiFiles, PkiFilesError, local_names};
