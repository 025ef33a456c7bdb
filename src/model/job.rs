//! Jobs: work of a topic that is due at times of the calendar.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use serde_json::Value;

/// Job of a topic: a wake of its handler at each time that a cron expression describes.
#[derive(Clone)]
pub struct Job {
    /// Name of the wake.
    pub name: String,
    pub cron: Cron,
    /// Time zone in which the expression is read.
    pub timezone: Tz,
    /// Data of the wake.
    pub data: Value,
}

impl Job {
    /// Returns the first time after `time` at which the job is due; none when there is no such time.
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = time.with_timezone(&self.timezone);
        self.cron.find_next_occurrence(&local, false).ok().map(|due| due.with_timezone(&Utc))
    }

    /// Returns the times at which the job is due, as a text that is equal for equal times.
    pub fn times(&self) -> String {
        format!("{} {}", self.cron.as_str(), self.timezone.name())
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The data may hold an address.
        let mut shown = f.debug_struct("Job");
        shown.field("name", &self.name).field("times", &self.times()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn job(cron: &str, timezone: Tz) -> Job {
        let cron = cron.parse().expect("the expression is legal");
        Job { name: "job".to_owned(), cron, timezone, data: Value::Null }
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("the time is legal")
    }

    fn next(cron: &str, timezone: Tz, after: &str) -> String {
        let due = job(cron, timezone).next_after(time(after)).expect("there is one");
        due.format("%FT%TZ").to_string()
    }

    #[test]
    fn expression_is_read_in_its_time_zone() {
        let cron = "0 9 * * 1-5";
        // A Friday; in summer Berlin is two hours ahead of UTC.
        assert_eq!(next(cron, Tz::UTC, "2026-06-12T08:59:59Z"), "2026-06-12T09:00:00Z");
        assert_eq!(next(cron, Tz::UTC, "2026-06-12T09:00:00Z"), "2026-06-15T09:00:00Z");
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(next(cron, berlin, "2026-06-12T06:59:59Z"), "2026-06-12T07:00:00Z");
        assert_eq!(next("*/10 * * * * *", berlin, "2026-06-12T06:59:55Z"), "2026-06-12T07:00:00Z");
    }

    #[test]
    fn fixed_time_runs_once_on_the_days_that_change_the_clock() {
        let berlin = chrono_tz::Europe::Berlin;
        // 02:30 does not exist on 29 March: the clock goes from 02:00 to 03:00.
        assert_eq!(next("30 2 * * *", berlin, "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
        assert_eq!(next("30 2 * * *", berlin, "2026-03-29T01:00:00Z"), "2026-03-30T00:30:00Z");
        // 02:30 exists twice on 25 October; the first one counts.
        assert_eq!(next("30 2 * * *", berlin, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("30 2 * * *", berlin, "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
        // An interval goes on through the repeated hour.
        assert_eq!(next("*/30 * * * *", berlin, "2026-10-25T00:30:00Z"), "2026-10-25T01:00:00Z");
    }

    #[test]
    fn day_that_never_comes_has_no_next_time() {
        assert_eq!(job("0 0 30 2 *", Tz::UTC).next_after(time("2026-01-01T00:00:00Z")), None);
    }

    proptest! {
        #[test]
        fn next_time_is_later_and_none_lies_between(
            cron in prop::sample::select(vec![
                "* * * * *", "0 9 * * 1-5", "30 2 * * *", "*/7 * * * * *", "0 0 L * *",
            ]),
            zone in prop::sample::select(vec![
                Tz::UTC, chrono_tz::Europe::Berlin, chrono_tz::America::New_York,
                chrono_tz::Australia::Lord_Howe,
            ]),
            millis in 1_767_225_600_000_i64..1_830_297_600_000,
        ) {
            let (job, start) = (job(cron, zone), DateTime::from_timestamp_millis(millis).unwrap());
            let due = job.next_after(start).unwrap();
            prop_assert!(due > start);
            let before = due - TimeDelta::milliseconds(1);
            prop_assert_eq!(job.next_after(before.max(start)), Some(due));
            prop_assert!(job.next_after(due).unwrap() > due);
        }
    }
}
