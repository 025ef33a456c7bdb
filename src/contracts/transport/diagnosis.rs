//! Findings about a provider's account, for an operator.

use std::fmt;

/// Examination of a transport's account.
#[derive(Clone, Debug, Default)]
pub struct Examination {
    /// Addresses at which this deployment takes the provider's calls; the first is the transport's
    /// own. Empty when the public address is not known.
    pub webhooks: Vec<String>,
    /// Sets the webhook where it leads elsewhere.
    pub repair: bool,
}

/// Weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// Set right by the examination.
    Repaired,
    /// Weaker than promised, or not examined.
    Degraded,
    Problem,
}

/// One result of an examination: the part that was examined, and a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    pub part: &'static str,
    pub sentence: String,
}

impl Finding {
    pub fn new(verdict: Verdict, part: &'static str, sentence: impl Into<String>) -> Self {
        Self { verdict, part, sentence: sentence.into() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Repaired => "repaired",
            Self::Degraded => "degraded",
            Self::Problem => "problem",
        })
    }
}
