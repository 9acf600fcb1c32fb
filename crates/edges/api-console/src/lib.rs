//! The console's backend: log-in, a JSON API under `/api/v1`, and the console's own files.
//!
//! The API is described by `openapi.json` beside this file. Everything but log-in and the files asks
//! for a session; what role each route asks for is one table, [`access`].

pub mod access;
mod assets;
mod audit;
mod config;
mod error;
mod gate;
mod headers;
mod history;
mod lockout;
mod passwords;
mod routes;
mod server;
mod sessions;
mod spl_text;
mod state;
pub mod users;

pub use config::ConsoleConfig;
pub use picket_core::Role;
pub use server::{ConsoleDeps, ConsoleServer, FrontDoor, OpenError};
pub use users::{UserError, ensure_user};
