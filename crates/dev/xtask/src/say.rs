//! What these commands tell the person who runs them.

/// Prints a line on standard output.
macro_rules! say {
    ($($arg:tt)*) => { $crate::say::line(&format!($($arg)*)) };
}
pub(crate) use say;

/// Prints a line; a closed pipe is not an error worth ending for.
#[expect(clippy::print_stdout, reason = "the one place where these commands talk")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}
