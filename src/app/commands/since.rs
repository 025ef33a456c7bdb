//! Times of the past on the command line.

use chrono::{DateTime, Utc};

use crate::model::clock::{Clock as _, SystemClock};

/// Reads a time, or an age.
pub(super) fn since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = text.parse::<DateTime<Utc>>() {
        return Ok(time);
    }
    let age: humantime::Duration = text
        .parse()
        .map_err(|_| "write a time such as 2026-12-24T18:00:00Z, or an age such as 2h")?;
    Ok(SystemClock.now() - *age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_the_past_is_a_time_or_an_age() {
        let time = since("2026-12-24T18:00:00Z").unwrap();
        assert_eq!(time.to_rfc3339(), "2026-12-24T18:00:00+00:00");
        let age = chrono::TimeDelta::hours(2);
        let earliest = SystemClock.now() - age;
        let time = since("2h").unwrap();
        assert!(earliest <= time && time <= SystemClock.now() - age);
        assert!(since("yesterday").is_err());
    }
}
