//! Rights of operators.

use serde::{Deserialize, Serialize};

/// Right of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Read,
    Write,
}
