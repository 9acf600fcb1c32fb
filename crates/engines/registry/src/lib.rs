//! The registry engine: the in-memory view that the front door reads on every connection, and the
//! enrollment of devices with certificates of our own CA.
//!
//! The stored registry is the truth; [`LiveDirectory`] is a view of it that is rebuilt when the
//! registry's revision moves, so a change is in force at the door within milliseconds.

mod enroll;
mod live;
mod pki_files;
mod view;

pub use enroll::{Enroller, EnrollmentDefaults};
pub use live::LiveDirectory;
pub use pki_files::{PkiFiles, PkiFilesError, local_names};
