//! Times of the past, as operators write them.

use chrono::{DateTime, TimeDelta, Utc};

use super::OperationError;

/// Reads a time, or an age such as `2h`.
///
/// # Errors
/// The text is neither, or the age is longer than times go back.
pub fn since(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, OperationError> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let age = humantime::parse_duration(text).ok();
    let age = age.and_then(|age| TimeDelta::from_std(age).ok());
    age.and_then(|age| now.checked_sub_signed(age)).ok_or_else(|| {
        OperationError::invalid("write a time such as 2026-12-24T18:00:00Z, or an age such as 2h")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_the_past_is_a_time_or_an_age() {
        let now: DateTime<Utc> = "2026-12-24T18:00:00Z".parse().unwrap();
        assert_eq!(since("2026-12-24T18:00:00Z", DateTime::UNIX_EPOCH).unwrap(), now);
        assert_eq!(since(" 2h ", now).unwrap(), now - TimeDelta::hours(2));
        for wrong in ["yesterday", "", "300000y", "30000000000y"] {
            assert!(since(wrong, now).is_err(), "{wrong}");
        }
    }
}
