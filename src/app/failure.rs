//! The error with which a program ends.

use std::fmt;

/// An error shown as one line with its fix. `main` prints errors by `Debug`, and that of `anyhow` may
/// append a backtrace under which the line would be lost.
pub struct Failure(anyhow::Error);

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
