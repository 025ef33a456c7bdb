//! Standing of people with an operator: bars, as they are stored, and reports.
//!
//! A bar is the value under a key that the door looks up before a message is queued. A shadow bar has
//! another key, which the door does not know: its person is heard, but only by others like them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::address::{Address, Group, GroupKey};
use crate::model::sealed::SealKey;
use crate::model::state::Write;
use crate::model::text::Text;

/// Pool of the people who are barred, openly or in the shadow, by their groups on no line.
pub const BARS: &str = "barred";
/// Pool of the reports that an operator may read.
pub const REPORTS: &str = "reports";
/// Life of a report.
pub const REPORT_TTL: Duration = Duration::from_hours(30 * 24);
/// Life of a bar without an end.
const FOR_EVER: Duration = Duration::from_hours(10 * 365 * 24);
/// Purpose of the key under which reports and what belongs to them are sealed.
pub const SEAL: &str = "reports";

/// Bar of a person by an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    pub shadow: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Address of the person, sealed, so that a search for a number does not find it in clear.
    pub person: String,
}

/// Returns the key of a person's bar.
pub fn bar_key(groups: &GroupKey, person: &Address) -> String {
    format!("barred:{}", groups.person(person))
}

/// Returns the key of a person's shadow bar.
pub fn shadow_key(groups: &GroupKey, person: &Address) -> String {
    format!("shadowed:{}", groups.person(person))
}

/// Returns the key of the bucket that a person's messages are taken from, on every line.
pub fn bucket_key(groups: &GroupKey, person: &Address) -> String {
    format!("bucket:{}", groups.person(person))
}

/// Returns the key that remembers that a person was told something, for some time.
pub fn told_key(groups: &GroupKey, person: &Address, what: &str) -> String {
    format!("told:{what}:{}", groups.person(person))
}

/// Returns the writes of a bar, which replaces an earlier one of either kind.
pub fn bar(groups: &GroupKey, person: &Address, bar: &Bar) -> Vec<Write> {
    let left = bar.until.map(|until| (until - bar.at).to_std().unwrap_or_default());
    let ttl = left.unwrap_or(FOR_EVER);
    let (open, hidden) = (bar_key(groups, person), shadow_key(groups, person));
    let (set, unset) = if bar.shadow { (hidden, open) } else { (open, hidden) };
    let value = to_json(bar);
    let group = groups.person(person);
    vec![
        Write::Remove { key: unset },
        Write::Put { key: set, value, ttl },
        Write::Insert { pool: BARS.to_owned(), group, ttl },
    ]
}

/// Returns the writes that end a bar of either kind.
pub fn lift(groups: &GroupKey, person: &Address) -> Vec<Write> {
    vec![
        Write::Remove { key: bar_key(groups, person) },
        Write::Remove { key: shadow_key(groups, person) },
        Write::Take { pool: BARS.to_owned(), group: groups.person(person) },
    ]
}

/// Report of one person by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub at: DateTime<Utc>,
    pub reported: Address,
    pub reporter: Address,
    /// People who have reported this one within the last weeks.
    pub strikes: usize,
    /// Last texts of both sides, the oldest first.
    pub texts: Vec<ReportedText>,
}

/// Text of a chat that a report keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedText {
    pub at: DateTime<Utc>,
    /// True for a text of the reported person, false for one of the reporter.
    pub by_reported: bool,
    pub text: Text,
}

impl Report {
    /// Returns the member of [`REPORTS`] that a report is: one for each pair of people.
    pub fn member(groups: &GroupKey, person: &Address, by: &Address) -> Group {
        Group::from_id(format!("{}:{}", groups.person(person), groups.person(by)))
    }

    /// Returns the key of a report.
    pub fn key(member: &Group) -> String {
        format!("report:{member}")
    }

    /// Returns the writes that keep the report.
    pub fn keep(&self, groups: &GroupKey) -> Vec<Write> {
        let member = Self::member(groups, &self.reported, &self.reporter);
        let sealed = groups.seal_key(SEAL).seal(to_json(self).as_bytes());
        let put = Write::Put { key: Self::key(&member), value: to_json(&sealed), ttl: REPORT_TTL };
        let pool = REPORTS.to_owned();
        vec![put, Write::Insert { pool, group: member, ttl: REPORT_TTL }]
    }

    /// Reads a report as it is stored.
    pub fn read(value: &str, key: &SealKey) -> Option<Self> {
        let sealed: String = serde_json::from_str(value).ok()?;
        serde_json::from_slice(&key.open(&sealed)?).ok()
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, times and numbers throughout")
}
