//! How a command ends when it does not succeed.

use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use picket_core::ErrorCode;

/// Why a command failed: an exit code for scripts, words for people.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// A failure of the kind `code`: 3 not found, 4 conflict, 5 denied, else 1.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let code = match code {
            ErrorCode::NotFound => 3,
            ErrorCode::AlreadyExists | ErrorCode::Conflict => 4,
            ErrorCode::Unauthenticated | ErrorCode::Forbidden => 5,
            _ => 1,
        };
        Self { code, message: message.into() }
    }

    /// A failure with exit code 1: what went wrong, and the causes of `error`.
    pub(crate) fn other(what: impl fmt::Display, error: &dyn Error) -> Self {
        Self { code: 1, message: format!("{what}: {}", chain(error)) }
    }

    /// A failure with exit code 1, of which `error` says it all.
    pub(crate) fn because(error: &dyn Error) -> Self {
        Self { code: 1, message: chain(error) }
    }

    /// A wrong use of the command: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// Tells the user.
    pub(crate) fn report(&self) -> ExitCode {
        // Where standard error is closed there is nobody to tell.
        writeln!(io::stderr(), "picket: {}", self.message).ok();
        ExitCode::from(self.code)
    }
}

/// An error and its causes, parted by colons.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Some libraries repeat the cause in their own words.
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
