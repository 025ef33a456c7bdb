//! Differences between clocks, as an operator reads them.

use std::collections::BTreeMap;

use crate::model::clock::{MAX_SKEW, NOTABLE_SKEW};

/// Describes the clocks that differ from that of a process by more than late answers explain. Each is ahead of
/// it by so many seconds.
pub(super) fn sentences(ahead: &BTreeMap<String, f64>) -> impl Iterator<Item = String> {
    ahead.iter().filter_map(|(clock, ahead)| sentence(clock, *ahead))
}

/// Describes a clock that is ahead by so many seconds, when it differs.
pub(super) fn sentence(clock: &str, ahead: f64) -> Option<String> {
    if ahead.abs() < NOTABLE_SKEW.as_seconds_f64() {
        return None;
    }
    let (seconds, side) = (ahead.abs(), if ahead < 0.0 { "behind" } else { "ahead of" });
    let effect = if ahead.abs() > MAX_SKEW.as_seconds_f64() {
        "texts of unknown outcome may be sent twice"
    } else {
        "timers may be off by as much"
    };
    Some(format!("{clock} is {seconds:.0} s {side} this process; {effect}; have both set by NTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_differ_are_described() {
        let clocks = [("far", 7_200.0), ("near", 9.0), ("store", -3_600.2)];
        let clocks = clocks.map(|(clock, ahead)| (clock.to_owned(), ahead)).into();
        let expected = [
            "far is 7200 s ahead of this process; texts of unknown outcome may be sent twice; have both set by NTP",
            "store is 3600 s behind this process; timers may be off by as much; have both set by NTP",
        ];
        assert_eq!(sentences(&clocks).collect::<Vec<_>>(), expected);
    }
}
