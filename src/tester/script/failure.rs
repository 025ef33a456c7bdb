//! What was wrong, and where.

use std::fmt;

/// One thing that is wrong with a script, or that a script found. It quotes what the script says and
/// what its phones received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub script: String,
    /// Counted from 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.script, self.line, self.what)
    }
}

/// All of them, in the order of their lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures(pub Vec<Failure>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, failure) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{failure}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {}
