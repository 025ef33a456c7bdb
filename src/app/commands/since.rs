//! Times of the past on the command line.

use chrono::{DateTime, Utc};

use crate::engine::operations;
use crate::model::clock::{Clock as _, SystemClock};

/// Reads a time, or an age.
pub(super) fn since(text: &str) -> Result<DateTime<Utc>, String> {
    operations::since(text, SystemClock.now()).map_err(|error| error.to_string())
}
