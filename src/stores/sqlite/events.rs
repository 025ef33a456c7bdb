//! The record of a partition, and feeds, as they are read back.

use chrono::DateTime;
use rusqlite::params;

use super::step::{Answer, Home, Step, whole};
use crate::contracts::storage::{FeedCursor, FeedEntry, Partition, StorageError, encoding};
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;

/// So many entries are dropped at once, so that most that are written pay for themselves alone.
const TOGETHER: i64 = 64;

impl Step<'_> {
    /// Notes what is true from this move on; also that the message is recorded, if it is by this.
    pub(super) fn record(
        &self,
        home: &Home<'_>,
        facts: &Facts,
        recorded: bool,
        max: u64,
    ) -> Answer<()> {
        let mut kinds = encoding::kinds(facts);
        if recorded {
            kinds.push_str(",recorded");
        }
        let number = self.figure(
            "INSERT INTO events (partition, number, at, message, kinds, detail) VALUES
                 (?1, 1 + coalesce((SELECT max(number) FROM events WHERE partition = ?1), 0),
                  ?2, ?3, ?4, ?5)
             RETURNING number",
            params![home.number, self.now, facts.message.as_str(), kinds, encoding::detail(facts)],
        )?;
        let number = number.unwrap_or_default();
        if number % TOGETHER == 0 {
            let oldest = number.saturating_sub(whole(max));
            let cut = "DELETE FROM events WHERE partition = ?1 AND number <= ?2";
            self.run(cut, [home.number, oldest])?;
        }
        Ok(())
    }
}

/// What is recorded, oldest first.
pub(super) fn events(
    step: &Step<'_>,
    partition: &Partition,
    message: Option<&MessageId>,
) -> Answer<Vec<Event>> {
    let home = step.find(partition)?;
    let entries = step.all(
        "SELECT at, message, kinds, detail FROM events
         WHERE partition = ?1 AND (?2 IS NULL OR message = ?2) ORDER BY number",
        params![home.number, message.map(MessageId::as_str)],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let mut events = Vec::with_capacity(entries.len());
    for (at, message, kinds, detail) in entries {
        let (kinds, detail): (String, String) = (kinds, detail);
        let at =
            DateTime::from_timestamp_millis(at).ok_or_else(|| encoding::corrupt("at no time"))?;
        events.extend(encoding::read(&MessageId::new(message), at, &kinds, Some(&detail))?);
    }
    Ok(events)
}

/// Drops entries that are older than `since`. They lie in the order of their times, so only as many
/// are looked at as are dropped.
pub(super) fn drop_older(step: &Step<'_>, home: &Home<'_>, since: i64) -> Answer<()> {
    step.run(
        "DELETE FROM events WHERE partition = ?1 AND number < coalesce(
             (SELECT number FROM events WHERE partition = ?1 AND at >= ?2 ORDER BY number LIMIT 1),
             (SELECT max(number) + 1 FROM events WHERE partition = ?1))",
        [home.number, since],
    )?;
    Ok(())
}

/// The number of a line that lies in front of all that follow `after`.
pub(super) fn place(after: Option<&FeedCursor>) -> Answer<i64> {
    let Some(place) = after else { return Ok(0) };
    let digits = place.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| place.as_str().parse().ok()).flatten();
    number.ok_or_else(|| StorageError::Corrupt("a place that is in no feed".to_owned()))
}

pub(super) fn lines(step: &Step<'_>, feed: &str, after: i64) -> Answer<Vec<FeedEntry>> {
    step.all(
        "SELECT number, line FROM feeds WHERE feed = ?1 AND number > ?2 ORDER BY number",
        params![feed, after],
        |row| {
            let place = FeedCursor::new(row.get::<_, i64>(0)?.to_string());
            Ok(FeedEntry { place, text: row.get(1)? })
        },
    )
}
