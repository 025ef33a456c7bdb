//! How a program says why it ended.

use std::fmt;

/// What `main` ends with: one line that says what to do next. Without it `main` would print a
/// backtrace too where the environment asks for one, and nobody would see the line for it.
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
