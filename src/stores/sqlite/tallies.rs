//! Numbers of groups, wakes and dead letters, so that a depth costs the same however many there are. The
//! thread that writes counts them once when it opens the file, and keeps them in its `memo` from then on.
//! None of it is in the file.

use std::collections::HashMap;

use rusqlite::Connection;

/// Content of a queue in numbers, or a change of it. Groups in hand and suspects are few, and counted when they are
/// asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) groups: i64,
    pub(super) delayed: i64,
    pub(super) scheduled: i64,
    pub(super) dead: i64,
}

impl Tally {
    pub(super) fn groups(groups: i64) -> Self {
        Self { groups, ..Self::default() }
    }

    pub(super) fn delayed(delayed: i64) -> Self {
        Self { delayed, ..Self::default() }
    }

    pub(super) fn scheduled(scheduled: i64) -> Self {
        Self { scheduled, ..Self::default() }
    }

    pub(super) fn dead(dead: i64) -> Self {
        Self { dead, ..Self::default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.groups += other.groups;
        self.delayed += other.delayed;
        self.scheduled += other.scheduled;
        self.dead += other.dead;
    }
}

/// Query of a count of each queue, and the tally that the count is.
type Count = (&'static str, fn(i64) -> Tally);

/// Counts what a file holds.
pub(super) fn all(db: &Connection) -> rusqlite::Result<HashMap<i64, Tally>> {
    let mut tallies: HashMap<i64, Tally> = HashMap::new();
    let counts: [Count; 4] = [
        ("SELECT queue, count(*) FROM mailboxes GROUP BY queue", Tally::groups),
        (
            "SELECT queue, count(*) FROM mailboxes WHERE status = 'delayed' GROUP BY queue",
            Tally::delayed,
        ),
        ("SELECT queue, count(*) FROM wakes GROUP BY queue", Tally::scheduled),
        ("SELECT queue, count(*) FROM dead_letters GROUP BY queue", Tally::dead),
    ];
    for (sql, tally) in counts {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            tallies.entry(row.get(0)?).or_default().add(tally(row.get(1)?));
        }
    }
    Ok(tallies)
}
